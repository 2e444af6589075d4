/** daglab's commands about the pair of a document, of a file in the file browser, and of a new notebook. */

import { PathExt } from '@jupyterlab/coreutils';
import { notebookIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { keepHalf, keepLabel, untell } from '../actions/conflicts';
import { type IContext, tellFault } from '../actions/context';
import { CommandIDs } from '../commands';
import { compareIcon, pairIcons } from '../icons';
import type { Side } from '../model/asset';
import type { OpenDocuments } from './documents';

export interface IPairTools {
  readonly context: IContext;
  readonly documents: OpenDocuments;
  /** The path of the notebook in front; null where none is. */
  readonly current: () => string | null;
}

/** `compare` shows the view of a pair. */
export function addDecisionCommands(tools: IPairTools, compare: (path: string) => Promise<void>): void {
  const { context } = tools;
  const { commands, sidebar, store, trans } = context;
  const path = { type: 'string', description: trans.__('The path of either half; default: the notebook in front') };
  const describedBy = { args: { type: 'object', properties: { path } } };
  const target = (args: ReadonlyPartialJSONObject): string | null =>
    typeof args['path'] === 'string' ? args['path'] : (tools.current() ?? sidebar.selected[0]?.notebook ?? null);

  commands.addCommand(CommandIDs.comparePair, {
    label: trans.__('Compare pair'),
    caption: trans.__('Show both halves of the notebook side by side, cell by cell'),
    icon: compareIcon,
    describedBy,
    isEnabled: args => target(args) !== null,
    execute: async args => {
      const notebook = target(args);
      if (notebook !== null && (await saveEdits(tools, notebook))) {
        untell(notebook);
        await compare(notebook);
      }
    }
  });
  const keep = (id: string, side: Side, icon: typeof notebookIcon, caption: string): void => {
    commands.addCommand(id, {
      label: keepLabel(side, trans),
      ...{ caption, icon, describedBy },
      isEnabled: args => target(args) !== null && !store.state.status?.read_only,
      execute: async args => {
        const notebook = target(args);
        if (notebook !== null && (await saveEdits(tools, notebook))) {
          await keepHalf(context, notebook, side);
        }
      }
    });
  };
  keep(CommandIDs.keepJupyterHalf, 'ipynb', notebookIcon, trans.__('Decide all conflicts for the Jupyter notebook'));
  keep(CommandIDs.keepMarimoHalf, 'py', pairIcons['in-sync'], trans.__('Decide all conflicts for the marimo notebook'));
}

/**
 * Save what is edited here, so that it counts as the notebook's version; answers whether that could be done.
 */
export async function saveEdits({ context, documents }: IPairTools, path: string): Promise<boolean> {
  const edited = documents.ofNotebook(path).filter(one => one.edited);
  try {
    for (const document of edited) {
      await document.save();
    }
    return true;
  } catch (error) {
    if ((error as Error).name !== 'ModalCancelError') {
      tellFault(context.trans.__('%1 was not saved.', PathExt.basename(path)), error);
    }
    return false;
  }
}
