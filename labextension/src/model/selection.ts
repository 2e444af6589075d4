/** Which rows of the tree are selected. */

import type { Asset } from './asset';
import { assetId, groupId, locationId, type Row } from './tree';

export interface ISelection {
  /** The row that has the keyboard. */
  readonly active: string | null;
  /** Where a range begins. */
  readonly anchor: string | null;
  readonly ids: ReadonlySet<string>;
}

export const NOTHING: ISelection = { active: null, anchor: null, ids: new Set() };

/** That row alone. */
export function selectOnly(id: string): ISelection {
  return { active: id, anchor: id, ids: new Set([id]) };
}

/** That row as well, or no more. */
export function toggle(selection: ISelection, id: string): ISelection {
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) {
    ids.add(id);
  }
  return { active: id, anchor: id, ids };
}

/** All rows from the anchor to that one. */
export function extendTo(selection: ISelection, rows: readonly Row[], id: string): ISelection {
  const to = rows.findIndex(row => row.id === id);
  const from = rows.findIndex(row => row.id === selection.anchor);
  if (from < 0 || to < 0) {
    return selectOnly(id);
  }
  const range = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { active: id, anchor: selection.anchor, ids: new Set(range.map(row => row.id)) };
}

/** All assets that are shown. */
export function selectAll(selection: ISelection, rows: readonly Row[]): ISelection {
  const ids = rows.filter(row => row.kind === 'asset').map(row => row.id);
  return { ...selection, anchor: ids[0] ?? null, ids: new Set(ids) };
}

/** The assets that are selected, themselves or by a folder above them. */
export function selectedAssets(selection: ISelection, assets: readonly Asset[]): readonly Asset[] {
  const { ids } = selection;
  return ids.size === 0
    ? []
    : assets.filter(
        asset => ids.has(assetId(asset)) || ids.has(groupId(asset)) || ids.has(locationId(asset))
      );
}
