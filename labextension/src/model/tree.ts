/** The assets as a tree, location over group over asset, flattened to the rows that are shown. */

import type { Asset } from './asset';

interface IRowPlace {
  readonly id: string;
  readonly label: string;
  /** 1-based, as in aria-level. */
  readonly level: number;
  /** 1-based place among its siblings. */
  readonly position: number;
  readonly siblings: number;
  readonly parent: string | null;
}

export interface IFolderRow extends IRowPlace {
  readonly kind: 'location' | 'group';
  readonly expanded: boolean;
  /** How many assets are below it. */
  readonly count: number;
}

export interface IAssetRow extends IRowPlace {
  readonly kind: 'asset';
  readonly asset: Asset;
}

export type Row = IFolderRow | IAssetRow;

/** The id of an asset's row. */
export function assetId(asset: Asset): string {
  return `asset:${asset.key}`;
}

/** The id of the row of its location. */
export function locationId(asset: Asset): string {
  return `location:${asset.location}`;
}

/** The id of the row of its group. */
export function groupId(asset: Asset): string {
  return `${locationId(asset)}/group:${asset.group}`;
}

/**
 * The visible rows, sorted by location, group and key.
 *
 * @param collapsed - ids of the folders whose rows are hidden.
 */
export function buildRows(assets: readonly Asset[], collapsed: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  const locations = [...groupBy(assets, asset => asset.location)];
  locations.forEach(([location, inLocation], place) => {
    const id = inLocation[0] ? locationId(inLocation[0]) : location;
    const expanded = !collapsed.has(id);
    rows.push({
      ...{ kind: 'location', id, label: location, level: 1, parent: null, expanded, count: inLocation.length },
      ...{ position: place + 1, siblings: locations.length }
    });
    if (expanded) {
      addGroups(rows, id, inLocation, collapsed);
    }
  });
  return rows;
}

/** The index of the next row after `from` whose label begins with `typed`, around the end; -1 for none. */
export function typeAhead(rows: readonly Row[], from: number, typed: string): number {
  const wanted = typed.toLowerCase();
  for (let step = 1; step <= rows.length; step++) {
    const index = (from + step) % rows.length;
    if (rows[index]?.label.toLowerCase().startsWith(wanted)) {
      return index;
    }
  }
  return -1;
}

function addGroups(rows: Row[], parent: string, assets: readonly Asset[], collapsed: ReadonlySet<string>): void {
  const groups = [...groupBy(assets, asset => asset.group)];
  groups.forEach(([group, inGroup], place) => {
    const id = inGroup[0] ? groupId(inGroup[0]) : group;
    const expanded = !collapsed.has(id);
    rows.push({
      ...{ kind: 'group', id, label: group, level: 2, parent, expanded, count: inGroup.length },
      ...{ position: place + 1, siblings: groups.length }
    });
    if (!expanded) {
      return;
    }
    inGroup.forEach((asset, index) => {
      rows.push({
        ...{ kind: 'asset', id: assetId(asset), label: shortName(asset.key), level: 3, parent: id, asset },
        ...{ position: index + 1, siblings: inGroup.length }
      });
    });
  });
}

/** The last part of a key. */
export function shortName(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

function groupBy(assets: readonly Asset[], part: (asset: Asset) => string): [string, Asset[]][] {
  const found = new Map<string, Asset[]>();
  for (const asset of [...assets].sort((a, b) => compare(a.key, b.key))) {
    const name = part(asset);
    const others = found.get(name);
    if (others) {
      others.push(asset);
    } else {
      found.set(name, [asset]);
    }
  }
  return [...found].sort(([a], [b]) => compare(a, b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
