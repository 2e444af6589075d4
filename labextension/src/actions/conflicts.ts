/** Conflicts between both halves of a notebook: told of, compared, and decided. */

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { CommandIDs } from '../commands';
import type { PairDetail, Side } from '../model/asset';
import { type IContext, tellFault } from './context';

/** The notification about each notebook, by the path of its .ipynb. */
const told = new Map<string, string>();

/** Say that a notebook is in conflict, and what can be done; said once, until it is another conflict. */
export function tellConflict(context: IContext, path: string, conflicts: number): void {
  const { trans } = context;
  const count = trans._n('%1 conflict', '%1 conflicts', conflicts);
  warn(context, path, trans.__('%1 was not synced: %2 between both halves.', PathExt.basename(path), count));
}

/** Say that edits that aren't saved stand against a file that was written. */
export function tellOutdated(context: IContext, path: string): void {
  const { trans } = context;
  warn(context, path, trans.__('%1 has unsaved edits here, and its other half was changed. Nothing is lost.', PathExt.basename(path)));
}

/** There is no conflict any more. */
export function untell({ documents }: Pick<IContext, 'documents'>, path: string): void {
  const notebook = documents.notebookOf(path);
  const id = told.get(notebook);
  if (id !== undefined) {
    Notification.dismiss(id);
    told.delete(notebook);
  }
}

/** Decide all conflicts of a notebook for one half; asks first. */
export async function keepHalf(context: IContext, path: string, side: Side): Promise<void> {
  const { api, store, trans } = context;
  const name = PathExt.basename(path);
  try {
    const detail = await api.get('/pairs/{path}', { path: { path } });
    if (detail.conflicts.length > 0 && !(await confirmed(context, detail, side))) {
      return;
    }
    const body = { prefer: side, expected: detail.hashes };
    const { conflicts } = await api.patch('/pairs/{path}', { path: { path }, body });
    if (conflicts.length > 0) {
      tellConflict(context, path, conflicts.length);
    } else {
      untell(context, path);
      Notification.success(trans.__('%1 is in sync.', name), { autoClose: 5000 });
    }
    await store.refresh();
  } catch (error) {
    tellFault(trans, trans.__('%1 was not synced.', name), error);
  }
}

/** The label of what keeps a half's version. */
export function keepLabel(side: Side, trans: IContext['trans']): string {
  return side === 'ipynb' ? trans.__('Keep the notebook’s') : trans.__('Keep marimo’s');
}

/**
 * Ask which half stays where a .py has unsaved edits and was written from its notebook meanwhile; null: neither yet.
 *
 * @param side What was chosen already, which is only confirmed.
 */
export async function chosenHalf({ trans }: IContext, py: string, side: Side | null): Promise<Side | null> {
  const name = PathExt.basename(py);
  const sides: readonly Side[] = side ? [side] : ['ipynb', 'py'];
  const outcomes = {
    ipynb: trans.__('the editor shows the file; Undo there brings your edits back.'),
    py: trans.__('your edits are saved to both files; what the notebook holds now stays in its backups.')
  };
  const buttons = sides.map(one => Dialog.warnButton({ label: keepLabel(one, trans), actions: [one] }));
  const { button } = await showDialog({
    title: trans.__('%1 was changed while you edited it', name),
    body: [
      trans.__('Its file holds the notebook’s version by now, the text editor yours, unsaved.'),
      ...sides.map(one => `${keepLabel(one, trans)}: ${outcomes[one]}`)
    ].join(' '),
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), ...buttons]
  });
  return sides.find(one => button.actions.includes(one)) ?? null;
}

async function confirmed({ trans }: IContext, detail: PairDetail, side: Side): Promise<boolean> {
  const replaced = PathExt.basename(side === 'ipynb' ? detail.py : detail.ipynb);
  const cells = detail.conflicts.map(conflict => conflict.label).join(', ');
  const keep = Dialog.warnButton({ label: keepLabel(side, trans) });
  const { button } = await showDialog({
    title: trans.__('Replace cells of %1?', replaced),
    body: trans.__('Replaced there: %1. What %2 holds now stays in its backups.', cells, replaced),
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), keep]
  });
  return button.accept;
}

function warn({ commands, documents, trans }: IContext, path: string, message: string): void {
  const action = (label: string, id: string): Notification.IAction => ({
    label,
    callback: () => void commands.execute(id, { path })
  });
  const actions = [
    action(keepLabel('ipynb', trans), CommandIDs.keepJupyterHalf),
    action(keepLabel('py', trans), CommandIDs.keepMarimoHalf),
    action(trans.__('Compare'), CommandIDs.comparePair)
  ];
  const notebook = documents.notebookOf(path);
  const id = told.get(notebook);
  if (id === undefined || !Notification.update({ id, message, type: 'warning', autoClose: false, actions })) {
    told.set(notebook, Notification.warning(message, { autoClose: false, actions }));
  }
}
