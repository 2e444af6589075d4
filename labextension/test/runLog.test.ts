import { describe, expect, it } from 'vitest';
import type { EventError, RunEvent } from '../src/model/asset';
import { cellOf, withLine } from '../src/model/cells';
import { ALL_LINES, filterLines, linesText, parts } from '../src/model/logFilter';
import { errorText, failureOf, notebookOf } from '../src/model/runFailure';
import { EMPTY_LOG, withEvents } from '../src/model/runLog';
import { asset } from './make';

const FRAME = '  File "/home/ann/shop.py", line 3, in orders\n    raise ValueError\n';
const DAGSTERS = '  File "/x/site-packages/dagster/_core/execution/plan/utils.py", line 57, in boundary\n    yield\n';
const DAGLABS = '  File "/x/site-packages/daglab/runtime/step.py", line 198, in _record\n    raise failure\n';

function event(kind: string, part: Partial<RunEvent> = {}): RunEvent {
  return {
    ...{ timestamp: 10, level: 'INFO', kind, step: 'orders', message: '', error: null, asset: null },
    ...{ partition: null, metadata: [] },
    ...part
  };
}

function error(class_name: string, message: string, stack: string[], cause: EventError | null = null): EventError {
  return { class_name, message, stack, cause };
}

describe('cells', () => {
  it('are planned, begin and end', () => {
    let cells = withLine([], "runs cell 'load', cell 3; leaves out cell 'chart'", 1);
    expect(cells.map(cell => [cell.label, cell.state])).toEqual([
      ["cell 'load'", 'waiting'],
      ['cell 3', 'waiting']
    ]);
    cells = withLine(cells, "cell 'load': starts", 2);
    expect(cells[0]).toMatchObject({ state: 'running', since: 2, seconds: null });
    cells = withLine(cells, "cell 'load': run in 0.125 s, peak memory 120 MB", 3);
    expect(cells[0]).toMatchObject({ state: 'run', since: 2, seconds: 0.125 });
    cells = withLine(cells, 'cell 3: failed in 1.000 s', 4);
    expect(cells[1]).toMatchObject({ state: 'failed', seconds: 1 });
    expect(cells).toHaveLength(2);
  });

  it('are not what a cell prints', () => {
    const cells = withLine([], "runs cell 'größe'", 1);
    for (const line of ["cell 'größe' | cell 'größe': starts", "runs cell 2", 'anything else']) {
      expect(withLine(cells, line, 2)).toBe(cells);
    }
    expect([cellOf("cell 'größe'"), cellOf('cell 12')]).toEqual(['größe', '12']);
  });
});

describe('a log', () => {
  it('tells of steps, their assets and their cells', () => {
    const log = withEvents(EMPTY_LOG, [
      event('RUN_START', { step: null, message: 'Started.' }),
      event('ASSET_MATERIALIZATION_PLANNED', { asset: 'sales/orders' }),
      event('ASSET_MATERIALIZATION_PLANNED', { step: 'later', asset: 'sales/later' }),
      event('STEP_START', { timestamp: 11 }),
      event('LOG', { message: "runs cell 'load'" }),
      event('LOG', { message: "cell 'load': starts\ncell 'load' | 3 rows" })
    ]);
    expect(log.lines.map(line => line.text)).toContain("cell 'load' | 3 rows");
    expect(log.lines.map(line => line.number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(log.lines.filter(line => !line.first)).toHaveLength(1);
    const step = log.steps.get('orders');
    expect(step).toMatchObject({ state: 'running', startedAt: 11, endedAt: null, assets: ['sales/orders'] });
    expect(step?.cells[0]?.state).toBe('running');
    const end = withEvents(log, [event('RUN_CANCELED', { step: null, timestamp: 20 })]);
    expect(end.steps.get('orders')).toMatchObject({ state: 'canceled', endedAt: 20 });
    expect(end.steps.get('orders')?.cells[0]?.state).toBe('stopped');
    expect(end.steps.get('later')?.state).toBe('skipped');
  });

  it('begins a step anew when it is tried again', () => {
    const events = [event('STEP_START'), event('LOG', { message: "runs cell 1" }), event('STEP_UP_FOR_RETRY')];
    const log = withEvents(EMPTY_LOG, events);
    expect(log.steps.get('orders')).toMatchObject({ state: 'retrying', endedAt: null });
    const again = withEvents(log, [event('STEP_RESTARTED', { timestamp: 30 })]);
    expect(again.steps.get('orders')).toMatchObject({ state: 'running', startedAt: 30, cells: [] });
  });

  it('keeps the latest lines, counted from its beginning', () => {
    const log = withEvents(EMPTY_LOG, [event('LOG', { message: 'a\nb\nc' }), event('LOG', { message: 'd' })], 2);
    expect(log.lines.map(line => [line.number, line.text])).toEqual([[3, 'c'], [4, 'd']]);
    expect(withEvents(log, [event('LOG', { message: 'e' })], 2)).toMatchObject({ dropped: 3, lines: [{ number: 4 }, { number: 5 }] });
    expect(withEvents(log, [])).toBe(log);
  });

  it('takes in many lines quickly', () => {
    const message = Array.from({ length: 250 }, (_, index) => `cell 'a' | line ${index}`).join('\n');
    const began = performance.now();
    let log = EMPTY_LOG;
    for (let page = 0; page < 4; page++) {
      log = withEvents(log, Array.from({ length: 100 }, () => event('LOG', { message })));
    }
    expect(log.lines).toHaveLength(100_000);
    expect(filterLines(log.lines, { ...ALL_LINES, search: 'LINE 249' })).toHaveLength(400);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('tells the failure of the run where no step has one', () => {
    const run = event('RUN_FAILURE', { step: null, message: 'The process died.' });
    expect(withEvents(EMPTY_LOG, [run]).failures).toMatchObject([{ step: null, headline: 'The process died.' }]);
    const step = event('STEP_FAILURE', { error: error('ValueError', 'ValueError: no', [FRAME]) });
    expect(withEvents(EMPTY_LOG, [step, run]).failures).toHaveLength(1);
  });
});

describe('a failure', () => {
  it('is the user’s own error, without Dagster’s frames', () => {
    const cause = error('KeyError', "KeyError: 'amount'\n", [FRAME]);
    const user = error('ValueError', 'ValueError: no\n', [DAGSTERS, FRAME], cause);
    const failed = event('STEP_FAILURE', { error: error('DagsterExecutionStepExecutionError', 'Error', [DAGSTERS], user) });
    expect(errorText(failed)).toBe(
      `Traceback (most recent call last):\n${FRAME}KeyError: 'amount'\n\n` +
        'The above exception was the direct cause of the following exception:\n\n' +
        `Traceback (most recent call last):\n${FRAME}ValueError: no`
    );
    expect(failureOf(failed)).toMatchObject({ headline: 'ValueError: no', cell: null, place: null });
  });

  it('of a cell says all itself', () => {
    const place = 'x.py:3 (in f(), x.py:9)';
    const text = `cell 'a' failed at ${place}: ValueError: no\n\nTraceback (most recent call last): ...`;
    const failed = event('STEP_FAILURE', {
      error: error('Failure', `dagster._core.definitions.events.Failure: ${text}`, [DAGSTERS, DAGLABS]),
      metadata: [
        { label: 'cell', kind: 'text', value: "cell 'a'", description: null },
        { label: 'line', kind: 'text', value: place, description: null }
      ]
    });
    const failure = failureOf(failed);
    expect(failure).toEqual({
      ...{ step: 'orders', cell: "cell 'a'", place },
      ...{ headline: 'ValueError: no', text: 'Traceback (most recent call last): ...' }
    });
    const assets = [asset('other', { notebook: 'nb/y.py' }), asset('a', { notebook: 'nb/x.py' })];
    expect(notebookOf(failure, assets)).toBe('nb/x.py');
    expect(notebookOf({ ...failure, place: null }, assets)).toBe('nb/y.py');
    expect(notebookOf(failure, [asset('plain')])).toBeNull();
  });
});

describe('lines', () => {
  const { lines } = withEvents(EMPTY_LOG, [
    event('LOG', { message: 'Loading', level: 'DEBUG' }),
    event('LOG', { message: 'no such COLUMN\nin the table', level: 'ERROR', step: 'other' })
  ]);

  it('are filtered by level, step and text', () => {
    const shown = (part: object): string[] => filterLines(lines, { ...ALL_LINES, ...part }).map(line => line.text);
    expect(filterLines(lines, ALL_LINES)).toBe(lines);
    expect(shown({ level: 'WARNING' })).toEqual(['no such COLUMN', 'in the table']);
    expect(shown({ step: 'orders' })).toEqual(['Loading']);
    expect(shown({ search: ' column ' })).toEqual(['no such COLUMN']);
  });

  it('show where the text is that was searched for', () => {
    expect(parts('a Column, a column', 'COLUMN')).toEqual(['a ', 'Column', ', a ', 'column', '']);
    expect(parts('İ and column', 'column')).toEqual(['İ and column']);
    expect(parts('text', '')).toEqual(['text']);
  });

  it('are copied with time, level and step', () => {
    expect(linesText(lines).split('\n')).toEqual([
      '1970-01-01T00:00:10.000Z DEBUG    orders  Loading',
      '1970-01-01T00:00:10.000Z ERROR    other  no such COLUMN',
      `${' '.repeat(41)}in the table`
    ]);
  });
});
