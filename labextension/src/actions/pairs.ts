/** Notebooks of assets: their pairs made, synced, and opened on either side. */

import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { CommandIDs } from '../commands';
import { ApiError } from '../data/api';
import type { Asset, Side } from '../model/asset';
import type { OpenDocument } from '../pairs/openDocument';
import { chosenHalf, tellConflict } from './conflicts';
import { type IContext, tellFault } from './context';

/** Whether a pair can be made: of an asset without a notebook, or of a notebook without its other half. */
export function canPair({ store }: IContext, asset: Asset): boolean {
  const state = asset.notebook === null ? 'half' : store.pair(asset.notebook)?.state;
  return state === 'half' || state === 'unpaired';
}

/** Make the other half of the asset's notebook; or, where it has none, a notebook that explores the asset. */
export function createPair(context: IContext, asset: Asset): Promise<void> {
  return pairNotebook(context, asset.notebook === null ? { asset: asset.key } : { path: asset.notebook });
}

/** Make a pair: of the notebook at a path, or to explore an asset. */
export async function pairNotebook(
  context: IContext,
  body: { readonly path: string } | { readonly asset: string }
): Promise<void> {
  const { api, commands, store, trans } = context;
  if ('path' in body && !(await saveEdits(context, body.path))) {
    return;
  }
  try {
    const { py, ipynb, conflicts } = await api.post('/pairs', { body });
    const open = (label: string, id: string, path: string): Notification.IAction => ({
      label,
      callback: () => void commands.execute(id, { path })
    });
    if (conflicts.length > 0) {
      tellConflict(context, py, conflicts.length);
    } else {
      Notification.success(trans.__('%1 and %2 are a pair.', PathExt.basename(py), PathExt.basename(ipynb)), {
        autoClose: 8000,
        actions: [
          open(trans.__('Open in marimo'), CommandIDs.openInMarimo, py),
          open(trans.__('Open in Jupyter'), CommandIDs.openInJupyter, ipynb)
        ]
      });
    }
    await store.refresh();
  } catch (error) {
    tellFault(trans, trans.__('The pair was not made.'), error);
  }
}

/** Save what is edited in Jupyter of a notebook, so that it counts as its half; answers whether that could be done. */
export async function saveEdits(context: IContext, path: string, side: Side | null = null): Promise<boolean> {
  for (const document of context.documents.ofNotebook(path).filter(one => one.edited)) {
    if (!(await saveDocument(context, document, side))) {
      return false;
    }
  }
  return true;
}

/**
 * Save a document; answers whether that could be done.
 *
 * A .py that was written meanwhile can't be merged in a text editor: `side` says what is kept, or the user is asked.
 */
export async function saveDocument(context: IContext, document: OpenDocument, side: Side | null = null): Promise<boolean> {
  const { outdated, path } = document;
  try {
    const kept = outdated && path.endsWith('.py') ? await chosenHalf(context, path, side) : 'py';
    if (kept === null) {
      return false;
    }
    await (kept === 'py' ? document.save() : document.load());
    return true;
  } catch (error) {
    // JupyterLab asks before a file that was written meanwhile is replaced.
    if ((error as Error).name !== 'ModalCancelError') {
      tellFault(context.trans, context.trans.__('%1 was not saved.', PathExt.basename(path)), error);
    }
    return false;
  }
}

/** Bring both halves together; of a conflict nothing is written. */
export async function syncPair(context: IContext, path: string): Promise<void> {
  const { api, store, trans } = context;
  const name = PathExt.basename(path);
  if (!(await saveEdits(context, path))) {
    return;
  }
  try {
    const { conflicts, changes } = await api.patch('/pairs/{path}', { path: { path }, body: {} });
    if (conflicts.length > 0) {
      tellConflict(context, path, conflicts.length);
    } else if (changes.length > 0) {
      Notification.success(trans.__('%1 is in sync.', name), { autoClose: 5000 });
    } else {
      Notification.info(trans.__('%1 was in sync already.', name), { autoClose: 3000 });
    }
    await store.refresh();
  } catch (error) {
    tellFault(trans, trans.__('%1 was not synced.', name), error);
  }
}

/** The same of several pairs, told of once; what is in conflict, or can't be synced, is told by its name. */
export async function syncPairs(context: IContext, paths: readonly string[]): Promise<void> {
  const { api, store, trans } = context;
  const sync = async (): Promise<number> => {
    let synced = 0;
    for (const path of paths) {
      if (!(await saveEdits(context, path))) {
        continue;
      }
      try {
        const { conflicts } = await api.patch('/pairs/{path}', { path: { path }, body: {} });
        if (conflicts.length > 0) {
          tellConflict(context, path, conflicts.length);
        } else {
          synced += 1;
        }
      } catch (error) {
        tellFault(trans, trans.__('%1 was not synced.', PathExt.basename(path)), error);
      }
    }
    await store.refresh();
    return synced;
  };
  const syncing = sync();
  Notification.promise(syncing, {
    pending: { message: trans.__('Syncing %1 pairs…', paths.length) },
    success: { message: synced => trans.__('%1 of %2 pairs are in sync.', synced as number, paths.length) },
    error: { message: error => String(error) }
  });
  await syncing.catch(() => undefined); // told by the notification
}

/** The .py of a notebook, whose path is that of either half. */
export async function marimoHalf({ api }: IContext, path: string): Promise<string> {
  return path.endsWith('.py') ? path : (await api.get('/pairs/{path}', { path: { path } })).py;
}

/** Open the .ipynb of a notebook, whose path is that of either half, in Jupyter. */
export async function openInJupyter(context: IContext, path: string): Promise<void> {
  const { api, commands, trans } = context;
  try {
    const { ipynb, hashes } = await api.get('/pairs/{path}', { path: { path } });
    if (!hashes.ipynb) {
      const message = trans.__('%1 does not exist yet.', ipynb);
      throw new ApiError({ code: 'half', message, remedy: trans.__('create the pair first') });
    }
    await commands.execute('docmanager:open', { path: ipynb });
  } catch (error) {
    tellFault(trans, trans.__('The notebook did not open.'), error);
  }
}
