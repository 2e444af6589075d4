/** Puts pairs into JupyterLab: documents that follow their files, badges, the view of a pair, files, launcher. */

import type { ILabShell, ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, type IToolbarWidgetRegistry, showDialog, WidgetTracker } from '@jupyterlab/apputils';
import type { DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { ILauncher } from '@jupyterlab/launcher';
import type { IStatusBar } from '@jupyterlab/statusbar';
import { Signal } from '@lumino/signaling';
import { tellConflict, tellOutdated, untell } from '../actions/conflicts';
import type { IContext } from '../actions/context';
import { saveDocument } from '../actions/pairs';
import { CommandIDs } from '../commands';
import { CompareModel } from '../compare/model';
import { ComparePanel, CompareView } from '../compare/panel';
import type { MarimoTabs } from '../marimo';
import { PairBadge } from './badge';
import { addDecisionCommands } from './commands';
import { addFileCommands } from './files';
import type { NotebookFolders } from './folders';
import { addNewNotebook } from './newNotebook';
import type { OpenDocument } from './openDocument';

const FACTORIES = ['Notebook', 'Editor'];
const BADGE = 'daglab-pair';

/** What of JupyterLab is there; Notebook 7 lacks some. */
export interface IPlaces {
  readonly labShell: ILabShell | null;
  readonly tabs: MarimoTabs | null;
  readonly restorer: ILayoutRestorer | null;
  readonly toolbars: IToolbarWidgetRegistry | null;
  readonly statusBar: IStatusBar | null;
  readonly launcher: ILauncher | null;
  readonly files: IFileBrowserFactory | null;
}

export function addPairs(
  { docRegistry, serviceManager, shell }: JupyterFrontEnd,
  context: IContext,
  folders: NotebookFolders,
  places: IPlaces
): void {
  const { commands, documents, store, trans } = context;
  for (const factory of FACTORIES) {
    docRegistry.addWidgetExtension(factory, {
      createNew: (widget: DocumentWidget, document: DocumentRegistry.Context) => documents.add(widget, document)
    });
    places.toolbars?.addFactory<DocumentWidget>(factory, BADGE, widget => {
      const document = (): OpenDocument | null => documents.of(widget);
      return new PairBadge({ documents, commands, trans, document, className: 'jp-Daglab-toolbarBadge' });
    });
  }
  const inFront = (): OpenDocument | null => documents.of(shell.currentWidget);
  const current = (): string | null => {
    const document = inFront();
    return document && (documents.view(document)?.path ?? null);
  };
  const panels = new WidgetTracker<ComparePanel>({ namespace: 'daglab-compare' });
  const compare = places.labShell ? comparing(context, shell, panels) : comparingInDialog(context);
  addDecisionCommands(context, { current, compare });
  if (places.restorer && places.labShell) {
    void places.restorer.restore(panels, {
      command: CommandIDs.comparePair,
      args: panel => ({ path: panel.path }),
      name: panel => panel.path
    });
  }
  if (places.files) {
    addFileCommands(context, folders, places.files);
  }
  addNewNotebook(context, serviceManager.contents, places);
  if (places.statusBar && places.labShell) {
    const item = new PairBadge({ documents, commands, trans, document: inFront, className: 'jp-Daglab-statusBadge' });
    const activeStateChanged = new Signal<PairBadge, void>(item);
    const look = (): void => {
      item.refresh();
      activeStateChanged.emit();
    };
    places.labShell.currentChanged.connect(look);
    documents.changed.connect(look);
    places.statusBar.registerStatusItem('daglab:pair', {
      ...{ item, activeStateChanged, align: 'right', rank: 100 },
      isActive: () => item.hasNews
    });
  }

  store.pairChanged.connect((_, { py, ipynb, cause, state, conflicts }) => {
    const halves = [py, ipynb].filter(half => half !== null);
    const [half] = halves;
    const open = halves.some(path => documents.at(path).length > 0 || places.tabs?.has(path));
    if (half === undefined) {
      return;
    }
    if (state === 'conflict' && cause !== 'request' && open) {
      tellConflict(context, half, conflicts.length);
    } else if (state === 'in-sync' && !halves.some(path => documents.at(path).some(one => one.outdated))) {
      untell(context, half);
    }
  });
  documents.saveOutdated = async document => {
    if (!(await saveDocument(context, document))) {
      throw Object.assign(new Error('Cancel'), { name: 'ModalCancelError' }); // what JupyterLab passes over: the user knows
    }
  };
  documents.outdated.connect((_, document) => tellOutdated(context, document.path));
}

/** Answers what shows the view of a pair: a tab of the main area, one for each notebook. */
function comparing(
  context: IContext,
  shell: JupyterFrontEnd.IShell,
  tracker: WidgetTracker<ComparePanel>
): (path: string) => Promise<void> {
  return async path => {
    let panel = tracker.find(one => one.path === path);
    if (!panel) {
      panel = new ComparePanel(path, context);
      shell.add(panel, 'main');
      await tracker.add(panel);
    }
    shell.activateById(panel.id);
  };
}

/** The same where there are no tabs, as in Notebook 7. */
function comparingInDialog(context: IContext): (path: string) => Promise<void> {
  const { trans } = context;
  return async path => {
    const body = new CompareView(context, new CompareModel(path, context.api, context.store));
    const buttons = [Dialog.okButton({ label: trans.__('Close') })];
    await showDialog({ title: trans.__('Both halves of %1', path), body, buttons });
  };
}
