import { describe, expect, it } from 'vitest';
import type { AssetEvent } from '../src/model/asset';
import { MOST_ROWS, seriesOf, type Shown, shownValue as shownIn } from '../src/model/metadata';
import { trans } from './make';

function shownValue(entry: Parameters<typeof shownIn>[0]): Shown {
  return shownIn(entry, trans);
}

describe('shownValue', () => {
  it.each(['javascript:alert(1)', '//evil.example', '/\\evil.example', 'data:text/html,x', 'file:///etc/passwd', '', 7])(
    'makes no link of %s',
    value => expect(shownValue({ kind: 'url', value }).kind).toBe('text')
  );

  it('makes links of the web’s addresses', () => {
    expect(shownValue({ kind: 'url', value: 'https://docs.example/a b' })).toEqual({
      ...{ kind: 'link', text: 'https://docs.example/a b', url: 'https://docs.example/a%20b' }
    });
    const code = shownValue({ kind: 'code_references', value: [{ file: 'a.py', line: 3 }, { url: 'javascript:x', label: 'b' }] });
    expect(code).toEqual({ kind: 'code', places: [{ text: 'a.py:3', url: null }, { text: 'b', url: null }] });
  });

  it.each([
    ['text', { a: 1 }],
    ['markdown', null],
    ['timestamp', 'noon'],
    ['bool', 'yes'],
    ['table', { columns: 3, records: [] }],
    ['table', null],
    ['table_schema', 'x'],
    ['column_lineage', {}],
    ['python_artifact', { module: 'm' }],
    ['of-tomorrow', [1]]
  ])('shows as JSON what is no %s', (kind, value) => {
    expect(shownValue({ kind, value })).toEqual({ kind: 'json', text: JSON.stringify(value, null, 2) });
  });

  it('shows numbers that JSON does not have', () => {
    expect(shownValue({ kind: 'float', value: 'nan' })).toEqual({ kind: 'text', text: 'nan' });
    expect(shownValue({ kind: 'int', value: 3 })).toEqual({ kind: 'number', value: 3 });
  });

  it('cuts tables, and bears rows that are none', () => {
    const records = [null, { day: 'Mon', amount: { of: 1 } }, ...Array.from({ length: 200 }, () => ({ day: 'x' }))];
    const table = shownValue({ kind: 'table', value: { columns: [{ name: 'day' }, { name: 'amount' }], records } });
    expect(table).toMatchObject({ columns: ['day', 'amount'], total: 202 });
    expect(table.kind === 'table' && table.rows.slice(0, 2)).toEqual([['', ''], ['Mon', '{"of":1}']]);
    expect(table.kind === 'table' && table.rows).toHaveLength(MOST_ROWS);
  });

  it('shows of a schema what it tells', () => {
    const columns = [{ name: 'day', type: 'date', nullable: false, unique: true, constraints: ['> 0'], description: null }];
    expect(shownValue({ kind: 'table_schema', value: columns })).toMatchObject({
      columns: ['column', 'type', 'constraints'],
      rows: [['day', 'date', 'not null, unique, > 0']]
    });
  });
});

function event(timestamp: number, rows: unknown, kind = 'materialization'): AssetEvent {
  const metadata = [{ label: 'rows', kind: 'int', value: rows, description: null }];
  return { kind, timestamp, metadata, run_id: '', step: null, partition: null, description: null, tags: {} };
}

describe('seriesOf', () => {
  it('has the numbers of materializations, the oldest first', () => {
    const series = seriesOf([event(3, 30), event(2, 99, 'observation'), event(1, 10)]);
    expect(series.get('rows')?.points.map(point => point.value)).toEqual([10, 30]);
  });

  it('has no series of one number, or of what is none', () => {
    expect(seriesOf([event(3, 30), event(2, 'many')]).size).toBe(0);
  });
});
