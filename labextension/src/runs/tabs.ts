/** The tabs of the main area: the list of runs, and one for each run. */

import type { ILayoutRestorer } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import type { Widget } from '@lumino/widgets';
import type { IContext } from '../actions/context';
import { CommandIDs } from '../commands';
import type { IRunFilter } from '../model/runList';
import { RunsModel } from './listModel';
import { RunsPanel } from './listPanel';
import { RunModel } from './runModel';
import { RunPanel } from './runPanel';

export class RunTabs {
  readonly list = new WidgetTracker<RunsPanel>({ namespace: 'daglab-runs' });
  readonly runs = new WidgetTracker<RunPanel>({ namespace: 'daglab-run' });

  constructor(
    private readonly context: IContext,
    private readonly add: (tab: Widget) => void,
    private readonly activate: (id: string) => void
  ) {}

  /** Bring the list to the front, showing these runs; where no filter is given, those that it showed. */
  async openList(filter: IRunFilter | null): Promise<void> {
    let panel = this.list.find(() => true) ?? null;
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
  }
}
