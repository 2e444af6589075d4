/** daglab's commands about the pair of a document, of a file in the file browser, and of a new notebook. */

import { notebookIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { keepHalf, keepLabel, untell } from '../actions/conflicts';
import type { IContext } from '../actions/context';
import { saveEdits } from '../actions/pairs';
import { CommandIDs } from '../commands';
import { compareIcon, pairIcons } from '../icons';
import type { Side } from '../model/asset';

export interface IPairTools {
  /** The path of the notebook in front; null where none is. */
  readonly current: () => string | null;
  /** Shows the view of a pair. */
  readonly compare: (path: string) => Promise<void>;
}

export function addDecisionCommands(context: IContext, { current, compare }: IPairTools): void {
  const { commands, sidebar, store, trans } = context;
  const path = { type: 'string', description: trans.__('The path of either half; default: the notebook in front') };
  const describedBy = { args: { type: 'object', properties: { path } } };
  const target = (args: ReadonlyPartialJSONObject): string | null =>
    typeof args['path'] === 'string' ? args['path'] : (current() ?? sidebar.selected[0]?.notebook ?? null);

  commands.addCommand(CommandIDs.comparePair, {
    label: trans.__('Compare pair'),
    caption: trans.__('Show both halves of the notebook side by side, cell by cell'),
    icon: compareIcon,
    describedBy,
    isEnabled: args => target(args) !== null,
    execute: async args => {
      const notebook = target(args);
      if (notebook !== null && (await saveEdits(context, notebook))) {
        untell(context, notebook);
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
        if (notebook !== null && (await saveEdits(context, notebook, side))) {
          await keepHalf(context, notebook, side);
        }
      }
    });
  };
  keep(CommandIDs.keepJupyterHalf, 'ipynb', notebookIcon, trans.__('Decide all conflicts for the Jupyter notebook'));
  keep(CommandIDs.keepMarimoHalf, 'py', pairIcons['in-sync'], trans.__('Decide all conflicts for the marimo notebook'));
}
