/** The asset tree: an ARIA tree with one tab stop, of which only the visible rows are in the page. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { CommandIDs } from '../commands';
import type { Asset, Pair, PairState } from '../model/asset';
import type { ISelection } from '../model/selection';
import { type Row, typeAhead } from '../model/tree';
import type { SidebarModel } from './model';
import { useNow } from './now';
import { rowElementId, TreeRow } from './row';

const FOLDER_PIXELS = 28;
const ASSET_PIXELS = 44;
const TYPING_MILLISECONDS = 600;

interface ITreeProps {
  readonly rows: readonly Row[];
  readonly selection: ISelection;
  /** Those that are not in sync, by the path of either half. */
  readonly pairs: ReadonlyMap<string, Pair>;
  readonly trans: IRenderMime.TranslationBundle;
  readonly model: SidebarModel;
  readonly commands: CommandRegistry;
}

export function AssetTree(props: ITreeProps): React.ReactElement {
  const { rows, selection, trans, model, commands } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  // Where no row is selected yet, the first one takes the tab stop.
  const index = Math.max(0, rows.findIndex(row => row.id === selection.active));
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: at => (rows[at]?.kind === 'asset' ? ASSET_PIXELS : FOLDER_PIXELS),
    getItemKey: at => rows[at]?.id ?? at,
    overscan: 4,
    // The active row stays in the page, else the tab stop would vanish with it.
    rangeExtractor: React.useCallback(
      (range: Range) => [...new Set([...defaultRangeExtractor(range), index])].sort((a, b) => a - b),
      [index]
    )
  });
  React.useEffect(() => virtualizer.measure(), [rows, virtualizer]);

  const goTo = (to: number, how: 'select' | 'extend' = 'select'): void => {
    const row = rows[to];
    if (!row) {
      return;
    }
    if (how === 'extend') {
      model.extendTo(row.id);
    } else {
      model.select(row.id);
    }
    virtualizer.scrollToIndex(to, { align: 'auto' });
    requestAnimationFrame(() => document.getElementById(rowElementId(row.id))?.focus({ preventScroll: true }));
  };
  const typed = useTyping();

  const onOpen = React.useCallback(
    (row: Row): void => {
      if (row.kind !== 'asset') {
        model.setExpanded(row.id, !row.expanded);
      } else {
        const args = { key: row.asset.key };
        // Where the shell has no place for panels (Notebook 7), the notebook is what can be opened.
        const id = [CommandIDs.openAsset, CommandIDs.openInMarimo].find(one => commands.isEnabled(one, args));
        void (id && commands.execute(id, args));
      }
    },
    [model, commands]
  );

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const row = rows[index];
    if (!row || event.altKey) {
      return;
    }
    const accel = event.ctrlKey || event.metaKey;
    const how = event.shiftKey ? 'extend' : 'select';
    const folder = row.kind === 'asset' ? null : row;
    switch (event.key) {
      case 'ArrowDown':
        goTo(index + 1, how);
        break;
      case 'ArrowUp':
        goTo(index - 1, how);
        break;
      case 'Home':
        goTo(0, how);
        break;
      case 'End':
        goTo(rows.length - 1, how);
        break;
      case 'ArrowRight':
        if (folder && !folder.expanded) {
          model.setExpanded(folder.id, true);
        } else if (folder) {
          goTo(index + 1);
        }
        break;
      case 'ArrowLeft':
        if (folder?.expanded) {
          model.setExpanded(folder.id, false);
        } else {
          goTo(rows.findIndex(other => other.id === row.parent));
        }
        break;
      case 'Enter':
        if (accel || event.shiftKey) {
          return; // a shortcut's
        }
        onOpen(row);
        break;
      case ' ':
        if (typed.text()) {
          goTo(typeAhead(rows, index - 1, typed.add(' ')));
        } else {
          model.toggle(row.id);
        }
        break;
      case 'Escape':
        model.select(row.id);
        break;
      default:
        if (accel && event.key.toLowerCase() === 'a') {
          model.selectAll();
          break;
        }
        if (accel || event.key.length !== 1) {
          return;
        }
        goTo(typeAhead(rows, typed.text() ? index - 1 : index, typed.add(event.key)));
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const onSelect = React.useCallback(
    (row: Row, event: React.MouseEvent): void => {
      if (event.button === 0 && event.shiftKey) {
        model.extendTo(row.id);
      } else if (event.button === 0 && (event.ctrlKey || event.metaKey)) {
        model.toggle(row.id);
      } else if (event.button === 0 || !model.view.selection.ids.has(row.id)) {
        model.select(row.id); // a context menu is about all that is selected
      }
    },
    [model]
  );

  const now = useNow();
  return (
    <div className="jp-Daglab-scroller" ref={scroller}>
      <div
        role="tree"
        aria-label={trans.__('Assets')}
        aria-multiselectable="true"
        className="jp-Daglab-tree"
        style={{ height: virtualizer.getTotalSize() }}
        onKeyDown={onKeyDown}
      >
        {virtualizer.getVirtualItems().map(item => {
          const row = rows[item.index];
          return row ? (
            <TreeRow
              key={row.id}
              row={row}
              active={item.index === index}
              selected={selection.ids.has(row.id)}
              top={item.start}
              height={item.size}
              now={now}
              trans={trans}
              pair={row.kind === 'asset' ? pairOf(row.asset, props.pairs) : null}
              onSelect={onSelect}
              onOpen={onOpen}
            />
          ) : null;
        })}
      </div>
    </div>
  );
}

function pairOf({ notebook }: Asset, pairs: ReadonlyMap<string, Pair>): PairState | null {
  return notebook === null ? null : (pairs.get(notebook)?.state ?? 'in-sync');
}

/** What was typed in quick succession. */
function useTyping(): { text: () => string; add: (character: string) => string } {
  const state = React.useRef({ text: '', at: 0 });
  const text = (): string => (Date.now() - state.current.at < TYPING_MILLISECONDS ? state.current.text : '');
  const add = (character: string): string => {
    state.current = { text: text() + character, at: Date.now() };
    return state.current.text;
  };
  return { text, add };
}
