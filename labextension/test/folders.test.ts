import { type ISignal, Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { WorkspaceStore } from '../src/data/store';
import type { Notebook } from '../src/model/asset';
import type { IPairChange } from '../src/model/events';
import { NotebookFolders } from '../src/pairs/folders';

const PAIR: Notebook = { py: 'n/a.py', ipynb: 'n/a.ipynb', paired: true };

/** The server's folder `n`, and its events. */
class Server {
  notebooks: Notebook[] = [PAIR];
  asked: string[] = [];
  away = false;
  pairChanged = new Signal<this, IPairChange>(this);
  missed = new Signal<this, void>(this);

  async get(_: string, { query: { folder } }: { query: { folder: string } }): Promise<object> {
    this.asked.push(folder);
    if (this.away) {
      throw new Error('away');
    }
    return { notebooks: folder === 'n' ? this.notebooks : [] };
  }

  tell(part: Partial<IPairChange>): void {
    const nothing = { reason: '', written: [], conflicts: [], error: null } as const;
    this.pairChanged.emit({ ...{ py: 'n/a.py', ipynb: 'n/a.ipynb', cause: 'disk', state: 'in-sync' }, ...nothing, ...part });
  }
}

describe('the notebooks of folders', () => {
  let server: Server;
  let folders: NotebookFolders;

  beforeEach(() => {
    vi.useFakeTimers();
    server = new Server();
    folders = new NotebookFolders(server as never, server as unknown as WorkspaceStore);
  });

  /** Have time pass for a folder's next question, which comes a second after its last one. */
  const look = async (path: string, sign: string | null = null): Promise<void> => {
    const looking = folders.look(path, sign);
    await vi.advanceTimersByTimeAsync(1_000);
    await looking;
  };
  const emissions = (signal: ISignal<unknown, void>): { count: number } => {
    const heard = { count: 0 };
    signal.connect(() => (heard.count += 1));
    return heard;
  };

  it('are asked for once while a folder looks the same', async () => {
    await look('n', '1');
    await look('n', '1');
    expect(server.asked).toEqual(['n']);
    expect([folders.find('n/a.py'), folders.find('n/a.ipynb')]).toEqual([PAIR, PAIR]);
    expect([folders.find('n/module.py'), folders.find('a.py')]).toEqual([null, null]);
    server.notebooks = [];
    await look('n', '2');
    expect([server.asked, folders.find('n/a.py')]).toEqual([['n', 'n'], null]);
  });

  it('are asked for once by many who look at a time', async () => {
    const looking = ['1', '1', '2', '2'].map(sign => folders.look('n', sign));
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(looking);
    expect(server.asked).toEqual(['n']);
  });

  it('are asked for again where the server did not answer, and are kept till then', async () => {
    await look('n', '1');
    server.away = true;
    await look('n', '2');
    expect(folders.find('n/a.py')).toEqual(PAIR);
    server.away = false;
    server.notebooks = [];
    await look('n', '2');
    expect(folders.find('n/a.py')).toBeNull();
  });

  it('are asked for again after events were missed', async () => {
    await look('n', '1');
    server.missed.emit();
    await look('n', '1');
    expect(server.asked).toEqual(['n', 'n']);
  });

  it('follow what is told of pairs', async () => {
    server.notebooks = [{ py: 'n/a.py', ipynb: null, paired: false }];
    await look('n');
    const heard = emissions(folders.changed);
    server.tell({ ipynb: 'n/a.ipynb' });
    expect([folders.find('n/a.ipynb'), heard.count, server.asked]).toEqual([PAIR, 1, ['n']]);

    // which half is left, and whether it is a notebook, is asked
    server.notebooks = [{ py: 'n/a.py', ipynb: null, paired: false }];
    server.tell({ state: 'unpaired' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect([folders.find('n/a.py')?.paired, folders.find('n/a.ipynb')]).toEqual([false, null]);
    const asked = server.asked.length;
    server.tell({ state: 'half', ipynb: null });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.asked).toHaveLength(asked); // known already
  });

  it('of folders that nobody has looked at are left alone', async () => {
    server.tell({});
    server.tell({ state: 'unpaired' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect([folders.find('n/a.py'), server.asked]).toEqual([null, []]);
  });

  it('are forgotten with the folders that were looked at first', async () => {
    await look('n', '1');
    for (let i = 0; i < 49; i++) {
      await look(`other${i}`, '1');
    }
    expect(folders.find('n/a.py')).toEqual(PAIR);
    await look('other49', '1');
    expect(folders.find('n/a.py')).toBeNull();
    await look('n', '1');
    expect(folders.find('n/a.py')).toEqual(PAIR);
  });

  it('tell nothing any more once they are disposed', async () => {
    const heard = emissions(folders.changed);
    folders.dispose();
    await look('n');
    expect(heard.count).toBe(0);
  });
});
