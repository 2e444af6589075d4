import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AssetModel } from '../src/asset/model';
import { ApiError } from '../src/data/api';
import type { IWorkspace } from '../src/data/store';
import type { Asset, Run } from '../src/model/asset';
import type { RunProgress } from '../src/model/events';
import { allPartitions } from '../src/model/partitions';
import { asset, run } from './make';

/** A store whose state is set, and a server that counts what it is asked. */
class Workspace {
  readonly changed = new Signal<this, void>(this);
  readonly runChanged = new Signal<this, RunProgress>(this);
  readonly missed = new Signal<this, void>(this);
  asked: string[] = [];
  failing = false;
  runsNow: Run[] = [run({ id: 'r1', final: true, status: 'SUCCESS' })];
  state: Partial<IWorkspace> = { fault: null, pairs: new Map(), runs: new Map(), status: null };

  constructor(assets: Asset[]) {
    this.state = { ...this.state, assets };
  }

  asset(key: string): Asset | null {
    return this.state.assets?.find(one => one.key === key) ?? null;
  }

  set(...assets: Asset[]): void {
    this.change({ assets });
  }

  change(part: Partial<IWorkspace>): void {
    this.state = { ...this.state, ...part };
    this.changed.emit();
  }

  tell(progress: Partial<RunProgress>): void {
    const news = { ...run(), assets: ['a'], ...progress };
    this.runChanged.emit(news);
    this.change({ runs: new Map([[news.id, news]]) });
  }

  async get(path: string): Promise<unknown> {
    this.asked.push(path);
    if (this.failing) {
      throw new ApiError({ code: 'dagster-unreachable', message: 'No Dagster.', remedy: 'start it' });
    }
    return {
      '/runs': { runs: this.runsNow },
      '/runs/{run_id}': run({ id: 'bad', failures: [{ step: 's', message: 'm', cause: 'why' }] }),
      '/assets/{key}': { ...this.asset('a'), events: [], checks: [], partitions: null, metadata: [] }
    }[path];
  }
}

describe('AssetModel', () => {
  let workspace: Workspace;
  let model: AssetModel;
  const passed = (milliseconds = 10_000): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

  async function shown(): Promise<void> {
    model.visible = true;
    await passed();
    workspace.asked = [];
  }

  beforeEach(() => {
    vi.useFakeTimers();
    workspace = new Workspace([asset('a'), asset('b', { dependencies: ['a'] })]);
    model = new AssetModel('a', workspace as never, workspace as never);
  });

  afterEach(() => {
    model.dispose();
    vi.useRealTimers();
  });

  it('asks for nothing until it is seen, then for each once', async () => {
    workspace.set(asset('a', { materialized_at: 1 }));
    await passed();
    expect(workspace.asked).toEqual([]);
    model.visible = true;
    await passed();
    expect(workspace.asked.sort()).toEqual(['/assets/{key}', '/runs']);
    expect(model.view.runs).toHaveLength(1);
  });

  it('asks for everything again when events were missed', async () => {
    await shown();
    workspace.missed.emit();
    await passed();
    expect(workspace.asked.sort()).toEqual(['/assets/{key}', '/runs']);
  });

  it('asks again when the asset has changed, not when others have, and once for many changes', async () => {
    await shown();
    workspace.set({ ...asset('a') }, asset('b', { materialized_at: 9 }));
    await passed();
    expect(workspace.asked).toEqual([]);
    for (let at = 1; at <= 50; at++) {
      workspace.set(asset('a', { status: 'running', run_id: 'r2', materialized_at: at }));
    }
    await passed();
    expect(workspace.asked.filter(path => path === '/assets/{key}').length).toBeLessThanOrEqual(2);
    expect(workspace.asked.filter(path => path === '/runs').length).toBeLessThanOrEqual(2);
    model.visible = false;
    workspace.asked = [];
    workspace.set(asset('a', { materialized_at: 99 }));
    await passed();
    expect(workspace.asked).toEqual([]);
    model.visible = true;
    await passed();
    expect(workspace.asked).toContain('/assets/{key}');
  });

  it('follows runs: a new one is asked for, the progress of known ones is shown at once', async () => {
    workspace.runsNow = [run({ id: 'r1', status: 'QUEUED' })];
    await shown();
    workspace.tell({ id: 'r1', status: 'STARTED' });
    await passed();
    expect(model.view.runs?.[0]?.status).toBe('STARTED');
    expect(workspace.asked).toEqual([]);
    workspace.tell({ id: 'other', assets: ['b'] });
    await passed();
    expect(workspace.asked).toEqual([]);
    workspace.tell({ id: 'r2', assets: ['b', 'a'] });
    await passed();
    expect(workspace.asked).toEqual(['/runs']);
    workspace.tell({ id: 'r1', status: 'SUCCESS', final: true });
    expect(model.view.runs?.[0]?.status).toBe('SUCCESS');
    await passed();
    expect(workspace.asked).toEqual(['/runs', '/runs']);
  });

  it('tells why the asset failed, asking once', async () => {
    workspace.set(asset('a', { status: 'failed', run_id: 'bad' }));
    await shown();
    expect(model.view.failure?.failures[0]?.cause).toBe('why');
    model.refresh();
    await passed();
    expect(workspace.asked).not.toContain('/runs/{run_id}');
  });

  it('keeps the last answer while Dagster is away, and asks when it is back', async () => {
    await shown();
    workspace.failing = true;
    model.refresh();
    await passed();
    expect(model.view.fault?.code).toBe('dagster-unreachable');
    expect(model.view.details).not.toBeNull();
    workspace.change({ fault: model.view.fault });
    workspace.failing = false;
    workspace.change({ fault: null });
    await passed();
    expect(model.view.fault).toBeNull();
  });

  it('walks along the lineage', async () => {
    await shown();
    expect(model.view.lineage.nodes.map(node => node.key)).toEqual(['a', 'b']);
    const { lineage } = model.view;
    workspace.change({});
    expect(model.view.lineage).toBe(lineage);
    model.walkTo('b');
    expect(model.view.lineage.centre).toBe('b');
    expect(model.view.asset?.key).toBe('a');
  });

  it('is told nothing once it is disposed of', async () => {
    await shown();
    model.refresh();
    model.refresh(); // waits for the first
    model.dispose();
    await passed();
    expect(workspace.asked.length).toBeLessThanOrEqual(2);
    workspace.asked = [];
    workspace.set(asset('a', { materialized_at: 5 }));
    await passed();
    expect(workspace.asked).toEqual([]);
  });
});

describe('allPartitions', () => {
  const dimension = (name: string, keys: string[], total = keys.length) => ({ name, keys, total, kind: 'static', dynamic_name: null });

  it('joins dimensions, the latest first, with the status of each', () => {
    const dimensions = [dimension('day', ['1', '2']), dimension('shop', ['n', 's'])];
    const found = allPartitions({ description: '', dimensions, counts: {}, statuses: { '1|n': 'failed' } });
    expect(found?.map(one => one.key)).toEqual(['2|s', '2|n', '1|s', '1|n']);
    expect(found?.at(-1)?.status).toBe('failed');
    expect(found?.[0]?.status).toBe('missing');
  });

  it('lists none where there are too many of them', () => {
    const dimensions = [dimension('day', ['1'], 5000), dimension('shop', ['n'], 3)];
    expect(allPartitions({ description: '', dimensions, counts: {}, statuses: {} })).toBeNull();
  });
});
