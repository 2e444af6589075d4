/** The tabs of the main area: the list of runs, one for each run, and one for each executed notebook. */

import type { ILayoutRestorer } from '@jupyterlab/application';
import { IFrame, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Widget } from '@lumino/widgets';
import type { IContext } from '../actions/context';
import { CommandIDs } from '../commands';
import type { IRunFilter } from '../model/runList';
import { shortName } from '../model/tree';
import { executedIcon } from './icons';
import { RunsModel } from './listModel';
import { RunsPanel } from './listPanel';
import { RunModel } from './runModel';
import { RunPanel } from './runPanel';

export type ExecutedTab = MainAreaWidget<IFrame>;

/** Which executed notebook a tab shows. */
export interface IExecuted {
  readonly run: string;
  readonly asset: string;
}

export class RunTabs {
  readonly list = new WidgetTracker<RunsPanel>({ namespace: 'daglab-runs' });
  readonly runs = new WidgetTracker<RunPanel>({ namespace: 'daglab-run' });
  readonly executed = new WidgetTracker<ExecutedTab>({ namespace: 'daglab-executed' });

  constructor(
    private readonly context: IContext,
    private readonly add: (tab: Widget) => void,
    private readonly activate: (id: string) => void
  ) {}

  /** Bring the list to the front, showing these runs; where no filter is given, those that it showed. */
  async openList(filter: IRunFilter | null): Promise<void> {
    let panel = this.list.currentWidget;
    if (panel === null) {
      const { api, store, commands, trans } = this.context;
      panel = new RunsPanel({ model: new RunsModel(api, store, filter ?? undefined), store, commands, trans });
      panel.id = 'daglab-runs';
      const made = panel;
      let saved = made.model.view.filter;
      made.model.changed.connect(({ view }) => {
        if (view.filter !== saved) {
          saved = view.filter;
          void this.list.save(made); // it outlives a reload
        }
      });
      this.add(made);
      await this.list.add(made);
    } else if (filter) {
      panel.model.setFilter(filter);
    }
    this.activate(panel.id);
  }

  /** Bring a run's tab to the front; it is made where there is none. */
  async openRun(id: string): Promise<void> {
    let panel = this.runs.find(one => one.model.id === id);
    if (!panel) {
      const { api, store, commands, trans } = this.context;
      panel = new RunPanel({ model: new RunModel(id, api, store), store, commands, trans });
      this.add(panel);
      await this.runs.add(panel);
    }
    this.activate(panel.id);
  }

  /** Show the notebook of an asset as a run has executed it. */
  async openExecuted(what: IExecuted): Promise<void> {
    const id = `daglab-executed-${encodeURIComponent(`${what.run}/${what.asset}`)}`;
    let tab = this.executed.find(one => one.id === id);
    if (!tab) {
      const { api, trans } = this.context;
      // Nothing of the page may run, or reach JupyterLab; what makes it strips scripts, and its policy says the same.
      const content = new IFrame({ sandbox: [] });
      const page = api.executedPage(what.run, what.asset).then(url => {
        content.url = url;
      });
      tab = new MainAreaWidget({ content, reveal: page });
      tab.id = id;
      tab.addClass('jp-Daglab-executed');
      describe(tab, what, trans);
      this.shown.set(tab, what);
      this.add(tab);
      await this.executed.add(tab);
    }
    this.activate(tab.id);
  }

  /** Have all tabs come back after a reload. */
  restore(restorer: ILayoutRestorer): void {
    void restorer.restore(this.list, {
      command: CommandIDs.openRuns,
      args: panel => ({ ...panel.model.view.filter }),
      name: () => 'runs'
    });
    void restorer.restore(this.runs, {
      command: CommandIDs.openRun,
      args: panel => ({ id: panel.model.id }),
      name: panel => panel.model.id
    });
    void restorer.restore(this.executed, {
      command: CommandIDs.openExecuted,
      args: tab => ({ id: this.shown.get(tab)?.run ?? '', asset: this.shown.get(tab)?.asset ?? '' }),
      name: tab => tab.id
    });
  }

  private readonly shown = new WeakMap<ExecutedTab, IExecuted>();
}

function describe(tab: ExecutedTab, { run, asset }: IExecuted, trans: IRenderMime.TranslationBundle): void {
  tab.title.label = trans.__('%1, executed', shortName(asset));
  tab.title.caption = trans.__('%1 as run %2 has executed it', asset, run);
  tab.title.icon = executedIcon;
  tab.title.closable = true;
  tab.content.node.querySelector('iframe')?.setAttribute('title', tab.title.caption);
}
