import { describe, expect, it } from 'vitest';
import { layout, NODE_HEIGHT, NODE_WIDTH } from '../src/model/layout';
import type { Asset } from '../src/model/asset';
import { type ILineage, lineageOf as made, neighbour, sameLineage } from '../src/model/lineage';
import { asset } from './make';

function lineageOf(assets: readonly Asset[], centre: string): ILineage {
  return made(assets, key => assets.find(one => one.key === key) ?? null, centre);
}

const chain = [
  asset('a'),
  asset('b', { dependencies: ['a'] }),
  asset('c', { dependencies: ['b', 'elsewhere'] }),
  asset('d', { dependencies: ['c'] }),
  asset('e', { dependencies: ['d', 'c'] })
];

describe('lineageOf', () => {
  it('looks two levels in each direction, also to what is not defined', () => {
    const { nodes, edges, hidden } = lineageOf(chain, 'c');
    expect(nodes.map(node => [node.key, node.level])).toEqual([
      ['a', -2],
      ['b', -1],
      ['elsewhere', -1],
      ['c', 0],
      ['d', 1],
      ['e', 1]
    ]);
    expect(nodes.find(node => node.key === 'elsewhere')?.asset).toBeNull();
    expect(edges).toContainEqual(['d', 'e']);
    expect(hidden).toEqual({ upstream: 0, downstream: 0 });
  });

  it('is bounded, and counts what it leaves out', () => {
    const many = [asset('a'), ...Array.from({ length: 500 }, (_, at) => asset(`b${at}`, { dependencies: ['a'] }))];
    const { nodes, hidden } = lineageOf(many, 'a');
    expect(nodes).toHaveLength(9);
    expect(hidden.downstream).toBe(492);
  });

  it('knows an asset that nobody has heard of', () => {
    expect(lineageOf([], 'x').nodes).toEqual([{ key: 'x', level: 0, asset: null }]);
  });

  it('sees new edges, and none that is gone', () => {
    const keys = (...assets: Asset[]): string[] => lineageOf(assets, 'a').nodes.map(node => node.key);
    const [a, b] = [asset('a'), asset('b', { dependencies: ['a'] })];
    expect(keys(a, b)).toEqual(['a', 'b']);
    expect(keys({ ...a, status: 'failed' }, { ...b })).toEqual(['a', 'b']);
    expect(keys(a, asset('b'))).toEqual(['a']);
    expect(keys(a, asset('b'), asset('c', { dependencies: ['a'] }))).toEqual(['a', 'c']);
  });

  it('is the same while its assets are', () => {
    const other = chain.map(one => (one.key === 'a' ? { ...one } : one));
    expect(sameLineage(lineageOf(chain, 'd'), lineageOf([...chain], 'd'))).toBe(true);
    expect(sameLineage(lineageOf(chain, 'c'), lineageOf(other, 'c'))).toBe(false);
    expect(sameLineage(lineageOf(chain, 'e'), lineageOf(other, 'e'))).toBe(true);
  });
});

describe('layout', () => {
  it('goes from left to right, in the order of the keys, and nothing overlaps', async () => {
    const names = ['__proto__', 'constructor', 'k1', 'k2'];
    const lineage = lineageOf([asset('up'), asset('a', { dependencies: ['up'] }), ...names.map(key => asset(key, { dependencies: ['a'] }))], 'a');
    const { nodes, edges, width, height } = await layout(lineage);
    const place = (key: string): { x: number; y: number } => nodes.get(key) ?? { x: NaN, y: NaN };
    expect(place('up').x + NODE_WIDTH).toBeLessThan(place('a').x);
    const after = lineage.nodes.filter(node => node.level === 1).map(node => place(node.key));
    after.forEach(({ x, y }, at) => {
      expect(x).toBeGreaterThan(place('a').x + NODE_WIDTH);
      expect(y).toBeGreaterThanOrEqual((after[at - 1]?.y ?? -NODE_HEIGHT) + NODE_HEIGHT);
      expect(x + NODE_WIDTH).toBeLessThanOrEqual(width);
      expect(y + NODE_HEIGHT).toBeLessThanOrEqual(height);
    });
    expect(edges).toHaveLength(5);
    expect(edges.every(edge => /^M[\d.,]+(C[\d., ]+)+$/.test(edge.path))).toBe(true);
  });
});

describe('neighbour', () => {
  const lineage = lineageOf(chain, 'c');
  const heights: Record<string, number> = { b: 0, elsewhere: 50, d: 0, e: 60 };
  const go = (from: string, direction: 'left' | 'right' | 'up' | 'down'): string | null =>
    neighbour(lineage, from, direction, key => heights[key] ?? 40);

  it('follows the edges to the nearest, and the levels', () => {
    expect(go('c', 'left')).toBe('elsewhere');
    expect(go('c', 'right')).toBe('e');
    expect(go('b', 'down')).toBe('elsewhere');
    expect(go('elsewhere', 'up')).toBe('b');
    expect(go('a', 'left')).toBeNull();
    expect(go('c', 'up')).toBeNull();
  });
});
