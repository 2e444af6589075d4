/** The plugin: puts sidebar, commands and marimo tabs into JupyterLab. */

import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  createToolbarFactory,
  ICommandPalette,
  IToolbarWidgetRegistry,
  setToolbar
} from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { PanelWithToolbar } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import { addCommands } from './addCommands';
import { Api } from './api';
import { CommandIDs } from './commands';
import { daglabIcon } from './icons';
import { MarimoTabs } from './marimo';
import { AssetPanel } from './sidebar/panel';
import { AssetStore } from './store';
import { VERSION } from './version';

const PLUGIN_ID = 'daglab:plugin';
const SIDEBAR_ID = 'daglab-sidebar';
const TOOLBAR_FACTORY = 'DaglabSidebar';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: "Dagster's assets: see them, materialize them, open their notebooks in marimo.",
  autoStart: true,
  optional: [
    ITranslator,
    ICommandPalette,
    ILayoutRestorer,
    IStateDB,
    ISettingRegistry,
    IToolbarWidgetRegistry,
    ILabShell
  ],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    settings: ISettingRegistry | null,
    toolbars: IToolbarWidgetRegistry | null,
    labShell: ILabShell | null
  ) => {
    const trans = (translator ?? nullTranslator).load('daglab');
    const api = new Api(app.serviceManager.serverSettings);
    const store = new AssetStore(api, state);
    const tabs = new MarimoTabs(
      api,
      tab => app.shell.add(tab, 'main'),
      id => app.shell.activateById(id)
    );
    addCommands({ commands: app.commands, api, store, trans, tabs: labShell ? tabs : null });

    const sidebar = new PanelWithToolbar();
    sidebar.id = SIDEBAR_ID;
    sidebar.addClass('jp-Daglab-sidebar');
    sidebar.title.icon = daglabIcon;
    sidebar.title.caption = trans.__('Dagster assets');
    sidebar.node.setAttribute('role', 'region');
    sidebar.node.setAttribute('aria-label', trans.__('Dagster assets'));
    sidebar.toolbar.node.setAttribute('aria-label', trans.__('Asset actions'));
    sidebar.addWidget(heading(trans.__('Dagster assets')));
    sidebar.addWidget(sidebar.toolbar);
    sidebar.addWidget(new AssetPanel({ store, commands: app.commands, trans, version: VERSION }));
    if (toolbars && settings) {
      setToolbar(
        sidebar,
        createToolbarFactory(toolbars, settings, TOOLBAR_FACTORY, PLUGIN_ID, translator ?? nullTranslator)
      );
    }
    app.shell.add(sidebar, 'left', { rank: 250, type: 'Dagster' });

    restorer?.add(sidebar, SIDEBAR_ID);
    if (restorer && labShell) {
      void restorer.restore(tabs.tracker, {
        command: CommandIDs.openInMarimo,
        args: tab => ({ path: tabs.pathOf(tab) }),
        name: tab => tabs.pathOf(tab)
      });
    }
    const category = trans.__('Dagster');
    for (const command of [CommandIDs.refresh, CommandIDs.materialize, CommandIDs.openInMarimo]) {
      palette?.addItem({ command, category });
    }
    void app.restored.then(() => store.start());
  }
};

function heading(text: string): Widget {
  const node = document.createElement('h2');
  node.textContent = text;
  const widget = new Widget({ node });
  widget.addClass('jp-Daglab-heading');
  return widget;
}

export default plugin;
