/** One row of the asset tree. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { marimoIcon, statusIcons } from '../icons';
import type { IAssetRow, IFolderRow, Row } from '../model/tree';
import { age, statusText } from '../model/words';
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
  readonly onActivate: (row: Row) => void;
  readonly onOpen: (row: Row) => void;
}

/** A treeitem; keys are handled by the tree around it. */
export function TreeRow(props: IRowProps): React.ReactElement {
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
      title={folder ? undefined : assetTitle(row)}
      onMouseDown={() => props.onActivate(row)}
      onContextMenu={() => props.onActivate(row)}
      onClick={folder ? () => props.onOpen(row) : undefined}
      onDoubleClick={folder ? undefined : () => props.onOpen(row)}
    >
      {folder ? <Folder row={row} /> : <Asset row={row} now={props.now} trans={props.trans} />}
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

function Asset(props: Pick<IRowProps, 'now' | 'trans'> & { readonly row: IAssetRow }): React.ReactElement {
  const { asset } = props.row;
  const parts = asset.key.slice(0, asset.key.length - props.row.label.length);
  // Below a group of the same name the key's first part would only be said twice.
  const prefix = parts === `${asset.group}/` ? '' : parts;
  return (
    <>
      <Icon icon={statusIcons[asset.status]} className={`jp-Daglab-status jp-mod-${asset.status}`} />
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
      {asset.notebook === null ? null : <Icon icon={marimoIcon} className="jp-Daglab-hasNotebook" />}
    </>
  );
}

function noteText(row: IAssetRow, { now, trans }: Pick<IRowProps, 'now' | 'trans'>): string {
  const { asset } = row;
  const status = statusText(asset.status, trans);
  return asset.materialized_at === null ? status : `${status} · ${age(asset.materialized_at, now, trans)}`;
}

function folderLabel(row: IFolderRow, { trans }: IRowProps): string {
  const assets = trans._n('%1 asset', '%1 assets', row.count);
  return row.kind === 'location'
    ? trans.__('Code location %1, %2', row.label, assets)
    : trans.__('Group %1, %2', row.label, assets);
}

function assetLabel(row: IAssetRow, props: IRowProps): string {
  const parts = [row.asset.key, noteText(row, props)];
  if (row.asset.notebook !== null) {
    parts.push(props.trans.__('has a notebook'));
  }
  return parts.join(', ');
}

function assetTitle(row: IAssetRow): string {
  const { asset } = row;
  return [asset.key, asset.description, asset.notebook].filter(Boolean).join('\n');
}
