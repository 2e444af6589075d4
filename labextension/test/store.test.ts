import type { IStateDB } from '@jupyterlab/statedb';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError } from '../src/data/api';
import { Coalesced } from '../src/data/coalesced';
import { EventStream } from '../src/data/events';
import { WorkspaceStore } from '../src/data/store';
import type { Asset, Status } from '../src/model/asset';
import { SidebarModel } from '../src/sidebar/model';
import { asset, pair, run, status, until } from './make';

const UNREACHABLE = { code: 'dagster-unreachable', message: 'No Dagster.', remedy: 'start it' };

/** A server whose answers are set, with a socket that tells what it is told to tell. */
class Server {
  assetsNow: Asset[] = [asset('a'), asset('b')];
  statusNow: Status = status();
  asked: string[] = [];
  failing: object | null = null;
  away = false;
  runNow = run({ id: 'r1' });
  /** Called while an answer of the assets is on its way. */
  meanwhile = (): void => undefined;
  private socket: { onmessage?: (message: { data: string }) => void; onclose?: () => void; close: () => void } | null = null;
  private count = 0;

  async get(path: string, input: { query?: { selection?: string } }): Promise<unknown> {
    this.asked.push(path);
    if (this.away) {
      throw new ApiError({ code: 'network', message: 'Failed to fetch', remedy: '' });
    }
    const { selection } = input.query ?? {};
    if (selection?.includes('wrong')) {
      throw new ApiError({ code: 'validation', message: 'Not a selection.', remedy: '' });
    }
    return {
      '/status': this.statusNow,
      '/pairs': { pairs: [pair()], total: 1, states: {}, next: null },
      '/runs/{run_id}': this.runNow,
      '/assets': { assets: this.assetsNow.filter(one => selection?.includes(one.key)) }
    }[path];
  }

  async assets(etag: string | null): Promise<unknown> {
    this.asked.push(`assets ${etag}`);
    const answer = { assets: this.assetsNow, total: 2, cursor: null };
    this.meanwhile();
    await new Promise(resolve => setTimeout(resolve, 2));
    if (this.failing) {
      throw new ApiError(this.failing as never);
    }
    return etag === '1' ? { answer: null, etag } : { answer, etag: '1' };
  }

  eventSocket(): unknown {
    const socket = (this.socket = { close: () => this.socket?.onclose?.() });
    setTimeout(() => (this.away ? socket.close() : this.say({ cursor: 'h-0', reset: this.count === 0 })));
    return socket;
  }

  hangUp(): void {
    this.socket?.close();
  }

  tell(topic: string, data: object): void {
    this.count += 1;
    this.say({ cursor: `h-${this.count}`, topic, at: 0, data });
  }

  private say(value: object): void {
    this.socket?.onmessage?.({ data: JSON.stringify(value) });
  }
}

describe('WorkspaceStore', () => {
  let store: WorkspaceStore;
  let server: Server;

  async function begin(part: Partial<Server> = {}): Promise<void> {
    server = Object.assign(new Server(), part);
    store = new WorkspaceStore(server as never, new EventStream(server as never));
    store.start();
    await until(() => store.state.status !== null && store.state.connection === 'live');
  }

  const made = { status: 'materialized', materialized_at: 5, run_id: null, failed_checks: [], warned_checks: [], status_error: null };

  afterEach(() => store.dispose());

  it('reads all once, then follows the events', async () => {
    await begin();
    await until(() => store.state.assets !== null && store.state.pairs.size === 2);
    expect(store.pair('a.py')?.state).toBe('conflict');
    const asked = server.asked.length;
    server.tell('assets', { changed: { b: made } });
    expect(store.asset('b')).toMatchObject({ status: 'materialized', materialized_at: 5 });
    expect(store.asset('a')?.status).toBe('never');
    server.tell('pairs', { py: 'a.py', ipynb: 'a.ipynb', state: 'in-sync', reason: '', written: [], conflicts: [] });
    expect(store.pair('a.ipynb')).toBeNull();
    server.tell('runs', { id: 'r1', status: 'STARTED', final: false, assets: ['a'] });
    expect([...store.state.runs.keys()]).toEqual(['r1']);
    expect(server.asked).toHaveLength(asked);
  });

  it('reads the assets again when there are others, once for many events', async () => {
    await begin();
    await until(() => store.state.assets !== null);
    const before = server.asked.length;
    for (let times = 0; times < 50; times++) {
      server.tell('assets', { changed: null });
    }
    await new Promise(resolve => setTimeout(resolve, 1300));
    expect(server.asked.slice(before).filter(path => path !== '/status')).toEqual(['assets 1']);
  });

  it('does not lose what happens while an answer is on its way', async () => {
    await begin();
    await until(() => store.state.assets !== null);
    server.assetsNow = [asset('a', { status: 'running' }), asset('c')];
    server.meanwhile = () => server.tell('assets', { changed: { a: made } });
    Object.assign(store, { etag: 'old' });
    await store.refresh();
    expect(store.state.assets?.map(one => `${one.key} ${one.status}`)).toEqual(['a materialized', 'c never']);
  });

  it('tells the changes of a moment together', async () => {
    await begin();
    await until(() => store.state.assets !== null);
    await new Promise(resolve => setTimeout(resolve, 100));
    let told = 0;
    store.changed.connect(() => (told += 1));
    for (let times = 0; times < 100; times++) {
      server.tell('assets', { changed: { b: made } });
    }
    await new Promise(resolve => setTimeout(resolve, 120));
    expect(told).toBe(1);
  });

  it('tells why Dagster does not answer, and keeps its last assets', async () => {
    await begin();
    await until(() => store.state.assets !== null);
    server.failing = UNREACHABLE;
    const starting = { ...UNREACHABLE, code: 'dagster-starting' };
    server.statusNow = status({ reachable: false, state: 'dagster-starting', problems: [starting] });
    server.tell('locations', { reachable: false });
    await until(() => store.state.fault?.code === 'dagster-starting');
    expect(store.state.assets).toHaveLength(2);
    server.failing = null;
    server.statusNow = status();
    server.tell('dagster', { state: 'running' });
    for (let waited = 0; store.state.fault && waited < 40; waited++) {
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    expect(store.state.fault).toBeNull();
  });

  it('tells that the Jupyter server is away, and that it is back', async () => {
    await begin();
    await until(() => store.state.assets !== null);
    server.tell('assets', { changed: { b: made } });
    server.away = true;
    server.hangUp();
    const soon = async (holds: () => boolean): Promise<void> => {
      // The pauses between attempts grow, and have some chance in them.
      for (let waited = 0; !holds() && waited < 150; waited++) {
        await new Promise(resolve => setTimeout(resolve, 100));
      }
      expect(holds()).toBe(true);
    };
    await soon(() => store.state.fault?.code === 'network');
    expect(store.asset('b')?.status).toBe('materialized');
    server.away = false;
    await soon(() => store.state.connection === 'live' && store.state.fault === null);
  }, 40_000);

  it('follows a run by its events', async () => {
    await begin();
    const seen: number[] = [];
    const end = store.followRun('r1', state => seen.push(state.steps_done));
    await until(() => seen.length === 1);
    server.runNow = run({ id: 'r1', final: true, status: 'SUCCESS', steps_done: 1 });
    server.tell('runs', { id: 'other', status: 'SUCCESS', final: true });
    server.tell('runs', { id: 'r1', status: 'SUCCESS', final: true });
    expect((await end).status).toBe('SUCCESS');
    expect(seen).toEqual([0, 1]);
  });

  describe('SidebarModel', () => {
    const saved: Record<string, unknown> = {};
    const database = {
      fetch: async (key: string) => saved[key],
      save: async (key: string, value: unknown) => void (saved[key] = value)
    } as unknown as IStateDB;

    async function sidebar(): Promise<SidebarModel> {
      await begin({ assetsNow: [asset('a'), asset('b', { group: 'raw' })] });
      await until(() => store.state.assets !== null);
      const model = new SidebarModel(store, server as never, database);
      await model.restore();
      return model;
    }

    it('searches, selects and unfolds, and knows it the next time', async () => {
      const model = await sidebar();
      expect(model.view.rows.map(row => row.label)).toEqual(['shop', 'raw', 'b', 'sales', 'a']);
      model.setExpanded('location:shop/group:raw', false);
      expect(model.view.rows.map(row => row.label)).toEqual(['shop', 'raw', 'sales', 'a']);
      model.select('location:shop/group:raw');
      expect(model.selected.map(one => one.key)).toEqual(['b']);
      model.search('group:sales');
      expect(model.view.rows.map(row => row.label)).toEqual(['shop', 'sales', 'a']);
      expect(model.selected).toEqual([]);
      await until(() => saved['daglab:sidebar'] !== undefined);
      const again = new SidebarModel(store, server as never, database);
      await again.restore();
      expect(again.view.search).toBe('group:sales');
      again.search('');
      expect(again.view.rows.map(row => row.label)).toEqual(['shop', 'raw', 'sales', 'a']);
      expect([...again.view.selection.ids]).toEqual(['location:shop/group:raw']);
    });

    it('has the server read selections, the last one that was typed', async () => {
      delete saved['daglab:sidebar'];
      const model = await sidebar();
      const before = server.asked.filter(path => path === '/assets').length;
      for (const text of ['+k', '+key:', '+key:a']) {
        model.search(text);
      }
      await until(() => model.view.rows.length === 3);
      expect(model.view.assets.map(one => one.key)).toEqual(['a']);
      expect(server.asked.filter(path => path === '/assets').length - before).toBe(1);
      model.search('+key:wrong');
      await until(() => model.view.searchFault !== null);
      expect(model.view.searchFault?.message).toBe('Not a selection.');
      expect(model.view.assets.map(one => one.key)).toEqual(['a']);
      model.search('');
      expect(model.view).toMatchObject({ searchFault: null, assets: [{ key: 'a' }, { key: 'b' }] });
    });
  });
});

describe('Coalesced', () => {
  it('does again what is asked for while it is done, once for all', async () => {
    let done = 0;
    let doing = 0;
    const work = new Coalesced(async () => {
      doing += 1;
      expect(doing).toBe(1);
      await new Promise(resolve => setTimeout(resolve, 5));
      doing -= 1;
      done += 1;
    }, 0);
    const first = work.ask();
    await new Promise(resolve => setTimeout(resolve, 1));
    await Promise.all([first, work.ask(), work.ask(), work.ask()]);
    expect(done).toBe(2);
  });
});
