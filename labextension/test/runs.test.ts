import { afterEach, describe, expect, it } from 'vitest';
import { ApiError } from '../src/data/api';
import { EventStream } from '../src/data/events';
import { WorkspaceStore } from '../src/data/store';
import type { Run, RunEvent } from '../src/model/asset';
import type { RunProgress } from '../src/model/events';
import { ALL_RUNS, changesList, withProgress } from '../src/model/runList';
import { duration, elapsed, givenTags, launchedBy, runStatusText, runTone, whatRuns } from '../src/model/runTexts';
import { RunsModel } from '../src/runs/listModel';
import { RunModel } from '../src/runs/runModel';
import { run, status, trans, until } from './make';

/** A server with runs, newest first, and one log; its socket tells what it is told to tell. */
class Server {
  runs: Run[] = [];
  events: RunEvent[] = [];
  asked: string[] = [];
  failing = false;
  private socket: { onmessage?: (message: { data: string }) => void; onclose?: () => void; close: () => void } | null = null;
  private count = 0;

  async get(path: string, input: { path?: { run_id?: string }; query?: Record<string, unknown> } = {}): Promise<unknown> {
    const query = input.query ?? {};
    this.asked.push(path);
    if (this.failing) {
      throw new ApiError({ code: 'dagster-unreachable', message: 'No Dagster.', remedy: 'start it' });
    }
    switch (path) {
      case '/runs': {
        const statuses = query['status'] as string[];
        const all = this.runs.filter(one => statuses.length === 0 || statuses.includes(one.status));
        const from = query['cursor'] ? all.findIndex(one => one.id === query['cursor']) + 1 : 0;
        const page = all.slice(from, from + Number(query['limit']));
        return { runs: page, cursor: from + page.length < all.length ? page.at(-1)?.id : null };
      }
      case '/runs/{run_id}': {
        const found = this.runs.find(one => one.id === input.path?.run_id);
        if (!found) {
          throw new ApiError({ code: 'not-found', message: 'Unknown.', remedy: '' });
        }
        return found;
      }
      case '/runs/{run_id}/logs': {
        const from = Number(query['cursor'] ?? 0);
        const page = this.events.slice(from, from + Number(query['limit']));
        return { events: page, cursor: String(from + page.length), has_more: from + page.length < this.events.length };
      }
      case '/jobs':
        return { jobs: [{ name: 'nightly' }] };
      case '/status':
        return status();
      default:
        return { pairs: [], next: null };
    }
  }

  async assets(): Promise<unknown> {
    return { answer: { assets: [] }, etag: '1' };
  }

  eventSocket(): unknown {
    const socket = (this.socket = { close: () => this.socket?.onclose?.() });
    setTimeout(() => this.say({ cursor: 'h-0', reset: true }));
    return socket;
  }

  tell(data: Partial<RunProgress>): void {
    const told = { job: '__ASSET_JOB', assets: ['a'], steps_total: 1, steps_done: 0, final: false, ...data };
    this.say({ topic: 'runs', data: told, cursor: `h-${++this.count}`, at: 0 });
  }

  reset(): void {
    this.say({ cursor: 'h2-0', reset: true });
  }

  private say(message: object): void {
    this.socket?.onmessage?.({ data: JSON.stringify(message) });
  }
}

const disposables: { dispose: () => void }[] = [];
afterEach(() => disposables.splice(0).forEach(one => one.dispose()));

async function world(): Promise<{ server: Server; store: WorkspaceStore }> {
  const server = new Server();
  const stream = new EventStream(server as never, { ...{ greeting: 500, socketAgain: 500, silence: 5e5 }, pause: 5, longestPause: 20 });
  const store = new WorkspaceStore(server as never, stream);
  store.start();
  disposables.push(store);
  await until(() => store.state.connection === 'live' && store.state.assets !== null);
  return { server, store };
}

function many(count: number): Run[] {
  return Array.from({ length: count }, (_, index) =>
    run({ id: `r${count - index}`, created_at: count - index, status: 'SUCCESS', final: true })
  );
}

describe('words', () => {
  it('tell durations', () => {
    expect([0.123, 3.44, 59.96, 125, 3780].map(one => duration(one, trans))).toEqual([
      ...['0.12 s', '3.4 s', '1 min 0 s', '2 min 5 s', '1 h 3 min']
    ]);
    expect([-1, 0.9, 61].map(one => elapsed(one, trans))).toEqual(['0 s', '0 s', '1 min 1 s']);
  });

  it('tell statuses, also unknown ones', () => {
    expect(['SUCCESS', 'CANCELING', 'SOME_NEW'].map(one => runStatusText(one, trans))).toEqual([
      ...['Succeeded', 'Canceling', 'Some new']
    ]);
    expect(['SUCCESS', 'STARTED', 'QUEUED', 'CANCELED', 'FAILURE'].map(runTone)).toEqual([
      ...['succeeded', 'running', 'waiting', 'canceled', 'failed']
    ]);
  });

  it('tell what runs, and who launched it', () => {
    expect(whatRuns(run({ assets: ['sales/orders'] }), trans)).toBe('sales/orders');
    expect(whatRuns(run({ assets: ['a', 'b'] }), trans)).toBe('2 assets');
    expect(whatRuns(run({ assets: [], job: 'nightly' }), trans)).toBe('nightly');
    expect(launchedBy({ 'dagster/schedule_name': 'daily' }, trans)).toBe('Schedule daily');
    expect(launchedBy({ 'daglab/request_id': 'x' }, trans)).toBe('daglab');
    expect(launchedBy({}, trans)).toBe('Dagster');
    expect(givenTags({ team: 'sales', 'dagster/partition': 'x', '.dagster/repository': 'y' })).toEqual([['team', 'sales']]);
  });
});

describe('news of a run', () => {
  const news = (part: Partial<RunProgress>): RunProgress => ({ ...run(part) });

  it('change its progress, and never an end', () => {
    const listed = run({ id: 'r1', steps_total: 3 });
    expect(withProgress(listed, news({ steps_done: 2, steps_total: 0 }))).toMatchObject({ steps_done: 2, steps_total: 3 });
    const ended = run({ final: true, status: 'SUCCESS' });
    expect(withProgress(ended, news({ status: 'STARTED' }))).toBe(ended);
  });

  it('change the list where one comes, goes or ends', () => {
    const listed = [run({ id: 'r1', started_at: 5 })];
    expect(changesList(listed, ALL_RUNS, news({ id: 'r1', steps_done: 1 }))).toBe(false);
    expect(changesList(listed, ALL_RUNS, news({ id: 'r1', final: true }))).toBe(true);
    expect(changesList([run({ id: 'r1', status: 'QUEUED' })], ALL_RUNS, news({ id: 'r1' }))).toBe(true);
    expect(changesList(listed, ALL_RUNS, news({ id: 'r2' }))).toBe(true);
    expect(changesList(listed, { ...ALL_RUNS, status: 'failed' }, news({ id: 'r2' }))).toBe(false);
    expect(changesList(listed, { ...ALL_RUNS, status: 'queued' }, news({ id: 'r1' }))).toBe(true);
    expect(changesList(listed, { ...ALL_RUNS, asset: 'b' }, news({ id: 'r2' }))).toBe(false);
    expect(changesList(listed, { ...ALL_RUNS, asset: 'b' }, news({ id: 'r2', assets: [] }))).toBe(true);
  });
});

describe('the list of runs', () => {
  async function listed(count: number): Promise<{ server: Server; model: RunsModel }> {
    const { server, store } = await world();
    server.runs = many(count);
    const model = new RunsModel(server as never, store, ALL_RUNS, 20);
    disposables.push(model);
    model.visible = true;
    await until(() => model.view.runs !== null);
    return { server, model };
  }

  it('has pages', async () => {
    const { model } = await listed(60);
    expect([model.view.runs?.length, model.view.more]).toEqual([25, true]);
    await model.loadMore();
    await model.loadMore();
    expect([model.view.runs?.length, model.view.more]).toEqual([60, false]);
    expect(new Set(model.view.runs?.map(one => one.id)).size).toBe(60);
  });

  it('shows a new run at once, and asks for nothing while only steps are done', async () => {
    const { server, model } = await listed(2);
    server.runs = [run({ id: 'new', created_at: 99, started_at: 99 }), ...server.runs];
    server.tell({ id: 'new', status: 'STARTED' });
    await until(() => model.view.runs?.[0]?.id === 'new');
    server.asked = [];
    server.tell({ id: 'new', status: 'STARTED', steps_done: 1, steps_total: 2 });
    await until(() => model.view.runs?.[0]?.steps_done === 1);
    expect(server.asked).toEqual([]);
  });

  it('is asked for with its filter', async () => {
    const { server, model } = await listed(3);
    server.runs = [run({ id: 'failed', status: 'FAILURE', final: true }), ...server.runs];
    model.setFilter({ status: 'failed' });
    await until(() => model.view.runs !== null);
    expect(model.view.runs?.map(one => one.id)).toEqual(['failed']);
  });

  it('is the same where a filter says what it said', async () => {
    const { server, model } = await listed(3);
    server.asked = [];
    model.setFilter({ asset: null });
    expect(model.view.runs?.length).toBe(3);
    expect(server.asked).toEqual([]);
  });

  it('is asked for again when events were missed', async () => {
    const { server, model } = await listed(1);
    server.runs = many(2);
    server.reset();
    await until(() => model.view.runs?.length === 2);
  });

  it('asks for nothing while nobody sees it', async () => {
    const { server, model } = await listed(1);
    model.visible = false;
    server.asked = [];
    server.tell({ id: 'new', status: 'STARTED' });
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(server.asked).not.toContain('/runs');
    server.runs = [run({ id: 'new', created_at: 99 }), ...server.runs];
    model.visible = true;
    await until(() => model.view.runs?.[0]?.id === 'new');
  });
});

describe('one run', () => {
  const line = (message: string): RunEvent => ({
    ...{ timestamp: 1, level: 'INFO', kind: 'LOG', step: 's', message, error: null, asset: null, partition: null },
    metadata: []
  });

  it('is read with all of its log, then left alone once it has ended', async () => {
    const { server, store } = await world();
    server.runs = [run({ id: 'r1' })];
    server.events = Array.from({ length: 2_500 }, (_, index) => line(String(index)));
    const model = new RunModel('r1', server as never, store, 80);
    disposables.push(model);
    expect(server.asked.filter(path => path.startsWith('/runs'))).toEqual([]);
    model.visible = true;
    await until(() => model.view.complete);
    expect(model.view.log.lines).toHaveLength(2_500);
    server.events = [...server.events, line('the last one')];
    server.runs = [run({ id: 'r1', status: 'SUCCESS', final: true })];
    server.tell({ id: 'r1', status: 'SUCCESS', final: true });
    await until(() => model.view.run?.final === true && model.view.log.lines.length === 2_501);
    await new Promise(resolve => setTimeout(resolve, 400));
    server.asked = [];
    await new Promise(resolve => setTimeout(resolve, 400));
    expect(server.asked).toEqual([]);
  });

  it('goes on with a long log when shown again, also of an ended run', async () => {
    const { server, store } = await world();
    server.runs = [run({ id: 'r1', status: 'SUCCESS', final: true })];
    server.events = Array.from({ length: 5_500 }, (_, index) => line(String(index)));
    const model = new RunModel('r1', server as never, store, 80);
    disposables.push(model);
    for (const lines of [1_000, 2_000]) {
      const hide = (): void => {
        if (model.view.log.lines.length === lines) {
          model.visible = false;
        }
      };
      model.changed.connect(hide);
      model.visible = true;
      await until(() => model.view.log.lines.length === lines);
      await new Promise(resolve => setTimeout(resolve, 200));
      model.changed.disconnect(hide);
    }
    model.visible = true;
    await new Promise(resolve => setTimeout(resolve, 1500));
    expect([model.view.complete, model.view.log.lines.length]).toEqual([true, 5_500]);
  });

  it('is shown anew once the assets are known, which lead to its notebooks', async () => {
    const { server, store } = await world();
    server.runs = [run({ id: 'r1', status: 'SUCCESS', final: true })];
    const model = new RunModel('r1', server as never, store, 80);
    disposables.push(model);
    let told = 0;
    model.changed.connect(() => (told += 1));
    await store.refresh();
    await until(() => told === 1);
    await store.refresh();
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(told).toBe(1);
  });

  it('that is unknown is asked for once; one that can’t be told now is asked for again', async () => {
    const { server, store } = await world();
    const model = new RunModel('gone', server as never, store, 80);
    disposables.push(model);
    model.visible = true;
    await until(() => model.view.fault?.code === 'not-found');
    server.failing = true;
    void model.reload();
    await until(() => model.view.fault?.code === 'dagster-unreachable');
    server.failing = false;
    server.runs = [run({ id: 'gone' })];
    await model.reload();
    expect([model.view.fault, model.view.run?.id]).toEqual([null, 'gone']);
  });
});
