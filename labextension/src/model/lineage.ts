/** The neighbourhood of an asset: what it is made from, and what is made from it. */

import type { Asset } from './asset';

/** So far is looked in each direction. */
const LEVELS = 2;
/** So many assets are shown of one level of a direction. */
const MOST_OF_LEVEL = 8;

export interface INode {
  readonly key: string;
  /** Negative upstream, 0 for the asset in the middle, positive downstream. */
  readonly level: number;
  /** null where Dagster has no definition of it. */
  readonly asset: Asset | null;
}

export interface ILineage {
  readonly centre: string;
  /** By level, then by key. */
  readonly nodes: readonly INode[];
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** Direct neighbours, and those one further, that are not shown. */
  readonly hidden: { readonly upstream: number; readonly downstream: number };
}

/**
 * The neighbourhood, bounded, however many neighbours there are.
 *
 * @param find - the one of the assets that has a key.
 */
export function lineageOf(
  assets: readonly Asset[],
  find: (key: string) => Asset | null,
  centre: string
): ILineage {
  const downstream = downstreamOf(assets);
  const levels = new Map([[centre, 0]]);
  const walk = (step: 1 | -1, next: (key: string) => readonly string[]): number => {
    let hidden = 0;
    let last = [centre];
    for (let level = 1; level <= LEVELS; level++) {
      const found = [...new Set(last.flatMap(next))].filter(key => !levels.has(key)).sort();
      last = found.slice(0, MOST_OF_LEVEL);
      hidden += found.length - last.length;
      last.forEach(key => levels.set(key, step * level));
    }
    return hidden;
  };
  const upstream = walk(-1, key => find(key)?.dependencies ?? []);
  const after = walk(1, key => downstream.get(key) ?? []);
  const nodes = [...levels]
    .map(([key, level]) => ({ key, level, asset: find(key) }))
    .sort((a, b) => a.level - b.level || (a.key < b.key ? -1 : 1));
  const edges = nodes.flatMap(({ key, asset }) =>
    (asset?.dependencies ?? []).filter(from => levels.has(from)).map(from => [from, key] as const)
  );
  return { centre, nodes, edges, hidden: { upstream, downstream: after } };
}

/** Whether both show the same. */
export function sameLineage(one: ILineage, other: ILineage): boolean {
  return (
    one.centre === other.centre &&
    one.nodes.length === other.nodes.length &&
    one.nodes.every((node, at) => node.key === other.nodes[at]?.key && node.asset === other.nodes[at]?.asset)
  );
}

let latest: {
  readonly dependencies: readonly Asset['dependencies'][];
  readonly downstream: ReadonlyMap<string, readonly string[]>;
} | null = null;

/** By key, what is made from it. Most changes of assets are of their statuses: then it is the one of last time. */
function downstreamOf(assets: readonly Asset[]): ReadonlyMap<string, readonly string[]> {
  if (
    latest?.dependencies.length === assets.length &&
    latest.dependencies.every((one, at) => one === assets[at]?.dependencies)
  ) {
    return latest.downstream;
  }
  const downstream = new Map<string, string[]>();
  for (const { key, dependencies } of assets) {
    for (const from of dependencies) {
      const after = downstream.get(from);
      if (after) {
        after.push(key);
      } else {
        downstream.set(from, [key]);
      }
    }
  }
  latest = { dependencies: assets.map(asset => asset.dependencies), downstream };
  return downstream;
}

/**
 * Where an arrow leads: left and right along an edge, up and down within a level; null for nowhere.
 *
 * @param height - how far down a node is drawn.
 */
export function neighbour(
  { nodes, edges }: ILineage,
  from: string,
  direction: 'left' | 'right' | 'up' | 'down',
  height: (key: string) => number
): string | null {
  const level = nodes.find(node => node.key === from)?.level ?? 0;
  const nearest = (keys: readonly string[]): string | null =>
    [...keys].sort((a, b) => Math.abs(height(a) - height(from)) - Math.abs(height(b) - height(from)))[0] ?? null;
  if (direction === 'left') {
    return nearest(edges.filter(([, to]) => to === from).map(([key]) => key));
  }
  if (direction === 'right') {
    return nearest(edges.filter(([key]) => key === from).map(([, to]) => to));
  }
  const below = direction === 'down';
  return nearest(
    nodes
      .filter(node => node.level === level && node.key !== from)
      .map(node => node.key)
      .filter(key => height(key) > height(from) === below)
  );
}
