/** daglab's commands about the selected files of the file browser; each shows for notebooks alone. */

import type { FileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { CommandIDs } from '../commands';
import { marimoIcon, pairIcons, syncIcon } from '../icons';
import type { Notebook } from '../model/asset';
import type { IContext } from '../actions/context';
import type { NotebookFolders } from './folders';
import { servedPath } from './served';

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } };

interface IFileNotebook extends Notebook {
  /** The half that is selected. */
  readonly path: string;
}

export function addFileCommands(
  { commands, store, trans }: IContext,
  folders: NotebookFolders,
  { tracker }: IFileBrowserFactory
): void {
  tracker.forEach(browser => follow(browser, folders));
  tracker.widgetAdded.connect((_, browser) => follow(browser, folders));

  /** The selected notebooks; none where something else is selected as well. */
  const selected = (): readonly IFileNotebook[] => {
    const browser = tracker.currentWidget;
    const items = browser ? [...browser.selectedItems()] : [];
    const found = items.flatMap(({ path }) => {
      const local = browser && servedPath(browser.model.manager.services.contents, path);
      const notebook = local ? folders.find(local) : null;
      return local && notebook ? [{ ...notebook, path: local }] : [];
    });
    return found.length === items.length ? found : [];
  };
  const one = (): IFileNotebook | null => (selected().length === 1 ? (selected()[0] ?? null) : null);
  const isPair = (notebook: Notebook): boolean => notebook.paired && notebook.py !== null && notebook.ipynb !== null;
  const writable = (): boolean => !store.state.status?.read_only;

  commands.addCommand(CommandIDs.openFileInMarimo, {
    label: trans.__('Open in marimo'),
    caption: trans.__('Open the selected notebook in marimo'),
    icon: marimoIcon,
    describedBy: NO_ARGUMENTS,
    isVisible: () => !!one()?.py,
    isEnabled: () => writable() && !!one()?.py,
    execute: async () => {
      const path = one()?.py;
      // Without a path the command would be about the sidebar's selection.
      if (path) {
        await commands.execute(CommandIDs.openInMarimo, { path });
      }
    }
  });
  commands.addCommand(CommandIDs.pairFile, {
    label: () => (one()?.path.endsWith('.py') ? trans.__('Pair with Jupyter') : trans.__('Pair with marimo')),
    caption: trans.__('Create the other half of the selected notebook'),
    icon: pairIcons.half,
    describedBy: NO_ARGUMENTS,
    isVisible: () => {
      const notebook = one();
      return notebook !== null && !isPair(notebook);
    },
    isEnabled: () => writable() && one() !== null,
    execute: async () => {
      const path = one()?.path;
      if (path !== undefined) {
        await commands.execute(CommandIDs.createPair, { path });
      }
    }
  });
  commands.addCommand(CommandIDs.syncFile, {
    label: () => (selected().length > 1 ? trans.__('Sync pairs') : trans.__('Sync pair')),
    caption: trans.__('Bring both halves of the selected notebooks together'),
    icon: syncIcon,
    describedBy: NO_ARGUMENTS,
    isVisible: () => selected().length > 0 && selected().every(isPair),
    isEnabled: writable,
    execute: async () => {
      const paths = [...new Set(selected().flatMap(notebook => notebook.ipynb ?? []))];
      await commands.execute(CommandIDs.syncPair, { paths });
    }
  });
}

/** Know what is in the folder that a file browser shows, before somebody opens a menu there. */
function follow({ model }: FileBrowser, folders: NotebookFolders): void {
  const { contents } = model.manager.services;
  const look = (): void => {
    const files = [...model.items()].filter(item => item.type !== 'directory' && /\.(py|ipynb)$/.test(item.name));
    const folder = servedPath(contents, model.path);
    if (files.length > 0 && folder !== null) {
      // What is a notebook stays one, however often it is saved.
      const sign = files.map(file => (folders.find(contents.localPath(file.path)) ? file.name : `${file.name} ${file.last_modified}`));
      void folders.look(folder, sign.sort().join('\n'));
    }
  };
  model.refreshed.connect(look);
  look();
}
