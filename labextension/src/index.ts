/** The plugin: puts sidebar, commands and marimo tabs into JupyterLab. */

import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  createToolbarFactory,
  ICommandPalette,
  IToolbarWidgetRegistry,
  setToolbar
} from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { PanelWithToolbar } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import type { IContext } from './actions/context';
import { addAssetCommands, addSidebarCommands } from './addCommands';
import { addAssetPanels } from './asset/commands';
import { CommandIDs } from './commands';
import { Api } from './data/api';
import { WorkspaceStore } from './data/store';
import { daglabIcon } from './icons';
import { MarimoTabs } from './marimo';
import { addPairCommands } from './pairCommands';
import { ABOUT_ONE_RUN, addRunCommands } from './runCommands';
import { RunTabs } from './runs/tabs';
import { addPairs } from './pairs';
import { OpenDocuments } from './pairs/documents';
import { NotebookFolders } from './pairs/folders';
import { SidebarModel } from './sidebar/model';
import { AssetPanel } from './sidebar/panel';
import { VERSION } from './version';

const PLUGIN_ID = 'daglab:plugin';
const SIDEBAR_ID = 'daglab-sidebar';
const TOOLBAR_FACTORY = 'DaglabSidebar';
const CONFIRM_ABOVE = 20;
/** What makes no sense without an argument, or without a selected file. */
const OFF_PALETTE: readonly string[] = [
  ...ABOUT_ONE_RUN,
  CommandIDs.openFileInMarimo,
  CommandIDs.pairFile,
  CommandIDs.syncFile
];

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
    ILabShell,
    IRenderMimeRegistry,
    IStatusBar,
    ILauncher,
    IFileBrowserFactory
  ],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    settings: ISettingRegistry | null,
    toolbars: IToolbarWidgetRegistry | null,
    labShell: ILabShell | null,
    rendermime: IRenderMimeRegistry | null,
    statusBar: IStatusBar | null,
    launcher: ILauncher | null,
    files: IFileBrowserFactory | null
  ) => {
    const language = translator ?? nullTranslator;
    const trans = language.load('daglab');
    const { commands, shell } = app;
    const api = new Api(app.serviceManager.serverSettings, trans);
    const store = new WorkspaceStore(api);
    const model = new SidebarModel(store, api, state);
    const folders = new NotebookFolders(api, store);
    const documents = new OpenDocuments(store, folders, app.serviceManager.contents);
    let confirmAbove = CONFIRM_ABOVE;
    void settings?.load(PLUGIN_ID).then(loaded => {
      const read = (): void => {
        confirmAbove = Number(loaded.composite['confirmAbove'] ?? CONFIRM_ABOVE);
      };
      loaded.changed.connect(read);
      read();
    });
    const tabs = new MarimoTabs({
      ...{ api, store, trans },
      add: tab => shell.add(tab, 'main'),
      activate: id => shell.activateById(id)
    });

    const sidebar = new PanelWithToolbar();
    const panel = new AssetPanel({ model, commands, trans, version: VERSION });
    sidebar.id = SIDEBAR_ID;
    sidebar.addClass('jp-Daglab-sidebar');
    sidebar.title.icon = daglabIcon;
    sidebar.title.caption = trans.__('Dagster assets');
    sidebar.node.setAttribute('role', 'region');
    sidebar.node.setAttribute('aria-label', trans.__('Dagster assets'));
    sidebar.toolbar.node.setAttribute('aria-label', trans.__('Asset actions'));
    sidebar.addWidget(heading(trans.__('Dagster assets')));
    sidebar.addWidget(sidebar.toolbar);
    sidebar.addWidget(panel);
    if (toolbars && settings) {
      setToolbar(sidebar, createToolbarFactory(toolbars, settings, TOOLBAR_FACTORY, PLUGIN_ID, language));
    }
    shell.add(sidebar, 'left', { rank: 250, type: 'Dagster' });

    const context: IContext = {
      ...{ api, commands, store, sidebar: model, documents, trans, translator: language },
      confirmAbove: () => confirmAbove
    };
    addAssetCommands(context);
    const runTabs = new RunTabs(
      context,
      tab => shell.add(tab, 'main'),
      id => shell.activateById(id)
    );
    addRunCommands(context, labShell ? runTabs : null);
    const marimoTabs = labShell ? tabs : null;
    addPairCommands(context, marimoTabs);
    addPairs(app, context, folders, { labShell, tabs: marimoTabs, restorer, toolbars, statusBar, launcher, files });
    addSidebarCommands(context, () => {
      shell.activateById(SIDEBAR_ID);
      setTimeout(() => panel.focusSearch()); // the palette gives the focus back to where it was, once a command is executed
    });
    addAssetPanels({
      ...{ context, rendermime, restorer, toolbars, settings, pluginId: PLUGIN_ID },
      show: labShell && (tab => (tab.isAttached ? shell.activateById(tab.id) : shell.add(tab, 'main')))
    });
    const ids = Object.values(CommandIDs).filter(id => commands.hasCommand(id)); // some need what Notebook 7 lacks
    model.changed.connect(() => ids.forEach(id => commands.notifyCommandChanged(id)));
    for (const command of ids.filter(id => !OFF_PALETTE.includes(id))) {
      palette?.addItem({ command, category: trans.__('Dagster') });
    }

    restorer?.add(sidebar, SIDEBAR_ID);
    if (restorer && labShell) {
      void restorer.restore(tabs.tracker, {
        command: CommandIDs.openInMarimo,
        args: tab => ({ path: tabs.pathOf(tab) }),
        name: tab => tabs.pathOf(tab)
      });
      runTabs.restore(restorer);
    }
    void app.restored.then(async () => {
      await model.restore().catch((reason: unknown) => console.warn('daglab: the sidebar’s state was not restored', reason));
      store.start();
    });
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
