/** One row of the asset tree. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { pairIcons, statusIcons } from '../icons';
import type { PairState } from '../model/asset';
import type { IAssetRow, IFolderRow, Row } from '../model/tree';
import { age, pairText, shownStatus, statusText } from '../model/words';
import { Icon } from './icon';

interface IRowProps {
  readonly row: Row;
  /** Whether it is the tree's one tab stop. */
  readonly active: boolean;
  readonly selected: boolean;
  /** Pixels from the tree's top. */
  readonly top: number;
  readonly height: number;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly trans: IRenderMime.TranslationBundle;
  /** Where the asset's notebook and its pair stand; null where it has none. */
  readonly pair: PairState | null;
  readonly onSelect: (row: Row, event: React.MouseEvent) => void;
  readonly onOpen: (row: Row) => void;
}

/** A treeitem; keys are handled by the tree around it. */
export const TreeRow = React.memo(TreeItem);

function TreeItem(props: IRowProps): React.ReactElement {
  const { row, active, selected } = props;
  const folder = row.kind !== 'asset';
  return (
    <div
      id={rowElementId(row.id)}
      role="treeitem"
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-selected={selected}
      aria-expanded={folder ? row.expanded : undefined}
      aria-label={folder ? folderLabel(row, props) : assetLabel(row, props)}
      tabIndex={active ? 0 : -1}
      className={`jp-Daglab-row jp-Daglab-${row.kind}${selected ? ' jp-mod-selected' : ''}`}
      data-key={folder ? undefined : row.asset.key}
      style={{ height: props.height, transform: `translateY(${props.top}px)` }}
      title={folder ? undefined : assetTitle(row, props)}
      onMouseDown={event => props.onSelect(row, event)}
      onClick={event => {
        if (folder && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
          props.onOpen(row);
        }
      }}
      onDoubleClick={folder ? undefined : () => props.onOpen(row)}
    >
      {folder ? <Folder row={row} /> : <Asset {...props} row={row} />}
    </div>
  );
}

/** The DOM id of a row. */
export function rowElementId(id: string): string {
  return `jp-Daglab-row-${encodeURIComponent(id)}`;
}

function Folder({ row }: { readonly row: IFolderRow }): React.ReactElement {
  return (
    <>
      <Icon icon={row.expanded ? caretDownIcon : caretRightIcon} />
      <span className="jp-Daglab-folderName">{row.label}</span>
      <span className="jp-Daglab-count">{row.count}</span>
    </>
  );
}

function Asset(props: IRowProps & { readonly row: IAssetRow }): React.ReactElement {
  const { pair, trans } = props;
  const { asset } = props.row;
  const status = shownStatus(asset);
  const parts = asset.key.slice(0, asset.key.length - props.row.label.length);
  // Below a group of the same name the key's first part would only be said twice.
  const prefix = parts === `${asset.group}/` ? '' : parts;
  return (
    <>
      <Icon icon={statusIcons[status]} className={`jp-Daglab-status jp-mod-${status}`} />
      <span className="jp-Daglab-text">
        <span className="jp-Daglab-name">
          <span className="jp-Daglab-prefix">{prefix}</span>
          {props.row.label}
        </span>
        <span className="jp-Daglab-note">{noteText(props.row, props)}</span>
      </span>
      {asset.kinds.slice(0, 1).map(kind => (
        <span key={kind} className="jp-Daglab-kind">
          {kind}
        </span>
      ))}
      {pair === null ? null : (
        <span className="jp-Daglab-pair" title={pairText(pair, trans)}>
          <Icon icon={pairIcons[pair]} className={`jp-mod-${pair}`} />
        </span>
      )}
    </>
  );
}

function noteText(row: IAssetRow, { now, trans }: Pick<IRowProps, 'now' | 'trans'>): string {
  const { asset } = row;
  const parts = [statusText(shownStatus(asset), trans)];
  if (asset.materialized_at !== null) {
    parts.push(age(asset.materialized_at, now, trans));
  }
  return parts.join(' · ');
}

function folderLabel(row: IFolderRow, { trans }: IRowProps): string {
  const assets = trans._n('%1 asset', '%1 assets', row.count);
  return row.kind === 'location'
    ? trans.__('Code location %1, %2', row.label, assets)
    : trans.__('Group %1, %2', row.label, assets);
}

function assetLabel(row: IAssetRow, props: IRowProps): string {
  const { pair, trans } = props;
  const parts = [row.asset.key, noteText(row, props)];
  if (row.asset.partitioned) {
    parts.push(trans.__('partitioned'));
  }
  if (pair !== null) {
    parts.push(trans.__('has a notebook'), pairText(pair, trans));
  }
  return parts.join(', ');
}

function assetTitle(row: IAssetRow, { pair, trans }: IRowProps): string {
  const { asset } = row;
  const { failed_checks, warned_checks } = asset;
  return [
    asset.key,
    asset.description,
    asset.partitioned ? trans.__('Partitioned') : null,
    asset.notebook,
    pair && pair !== 'in-sync' ? pairText(pair, trans) : null,
    asset.status_error,
    failed_checks.length ? trans.__('Failed checks: %1', failed_checks.join(', ')) : null,
    warned_checks.length ? trans.__('Checks that warn: %1', warned_checks.join(', ')) : null,
    asset.owners.length ? trans.__('Owners: %1', asset.owners.join(', ')) : null
  ]
    .filter(Boolean)
    .join('\n');
}
