import { describe, expect, it } from 'vitest';
import { extendTo, NOTHING, selectAll, selectedAssets, selectOnly, toggle } from '../src/model/selection';
import { assetId, buildRows, groupId, locationId, typeAhead } from '../src/model/tree';
import { asset } from './make';

const ASSETS = [
  asset('sales/orders'),
  asset('raw/orders', { group: 'raw' }),
  asset('sales/daily'),
  asset('x', { location: 'other' })
];

describe('buildRows', () => {
  it('sorts by location, group and key, and counts', () => {
    const rows = buildRows(ASSETS, new Set());
    expect(rows.map(row => `${'  '.repeat(row.level - 1)}${row.label}`)).toEqual([
      'other',
      '  sales',
      '    x',
      'shop',
      '  raw',
      '    orders',
      '  sales',
      '    daily',
      '    orders'
    ]);
    expect(rows[3]).toMatchObject({ kind: 'location', count: 3, position: 2, siblings: 2 });
    expect(rows[8]).toMatchObject({ position: 2, siblings: 2, parent: 'location:shop/group:sales' });
  });

  it('hides what is below a collapsed folder', () => {
    const rows = buildRows(ASSETS, new Set(['location:other', 'location:shop/group:sales']));
    expect(rows.map(row => row.label)).toEqual(['other', 'shop', 'raw', 'orders', 'sales']);
    expect(rows[0]).toMatchObject({ expanded: false, count: 1 });
  });

  it('gives each row an id of its own', () => {
    const rows = buildRows([asset('a', { group: 'a', location: 'a' })], new Set());
    expect(new Set(rows.map(row => row.id)).size).toBe(3);
  });

  it('takes 10,000 assets within a quarter of a second', () => {
    const many = Array.from({ length: 10_000 }, (_, at) => asset(`k/${at}`, { group: `g${at % 100}` }));
    const began = performance.now();
    expect(buildRows(many, new Set())).toHaveLength(10_101);
    expect(performance.now() - began).toBeLessThan(250);
  });
});

describe('typeAhead', () => {
  const rows = buildRows([asset('beta'), asset('alpha'), asset('Bravo')], new Set());

  it('goes on from the active row and around the end', () => {
    const at = (label: string): number => rows.findIndex(row => row.label === label);
    expect(typeAhead(rows, 0, 'b')).toBe(at('Bravo'));
    expect(typeAhead(rows, at('Bravo'), 'b')).toBe(at('beta'));
    expect(typeAhead(rows, at('beta'), 'b')).toBe(at('Bravo'));
    expect(typeAhead(rows, 0, 'zz')).toBe(-1);
  });
});

describe('selection', () => {
  const rows = buildRows(ASSETS, new Set());
  const id = (at: number): string => rows[at]?.id ?? '';
  const keys = (selection: typeof NOTHING): string[] => selectedAssets(selection, ASSETS).map(one => one.key);

  it('is one row, or several', () => {
    const one = selectOnly(id(5));
    expect(keys(one)).toEqual(['raw/orders']);
    const two = toggle(one, id(8));
    expect(keys(two)).toEqual(['sales/orders', 'raw/orders']);
    expect(keys(toggle(two, id(5)))).toEqual(['sales/orders']);
    expect(keys(NOTHING)).toEqual([]);
  });

  it('is a range from where it began, in either direction', () => {
    const began = selectOnly(id(7));
    const down = extendTo(began, rows, id(8));
    expect(keys(down)).toEqual(['sales/orders', 'sales/daily']);
    const up = extendTo(down, rows, id(5));
    expect(up).toMatchObject({ active: id(5), anchor: id(7) });
    expect(up.ids).toEqual(new Set([id(5), id(6), id(7)]));
  });

  it('begins anew where its beginning is no more', () => {
    expect(extendTo({ ...NOTHING, anchor: 'gone' }, rows, id(5)).ids).toEqual(new Set([id(5)]));
  });

  it('has what is below a selected folder', () => {
    const [orders] = ASSETS;
    expect(orders && [locationId(orders), groupId(orders), assetId(orders)]).toEqual([id(3), id(6), id(8)]);
    expect(keys(selectOnly(id(6)))).toEqual(['sales/orders', 'sales/daily']);
    expect(keys(selectOnly(id(3)))).toHaveLength(3);
    expect(keys(selectAll(NOTHING, rows))).toHaveLength(4);
  });
});
