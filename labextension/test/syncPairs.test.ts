import { Notification } from '@jupyterlab/apputils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { IContext } from '../src/actions/context';
import { syncPairs } from '../src/actions/pairs';
import { ApiError } from '../src/data/api';
import { trans, until } from './make';

// JupyterLab's own notifications, without what needs a page.
vi.mock('@jupyterlab/apputils', () => vi.importActual('@jupyterlab/apputils/lib/notification'));
vi.mock('@lumino/widgets', () => ({}));

afterEach(() => Notification.manager.dismiss());

/** What the commands work with; of a pair `c…` there is a conflict, of a pair `e…` an error. */
function working(refresh: () => Promise<void>): { context: IContext; synced: string[] } {
  const synced: string[] = [];
  const patch = async (_: string, { path: { path } }: { path: { path: string } }): Promise<object> => {
    synced.push(path);
    if (path.startsWith('e')) {
      throw new ApiError({ code: 'file-changed', message: 'It moved.', remedy: '' });
    }
    return { conflicts: path.startsWith('c') ? [{}] : [], changes: [{}] };
  };
  const documents = { ofNotebook: () => [], notebookOf: (path: string) => path };
  const context = { api: { patch }, commands: {}, documents, store: { refresh }, trans } as unknown as IContext;
  return { context, synced };
}

const shown = (): string[] => Notification.manager.notifications.map(one => `${one.type}: ${one.message}`);

describe('several pairs that are synced', () => {
  it('are told of by one notification, beside those that need somebody', async () => {
    let end = (): void => undefined;
    const { context, synced } = working(() => new Promise(resolve => (end = resolve)));
    const syncing = syncPairs(context, ['a.py', 'c.py', 'e.py', 'b.py']);
    expect(shown()).toEqual(['in-progress: Syncing 4 pairs…']);
    await until(() => synced.length === 4);
    end();
    await syncing;
    await until(() => !shown().some(text => text.startsWith('in-progress')));
    expect(synced).toEqual(['a.py', 'c.py', 'e.py', 'b.py']);
    expect(shown().sort()).toEqual([
      'error: e.py was not synced. It moved.',
      'success: 2 of 4 pairs are in sync.',
      'warning: c.py was not synced: 1 conflict between both halves.'
    ]);
  });

  it('are not done before what is shown of them is read again', async () => {
    let end = (): void => undefined;
    const { context } = working(() => new Promise(resolve => (end = resolve)));
    let done = false;
    const syncing = syncPairs(context, ['a.py', 'b.py']).then(() => (done = true));
    await new Promise(resolve => setTimeout(resolve, 10));
    expect([done, shown()]).toEqual([false, ['in-progress: Syncing 2 pairs…']]);
    end();
    await syncing;
  });
});
