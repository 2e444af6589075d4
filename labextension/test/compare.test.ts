import { describe, expect, it } from 'vitest';
import { CompareModel } from '../src/compare/model';
import { type Api, ApiError } from '../src/data/api';
import { EventStream } from '../src/data/events';
import { WorkspaceStore } from '../src/data/store';
import type { Conflict, PairDetail } from '../src/model/asset';
import { until } from './make';

function conflict(cell: string, part: Partial<Conflict> = {}): Conflict {
  return {
    ...{ cell, label: `cell ${cell}`, reason: 'both-edited', line: 1, py: 'max(x)', ipynb: 'min(x)' },
    ...{ py_base: 'sum(x)', ipynb_base: 'sum(x)' },
    ...part
  };
}

/** A server with one pair, whose conflicts are decided by what is sent. */
class Server {
  conflicts = [conflict('1'), conflict('load')];
  version = 'a';
  asked = 0;
  sent: unknown[] = [];
  fault: ApiError | null = null;

  get detail(): PairDetail {
    return {
      ...{ py: 'n/a.py', ipynb: 'n/a.ipynb', state: this.conflicts.length ? 'conflict' : 'in-sync', reason: '' },
      ...{ hashes: { py: this.version, ipynb: this.version }, conflicts: this.conflicts, changes: [], refused: [] }
    };
  }

  async get(path: string): Promise<PairDetail> {
    this.asked += path === '/pairs/{path}' ? 1 : 0;
    if (this.fault) {
      throw this.fault;
    }
    return this.detail;
  }

  async patch(_: string, { body }: { body: { dry_run: boolean; expected: { py: string | null } } }): Promise<unknown> {
    this.sent.push(body);
    if (body.expected.py !== this.version) {
      throw new ApiError({ code: 'file-moved', message: 'changed', remedy: '' });
    }
    const changes = [{ path: 'n/a.py', diff: '' }];
    if (!body.dry_run) {
      this.conflicts = [];
    }
    return { ...this.detail, state: body.dry_run ? 'py-ahead' : 'in-sync', changes };
  }
}

async function opened(): Promise<{ server: Server; model: CompareModel; tell: (py: string) => void; miss: () => void }> {
  const server = new Server();
  const stream = new EventStream(server as unknown as Api);
  const model = new CompareModel('n/a.ipynb', server as unknown as Api, new WorkspaceStore(server as unknown as Api, stream));
  await until(() => model.view.detail !== null);
  const tell = (py: string): void => {
    const data = { py, ipynb: py.replace('.py', '.ipynb'), state: 'conflict', reason: '', written: [], conflicts: [] };
    (stream.happened as unknown as { emit: (event: unknown) => void }).emit({ topic: 'pairs', data });
  };
  const miss = (): void => (stream.reset as unknown as { emit: (value: undefined) => void }).emit(undefined);
  return { server, model, tell, miss };
}

describe('the view of a pair', () => {
  it('says no more that a conflict is resolved when a file was changed since', async () => {
    const { server, model } = await opened();
    model.chooseAll('py');
    expect(await model.apply()).toBe(true);
    await model.load();
    expect(model.view.news).toBe('resolved');
    server.version = 'b';
    await model.load();
    expect(model.view.news).toBeNull();
  });

  it('looks again when events were missed', async () => {
    const { server, miss } = await opened();
    miss();
    await until(() => server.asked === 2);
  });

  it('writes what was chosen, by cell, on what was seen', async () => {
    const { server, model } = await opened();
    expect(model.isDecided).toBe(false);
    model.choose('1', 'py');
    expect(model.isDecided).toBe(false);
    model.choose('load', 'ipynb');
    expect(model.isDecided).toBe(true);
    await model.look();
    expect(model.view.preview).toEqual([{ path: 'n/a.py', diff: '' }]);
    expect(await model.apply()).toBe(true);
    const body = { resolve: { '1': 'py', load: 'ipynb' }, expected: { py: 'a', ipynb: 'a' } };
    expect(server.sent).toEqual([{ ...body, dry_run: true }, { ...body, dry_run: false }]);
    expect(model.view).toMatchObject({ news: 'resolved', busy: false, preview: null, detail: { state: 'in-sync' } });
  });

  it('keeps choices about cells that are still the same when the files have changed', async () => {
    const { server, model } = await opened();
    model.chooseAll('ipynb');
    server.version = 'b';
    server.conflicts = [conflict('1', { py: 'other' }), conflict('load')];
    expect(await model.apply()).toBe(false);
    expect(model.view.news).toBe('moved');
    expect([...model.view.choices]).toEqual([['load', 'ipynb']]);
    expect(server.conflicts).toHaveLength(2);
  });

  it('looks again when its pair has changed, once for many events, and not for others', async () => {
    const { server, model, tell } = await opened();
    tell('n/other.py');
    await new Promise(resolve => setTimeout(resolve, 350));
    expect(server.asked).toBe(1);
    for (let times = 0; times < 20; times++) {
      tell('n/a.py');
    }
    await until(() => server.asked > 1);
    await new Promise(resolve => setTimeout(resolve, 400));
    expect(server.asked).toBe(2);
    model.dispose();
    tell('n/a.py');
    await new Promise(resolve => setTimeout(resolve, 400));
    expect(server.asked).toBe(2);
  });

  it('tells a fault, and keeps what it knew', async () => {
    const { server, model } = await opened();
    server.fault = new ApiError({ code: 'network', message: 'gone', remedy: 'try again' });
    await model.load();
    expect(model.view.fault?.message).toBe('gone');
    expect(model.view.detail?.conflicts).toHaveLength(2);
    server.fault = null;
    await model.load();
    expect(model.view.fault).toBeNull();
  });
});
