/** The asset tree: an ARIA tree with one tab stop, of which only the visible rows are in the page. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';
import { type IFolderRow, type Row, typeAhead } from '../model/tree';
import { rowElementId, TreeRow } from './row';

const FOLDER_PIXELS = 28;
const ASSET_PIXELS = 44;
const TYPING_MILLISECONDS = 600;

interface ITreeProps {
  readonly rows: readonly Row[];
  readonly active: string | null;
  readonly trans: IRenderMime.TranslationBundle;
  readonly onActivate: (id: string) => void;
  readonly onExpand: (row: IFolderRow, expanded: boolean) => void;
  readonly onOpen: (row: Row) => void;
}

export function AssetTree(props: ITreeProps): React.ReactElement {
  const { rows, trans } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  // Where no row is selected yet, the first one takes the tab stop.
  const index = Math.max(0, rows.findIndex(row => row.id === props.active));
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: at => (rows[at]?.kind === 'asset' ? ASSET_PIXELS : FOLDER_PIXELS),
    getItemKey: at => rows[at]?.id ?? at,
    overscan: 8,
    // The active row stays in the page, else the tab stop would vanish with it.
    rangeExtractor: React.useCallback(
      (range: Range) => [...new Set([...defaultRangeExtractor(range), index])].sort((a, b) => a - b),
      [index]
    )
  });
  React.useEffect(() => virtualizer.measure(), [rows, virtualizer]);

  const goTo = (to: number): void => {
    const row = rows[to];
    if (!row) {
      return;
    }
    props.onActivate(row.id);
    virtualizer.scrollToIndex(to, { align: 'auto' });
    requestAnimationFrame(() => document.getElementById(rowElementId(row.id))?.focus({ preventScroll: true }));
  };
  const typed = useTyping();

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const row = rows[index];
    if (!row || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const folder = row.kind === 'asset' ? null : row;
    switch (event.key) {
      case 'ArrowDown':
        goTo(index + 1);
        break;
      case 'ArrowUp':
        goTo(index - 1);
        break;
      case 'Home':
        goTo(0);
        break;
      case 'End':
        goTo(rows.length - 1);
        break;
      case 'ArrowRight':
        if (folder && !folder.expanded) {
          props.onExpand(folder, true);
        } else if (folder) {
          goTo(index + 1);
        }
        break;
      case 'ArrowLeft':
        if (folder?.expanded) {
          props.onExpand(folder, false);
        } else {
          goTo(rows.findIndex(other => other.id === row.parent));
        }
        break;
      case 'Enter':
        props.onOpen(row);
        break;
      default:
        if (event.key.length !== 1 || (event.key === ' ' && !typed.text())) {
          return;
        }
        goTo(typeAhead(rows, typed.text() ? index - 1 : index, typed.add(event.key)));
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const now = useNow();
  return (
    <div className="jp-Daglab-scroller" ref={scroller}>
      <div
        role="tree"
        aria-label={trans.__('Assets')}
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
              selected={row.id === props.active}
              top={item.start}
              height={item.size}
              now={now}
              trans={trans}
              onActivate={one => props.onActivate(one.id)}
              onOpen={props.onOpen}
            />
          ) : null;
        })}
      </div>
    </div>
  );
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

/** Seconds since the epoch, anew every half minute, so that ages stay true. */
function useNow(): number {
  const [now, setNow] = React.useState(() => Date.now() / 1000);
  React.useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 30_000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(now, Date.now() / 1000);
}
