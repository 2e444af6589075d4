/** The commands that open panels of assets and executed notebooks, and the toolbar of these panels. */

import type { ILayoutRestorer } from '@jupyterlab/application';
import {
  CommandToolbarButton,
  createToolbarFactory,
  type IToolbarWidgetRegistry,
  setToolbar
} from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { CommandRegistry } from '@lumino/commands';
import type { Widget } from '@lumino/widgets';
import { assetArguments, type IContext, targets } from '../actions/context';
import { CommandIDs } from '../commands';
import { daglabIcon } from '../icons';
import { executedIcon } from '../runs/icons';
import { ExecutedTabs } from './executed';
import { withoutCommands } from './markdown';
import { type AssetTab, AssetTabs, type Show } from './tabs';

const TOOLBAR_FACTORY = 'DaglabAsset';
const TOOLBAR_SETTING = 'assetToolbar';

/** The items of the toolbar that are about the panel's asset. */
const ITEMS: readonly (readonly [name: string, command: string])[] = [
  ['materialize', CommandIDs.materialize],
  ['materialize-with-options', CommandIDs.materializeWithOptions],
  ['open-in-marimo', CommandIDs.openInMarimo],
  ['create-pair', CommandIDs.createPair],
  ['open-in-jupyter', CommandIDs.openInJupyter],
  ['open-in-dagster', CommandIDs.openInDagster]
];
/** These are shown only where they can be done: their opposites are there otherwise. */
const SHOWN_IF_ENABLED: readonly string[] = [
  CommandIDs.createPair,
  CommandIDs.materializeWithOptions,
  CommandIDs.openInJupyter,
  CommandIDs.openInMarimo
];

export interface IAssetOptions {
  readonly context: IContext;
  /** null where the shell has no place for panels (Notebook 7). */
  readonly show: Show | null;
  readonly rendermime: IRenderMimeRegistry | null;
  readonly restorer: ILayoutRestorer | null;
  readonly toolbars: IToolbarWidgetRegistry | null;
  readonly settings: ISettingRegistry | null;
  readonly pluginId: string;
}

export function addAssetPanels(options: IAssetOptions): void {
  const { context, show, rendermime, restorer } = options;
  const { commands, trans } = context;
  const safe = rendermime && withoutCommands(rendermime);
  const tabs = show && new AssetTabs(context, safe, show, equipment(options));
  const executed = show && new ExecutedTabs(context, show);

  commands.addCommand(CommandIDs.openAsset, {
    label: trans.__('Open asset'),
    caption: trans.__('Show the asset’s lineage, metadata, checks, partitions and runs'),
    icon: daglabIcon,
    describedBy: { args: assetArguments(trans) },
    isEnabled: args => tabs !== null && (typeof args['key'] === 'string' || targets(context, args).length === 1),
    execute: async args => {
      // A tab that is restored is opened before the assets are known.
      const key = typeof args['key'] === 'string' ? args['key'] : targets(context, args)[0]?.key;
      if (key !== undefined) {
        await tabs?.open(key);
      }
    }
  });
  commands.addCommand(CommandIDs.openExecuted, {
    label: trans.__('Open executed notebook'),
    caption: trans.__('Show the notebook of an asset as a run has executed it'),
    icon: executedIcon,
    describedBy: {
      args: {
        type: 'object',
        required: ['run_id', 'key'],
        properties: {
          run_id: { type: 'string', description: trans.__('The run’s id') },
          key: { type: 'string', description: trans.__('The asset’s key') }
        }
      }
    },
    isEnabled: args => executed !== null && typeof args['run_id'] === 'string' && typeof args['key'] === 'string',
    execute: async args => {
      await executed?.open({ run_id: String(args['run_id']), key: String(args['key']) });
    }
  });
  if (restorer && tabs && executed) {
    void restorer.restore(tabs.tracker, {
      command: CommandIDs.openAsset,
      args: tab => ({ key: tab.content.model.key }),
      name: tab => tab.content.model.key
    });
    void restorer.restore(executed.tracker, {
      command: CommandIDs.openExecuted,
      args: tab => ({ ...tab.notebook }),
      name: tab => tab.id
    });
  }
}

/** What gives a panel its toolbar, as the settings say. */
function equipment({ context, toolbars, settings, pluginId }: IAssetOptions): (tab: AssetTab) => void {
  if (!toolbars || !settings) {
    return () => undefined;
  }
  const { commands, translator } = context;
  for (const [name, id] of ITEMS) {
    toolbars.addFactory<AssetTab>(TOOLBAR_FACTORY, name, tab => commandButton(commands, id, tab.content.model.key));
  }
  const factory = createToolbarFactory(toolbars, settings, TOOLBAR_FACTORY, pluginId, translator, TOOLBAR_SETTING);
  return tab => setToolbar(tab, factory);
}

function commandButton(commands: CommandRegistry, id: string, key: string): Widget {
  const args = { key };
  const button = new CommandToolbarButton({ commands, id, args, label: () => commands.label(id, args) });
  if (SHOWN_IF_ENABLED.includes(id)) {
    // The button itself shows and hides by whether the command is visible at all.
    const look = (): void => void button.toggleClass('jp-Daglab-unavailable', !commands.isEnabled(id, args));
    look();
    commands.commandChanged.connect((_, change) => {
      if (change.id === id) {
        look();
      }
    }, button);
  }
  return button;
}
