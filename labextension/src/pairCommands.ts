/** daglab's commands about notebooks and their pairs. */

import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { notebookIcon } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { assetArguments, type IContext, targets, tellFault } from './actions/context';
import { canPair, createPair, marimoHalf, openInJupyter, pairNotebook, syncPair, syncPairs } from './actions/pairs';
import { CommandIDs } from './commands';
import { marimoIcon, pairIcons, syncIcon } from './icons';
import type { MarimoTabs } from './marimo';
import { cellAddress, revealCell } from './marimoCell';
import type { Asset } from './model/asset';

/** `tabs` is null where the shell has none (Notebook 7): marimo then opens in a browser tab. */
export function addPairCommands(context: IContext, tabs: MarimoTabs | null): void {
  const { commands, store, trans } = context;
  const byAsset = assetArguments(trans);
  const path = { type: 'string', description: trans.__('The path of a notebook, in place of a key') };
  const paths = { type: 'array', items: { type: 'string' }, description: trans.__('Paths of several notebooks') };
  const cell = { type: 'string', description: trans.__('The name of a cell to go to, or its number') };
  const describedBy = {
    args: { ...byAsset, properties: { ...(byAsset['properties'] as ReadonlyJSONObject), path } }
  };
  const find = (args: ReadonlyPartialJSONObject): readonly Asset[] => targets(context, args);
  /** The notebooks that a command is about. */
  const notebooks = (args: ReadonlyPartialJSONObject): readonly string[] =>
    typeof args['path'] === 'string'
      ? [args['path']]
      : Array.isArray(args['paths'])
        ? args['paths'].map(String)
        : [...new Set(find(args).flatMap(asset => asset.notebook ?? []))];
  const one = (args: ReadonlyPartialJSONObject): boolean => notebooks(args).length === 1;
  /** Whether the pair that is to be created is about an asset that no notebook makes. */
  const explores = (args: ReadonlyPartialJSONObject): boolean =>
    typeof args['path'] !== 'string' && find(args)[0]?.notebook === null;
  const writable = (): boolean => !store.state.status?.read_only;

  commands.addCommand(CommandIDs.openInMarimo, {
    label: trans.__('Open in marimo'),
    caption: trans.__('Open the notebook that makes the asset in marimo'),
    icon: marimoIcon,
    describedBy: { args: { ...describedBy.args, properties: { ...describedBy.args.properties, cell } } },
    isEnabled: args => one(args) && writable(),
    execute: async args => {
      const [notebook] = notebooks(args);
      if (notebook === undefined) {
        return;
      }
      const to = typeof args['cell'] === 'string' ? args['cell'] : null;
      try {
        const py = await marimoHalf(context, notebook);
        if (tabs) {
          const tab = await tabs.open(py);
          if (to !== null && !(await revealCell(tab.node, to))) {
            Notification.warning(trans.__('%1 has no cell %2 in marimo.', PathExt.basename(py), to), { autoClose: 8000 });
          }
        } else {
          const page = await context.api.openInMarimo(py);
          window.open(to === null ? page : cellAddress(page, to), '_blank', 'noopener');
        }
      } catch (error) {
        tellFault(trans, trans.__('marimo did not open.'), error);
      }
    }
  });
  commands.addCommand(CommandIDs.openInJupyter, {
    label: trans.__('Open in Jupyter'),
    caption: trans.__('Open the notebook that makes the asset as a Jupyter notebook'),
    icon: notebookIcon,
    describedBy,
    isEnabled: one,
    execute: async args => {
      const [notebook] = notebooks(args);
      if (notebook !== undefined) {
        await openInJupyter(context, notebook);
      }
    }
  });
  commands.addCommand(CommandIDs.createPair, {
    label: args => (explores(args) ? trans.__('Create notebook to explore') : trans.__('Create pair')),
    caption: args =>
      explores(args)
        ? trans.__('Create a pair of notebooks that loads the asset and shows it')
        : trans.__('Create the other half of the asset’s notebook'),
    icon: pairIcons.half,
    describedBy,
    isEnabled: args => {
      if (typeof args['path'] === 'string') {
        return writable();
      }
      const [asset, ...others] = find(args);
      return asset !== undefined && others.length === 0 && writable() && canPair(context, asset);
    },
    execute: async args => {
      const [asset] = find(args);
      if (typeof args['path'] === 'string') {
        await pairNotebook(context, { path: args['path'] });
      } else if (asset) {
        await createPair(context, asset);
      }
    }
  });
  commands.addCommand(CommandIDs.syncPair, {
    label: args => (notebooks(args).length > 1 ? trans.__('Sync pairs') : trans.__('Sync pair')),
    caption: trans.__('Bring both halves of the notebook together'),
    icon: syncIcon,
    describedBy: { args: { ...describedBy.args, properties: { ...describedBy.args.properties, paths } } },
    isEnabled: args => notebooks(args).length > 0 && writable(),
    execute: async args => {
      const [first, ...others] = notebooks(args);
      if (first !== undefined) {
        await (others.length > 0 ? syncPairs(context, [first, ...others]) : syncPair(context, first));
      }
    }
  });
}
