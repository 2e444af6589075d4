import { describe, expect, it } from 'vitest';
import { lineageSelection, parseSearch, searchAssets } from '../src/model/search';
import { asset } from './make';

const ASSETS = [
  asset('sales/orders', {
    ...{ kinds: ['polars'], tags: { tier: 'gold', pii: '' }, owners: ['ada@example.com'], description: 'One row each' },
    ...{ status: 'materialized', failed_checks: ['not_empty'] }
  }),
  asset('raw/orders', { group: 'Ingest', status: 'failed' })
];

describe('searchAssets', () => {
  it.each([
    ['', 2],
    ['  ', 2],
    ['orders', 2],
    ['SALES', 1],
    ['polars', 1],
    ['ingest', 1],
    ['orders raw', 1],
    ['orders polars ingest', 0],
    ['one row', 1],
    ['ada@', 1],
    ['tier=gold', 1],
    ['group:ing', 1],
    ['group:ingest group:sales', 2],
    ['group:ingest kind:polars', 0],
    ['kind:polars orders', 1],
    ['tag:tier', 1],
    ['tag:tier=gold', 1],
    ['tag:tier=silver', 0],
    ['tag:pii', 1],
    ['owner:ada', 1],
    ['location:shop', 2],
    ['status:failed', 2],
    ['status:failed-checks', 1],
    ['status:', 2],
    ['nofield:x', 0],
    ['constructor:x', 0],
    ['.?', 0]
  ])('%j matches %i', (text, count) => {
    const search = parseSearch(text);
    expect('selection' in search ? null : searchAssets(ASSETS, search)).toHaveLength(count);
  });

  it('takes 10,000 assets within a quarter of a second', () => {
    const many = Array.from({ length: 10_000 }, (_, at) => asset(`k/${at}`, { group: `g${at % 100}` }));
    const search = parseSearch('k group:g7');
    const began = performance.now();
    expect('selection' in search ? [] : searchAssets(many, search)).toHaveLength(1100);
    expect(performance.now() - began).toBeLessThan(250);
  });
});

describe('parseSearch', () => {
  it.each([
    'key:orders',
    '+key:"sales/orders"',
    'key:orders+2',
    '+orders',
    'group:sales or kind:dbt',
    'group:sales and not kind:dbt',
    'not group:sales',
    '*',
    '(group:a)',
    'sinks(group:a)'
  ])('%j is for Dagster', text => {
    expect(parseSearch(` ${text} `)).toEqual({ selection: text });
  });

  it.each(['orders', 'group:sales', 'bread and butter', 'c++_sources or', 'tag:a=b kind:x'])('%j is not', text => {
    expect(parseSearch(text)).toHaveProperty('words');
  });
});

describe('lineageSelection', () => {
  it('asks for all that is before or after', () => {
    expect(lineageSelection(['sales/orders'], 'upstream')).toBe('+key:"sales/orders"');
    expect(lineageSelection(['a', 'b'], 'downstream')).toBe('key:"a"+ or key:"b"+');
    expect(parseSearch(lineageSelection(['a'], 'downstream'))).toHaveProperty('selection');
  });
});
