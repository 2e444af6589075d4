/** daglab's commands. */

import { showErrorMessage } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { refreshIcon, runIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Api } from './api';
import { CommandIDs } from './commands';
import { marimoIcon } from './icons';
import type { MarimoTabs } from './marimo';
import { materialize } from './materialize';
import { canMaterialize, type Asset } from './model/asset';
import type { AssetStore } from './store';

interface ICommandOptions {
  readonly commands: CommandRegistry;
  readonly api: Api;
  readonly store: AssetStore;
  readonly trans: IRenderMime.TranslationBundle;
  /** null where the shell has no tabs (Notebook 7): marimo then opens in a browser tab. */
  readonly tabs: MarimoTabs | null;
}

export function addCommands(options: ICommandOptions): void {
  const { commands, store, trans } = options;
  const key = { type: 'string', description: trans.__('The asset’s key; default: the selected one') };
  /** The asset that a command is about: the one of its arguments, else the selected one. */
  const target = (args: ReadonlyPartialJSONObject): Asset | null =>
    typeof args['key'] === 'string' ? store.asset(args['key']) : store.selected;

  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh assets'),
    caption: trans.__('Ask Dagster for its assets and their statuses now'),
    icon: refreshIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => store.refresh()
  });

  commands.addCommand(CommandIDs.materialize, {
    label: trans.__('Materialize asset'),
    caption: args => materializeCaption(target(args), trans),
    icon: runIcon,
    describedBy: { args: { type: 'object', properties: { key } } },
    isEnabled: args => {
      const asset = target(args);
      const readOnly = store.snapshot.status?.read_only ?? false;
      return asset !== null && canMaterialize(asset) && asset.status !== 'running' && !readOnly;
    },
    execute: async args => {
      const asset = target(args);
      if (!asset) {
        return null;
      }
      const { notebook } = asset;
      const openNotebook = {
        label: trans.__('Open in marimo'),
        callback: () => void commands.execute(CommandIDs.openInMarimo, { path: notebook })
      };
      return materialize({
        ...{ api: options.api, assets: [asset.key], trans, onChange: () => void store.refresh() },
        ...(notebook === null ? {} : { onFailure: openNotebook })
      });
    }
  });

  commands.addCommand(CommandIDs.openInMarimo, {
    label: trans.__('Open in marimo'),
    caption: trans.__('Open the notebook that makes the asset in marimo'),
    icon: marimoIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: { key, path: { type: 'string', description: trans.__('The notebook’s path, in place of a key') } }
      }
    },
    isEnabled: args => typeof args['path'] === 'string' || (target(args)?.notebook ?? null) !== null,
    execute: async args => {
      const path = typeof args['path'] === 'string' ? args['path'] : target(args)?.notebook;
      if (!path) {
        return;
      }
      if (options.tabs) {
        await options.tabs.open(path);
        return;
      }
      try {
        window.open(await options.api.openInMarimo(path), '_blank', 'noopener');
      } catch (error) {
        await showErrorMessage(trans.__('marimo did not open'), (error as Error).message);
      }
    }
  });

  store.changed.connect(() => {
    commands.notifyCommandChanged(CommandIDs.materialize);
    commands.notifyCommandChanged(CommandIDs.openInMarimo);
  });
}

function materializeCaption(asset: Asset | null, trans: IRenderMime.TranslationBundle): string {
  if (asset && !asset.materializable) {
    return trans.__('%1 is made elsewhere', asset.key);
  }
  if (asset?.partitioned) {
    return trans.__('%1 is partitioned: materialize it in Dagster’s own UI', asset.key);
  }
  return asset ? trans.__('Launch a run that makes %1', asset.key) : trans.__('Launch a run that makes the asset');
}
