import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';
import packageJson from '../package.json';
import { canMaterialize, type AssetStatus, type Asset, type Run } from '../src/model/asset';
import { followRun } from '../src/model/follow';
import { buildRows, filterAssets, typeAhead } from '../src/model/tree';
import { age, failureText, runTitle, statusText } from '../src/model/words';
import { VERSION } from '../src/version';

const trans = nullTranslator.load('daglab');

function asset(key: string, part: Partial<Asset> = {}): Asset {
  return {
    ...{ key, group: 'sales', kinds: [], description: null, dependencies: [], location: 'shop', materializable: true },
    ...{ tags: {}, owners: [], has_checks: false, has_config: false, failed_checks: [], warned_checks: [] },
    ...{ partitioned: false, status: 'never', materialized_at: null, run_id: null, notebook: null },
    ...part
  };
}

function run(part: Partial<Run>): Run {
  return {
    ...{ id: 'r', status: 'STARTED', final: false, assets: ['a'], steps_total: 1, steps_done: 0, failures: [] },
    ...{ job: '__ASSET_JOB', location: 'shop', partition: null, tags: {}, parent_run_id: null, can_terminate: true },
    ...{ created_at: 0, started_at: null, ended_at: null, problem: null, url: '' },
    ...part
  };
}

describe('buildRows', () => {
  const assets = [
    asset('sales/orders'),
    asset('raw/orders', { group: 'raw' }),
    asset('sales/daily'),
    asset('x', { location: 'other' })
  ];

  it('sorts by location, group and key, and counts', () => {
    const rows = buildRows(assets, new Set());
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
    const rows = buildRows(assets, new Set(['location:other', 'location:shop/group:sales']));
    expect(rows.map(row => row.label)).toEqual(['other', 'shop', 'raw', 'orders', 'sales']);
    expect(rows[0]).toMatchObject({ expanded: false, count: 1 });
  });

  it('gives each row an id of its own', () => {
    const rows = buildRows([asset('a', { group: 'a', location: 'a' })], new Set());
    expect(new Set(rows.map(row => row.id)).size).toBe(3);
  });

  it('takes 10,000 assets within half a second', () => {
    const many = Array.from({ length: 10_000 }, (_, at) => asset(`k/${at}`, { group: `g${at % 100}` }));
    const began = performance.now();
    expect(buildRows(filterAssets(many, 'k'), new Set())).toHaveLength(10_101);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe('filterAssets', () => {
  const assets = [asset('sales/orders', { kinds: ['polars'] }), asset('raw/orders', { group: 'Ingest' })];

  it.each([
    ['', 2],
    ['  ', 2],
    ['orders', 2],
    ['SALES', 1],
    ['polars', 1],
    ['ingest', 1],
    ['orders raw', 1],
    ['orders polars ingest', 0],
    ['.*', 0]
  ])('%j matches %i', (search, count) => {
    expect(filterAssets(assets, search)).toHaveLength(count);
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

describe('words', () => {
  it('has another word for each status', () => {
    const all: AssetStatus[] = ['running', 'failed', 'never', 'stale', 'materialized', 'external'];
    expect(new Set(all.map(status => statusText(status, trans))).size).toBe(all.length);
  });

  it.each([
    [0, 'just now'],
    [-5, 'just now'],
    [61, '1 min ago'],
    [3599, '59 min ago'],
    [7200, '2 h ago'],
    [86_400, '1 day ago'],
    [200_000, '2 days ago']
  ])('%i seconds are %s', (seconds, text) => {
    expect(age(1000, 1000 + seconds, trans)).toBe(text);
  });

  it('names the failing step and the innermost cause, in one line', () => {
    const failures = [{ step: 'orders', message: 'outer', cause: "KeyError: 'x'\nmore" }];
    expect(failureText(run({ status: 'FAILURE', failures }), trans)).toBe("Step orders: KeyError: 'x'");
    expect(failureText(run({ status: 'CANCELED' }), trans)).toContain('canceled');
    expect(failureText(run({ status: 'FAILURE' }), trans)).toContain('no reason');
  });

  it('titles a run by its asset, or by how many', () => {
    expect(runTitle(['sales/orders'], trans)).toBe('orders');
    expect(runTitle(['a', 'b'], trans)).toBe('2 assets');
  });
});

describe('canMaterialize', () => {
  it('is for assets that a run without a partition makes', () => {
    expect(canMaterialize(asset('a'))).toBe(true);
    expect(canMaterialize(asset('a', { materializable: false }))).toBe(false);
    expect(canMaterialize(asset('a', { partitioned: true }))).toBe(false);
  });
});

describe('followRun', () => {
  const options = { onState: () => undefined, pauseMilliseconds: 1 };

  it('bears lost answers and ends with the final state', async () => {
    const answers = [run({}), new Error('lost'), run({ steps_done: 1 }), run({ final: true, status: 'SUCCESS' })];
    const seen: string[] = [];
    const ask = async (): Promise<Run> => {
      const next = answers.shift();
      if (next === undefined || next instanceof Error) {
        throw next;
      }
      return next;
    };
    const last = await followRun({ ...options, ask, onState: state => seen.push(state.status), patience: 1 });
    expect(last.status).toBe('SUCCESS');
    expect(seen).toEqual(['STARTED', 'STARTED', 'SUCCESS']);
  });

  it('gives up after too many lost answers in a row', async () => {
    let asked = 0;
    const ask = async (): Promise<Run> => {
      asked += 1;
      throw new Error('gone');
    };
    await expect(followRun({ ...options, ask, patience: 2 })).rejects.toThrow('gone');
    expect(asked).toBe(3);
  });
});

describe('VERSION', () => {
  it('is that of package.json', () => {
    expect(VERSION).toBe(packageJson.version);
  });
});
