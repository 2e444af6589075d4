/** daglab's commands about assets and Dagster. */

import { Clipboard } from '@jupyterlab/apputils';
import { caretDownIcon, caretRightIcon, copyIcon, refreshIcon, runIcon, searchIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { assetArguments, type IContext, targets, tellFault } from './actions/context';
import { materialize } from './actions/materialize';
import { showText } from './actions/showText';
import { CommandIDs } from './commands';
import { dagsterIcon, downstreamIcon, upstreamIcon } from './icons';
import type { Asset } from './model/asset';
import { dagsterPage, openPage } from './model/links';
import { lineageSelection } from './model/search';

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } };

export function addAssetCommands(context: IContext): void {
  const { commands, sidebar, trans } = context;
  const describedBy = { args: assetArguments(trans) };
  const find = (args: ReadonlyPartialJSONObject): readonly Asset[] => targets(context, args);
  const any = (args: ReadonlyPartialJSONObject): boolean => find(args).length > 0;

  const launchable = (args: ReadonlyPartialJSONObject): boolean =>
    !context.store.state.status?.read_only && find(args).some(asset => asset.materializable);
  commands.addCommand(CommandIDs.materialize, {
    label: args =>
      find(args).length > 1 ? trans.__('Materialize %1 assets', find(args).length) : trans.__('Materialize asset'),
    caption: args => materializeCaption(context, find(args)),
    icon: runIcon,
    describedBy,
    isEnabled: launchable,
    execute: args => materialize(context, find(args), false)
  });
  commands.addCommand(CommandIDs.materializeWithOptions, {
    label: trans.__('Materialize with options…'),
    caption: trans.__('Choose partitions and configuration, then launch a run'),
    icon: runIcon,
    describedBy,
    isEnabled: args => launchable(args) && find(args).some(asset => asset.partitioned || asset.has_config),
    execute: args => materialize(context, find(args), true)
  });
  for (const [id, direction, icon, label, caption] of [
    [
      CommandIDs.showUpstream,
      'upstream',
      upstreamIcon,
      trans.__('Show upstream assets'),
      trans.__('Search for all that the asset is made from')
    ],
    [
      CommandIDs.showDownstream,
      'downstream',
      downstreamIcon,
      trans.__('Show downstream assets'),
      trans.__('Search for all that is made from the asset')
    ]
  ] as const) {
    commands.addCommand(id, {
      ...{ label, caption, icon, describedBy, isEnabled: any },
      execute: args => sidebar.search(lineageSelection(find(args).map(asset => asset.key), direction))
    });
  }
  commands.addCommand(CommandIDs.openInDagster, {
    label: trans.__('Open in Dagster'),
    caption: trans.__('Open the asset’s page in Dagster’s own user interface'),
    icon: dagsterIcon,
    describedBy,
    isEnabled: args => find(args).length === 1 && !!context.store.state.status?.dagster.address,
    execute: args => {
      const [asset] = find(args);
      openPage(asset && dagsterPage(context.store.state.status?.dagster.address, asset.key));
    }
  });
  commands.addCommand(CommandIDs.copyKey, {
    label: args => (find(args).length > 1 ? trans.__('Copy asset keys') : trans.__('Copy asset key')),
    caption: trans.__('Copy the asset’s key to the clipboard, one a line'),
    icon: copyIcon,
    describedBy,
    isEnabled: any,
    execute: args => Clipboard.copyToSystem(find(args).map(asset => asset.key).join('\n'))
  });
}

/** Commands about the sidebar and Dagster itself. */
export function addSidebarCommands(context: IContext, reveal: () => void): void {
  const { api, commands, sidebar, store, trans } = context;
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh assets'),
    caption: trans.__('Ask Dagster for its assets and their statuses now'),
    icon: refreshIcon,
    describedBy: NO_ARGUMENTS,
    execute: () => store.refresh()
  });
  commands.addCommand(CommandIDs.searchAssets, {
    label: trans.__('Search assets'),
    caption: trans.__('Show the assets, and go to their search field'),
    icon: searchIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: { text: { type: 'string', description: trans.__('What to search for') } }
      }
    },
    execute: args => {
      if (typeof args['text'] === 'string') {
        sidebar.search(args['text']);
      }
      reveal();
    }
  });
  for (const [id, expanded, icon, label, caption] of [
    [
      CommandIDs.expandAll,
      true,
      caretDownIcon,
      trans.__('Expand all groups'),
      trans.__('Show the assets of all groups')
    ],
    [
      CommandIDs.collapseAll,
      false,
      caretRightIcon,
      trans.__('Collapse all groups'),
      trans.__('Show the groups without their assets')
    ]
  ] as const) {
    commands.addCommand(id, {
      ...{ label, caption, icon, describedBy: NO_ARGUMENTS },
      execute: () => sidebar.setAllExpanded(expanded)
    });
  }
  commands.addCommand(CommandIDs.startDagster, {
    label: trans.__('Start Dagster'),
    caption: trans.__('Start Dagster for this project; it ends with the Jupyter server'),
    icon: runIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => store.state.status?.dagster.reachable === false,
    execute: async () => {
      try {
        await api.post('/dagster', {});
      } catch (error) {
        tellFault(trans, trans.__('Dagster was not started.'), error);
      }
      await store.refresh();
    }
  });
  commands.addCommand(CommandIDs.reloadLocation, {
    label: trans.__('Reload code location'),
    caption: trans.__('Load the definitions of a code location again'),
    icon: refreshIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          name: { type: 'string', description: trans.__('The code location; default: that of the selected asset') }
        }
      }
    },
    isEnabled: args => typeof args['name'] === 'string' || sidebar.selected.length > 0,
    execute: async args => {
      const name = String(args['name'] ?? sidebar.selected[0]?.location);
      try {
        const { error } = await api.post('/locations/{name}/reload', { path: { name } });
        if (error) {
          await showText(trans.__('%1 failed to load', name), error, trans.__('Close'));
        }
      } catch (error) {
        tellFault(trans, trans.__('%1 was not reloaded.', name), error);
      }
      await store.refresh();
    }
  });
}

function materializeCaption({ store, trans }: IContext, assets: readonly Asset[]): string {
  const [asset] = assets;
  if (store.state.status?.read_only) {
    return trans.__('daglab is set to read only');
  }
  if (assets.length === 1 && asset && !asset.materializable) {
    return trans.__('%1 is made elsewhere', asset.key);
  }
  return assets.length === 1 && asset
    ? trans.__('Launch a run that makes %1', asset.key)
    : trans.__('Launch a run that makes the selected assets');
}
