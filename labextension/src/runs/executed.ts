/** Executed notebooks, each in a tab of the main area, on a page on which nothing runs. */

import type { ILayoutRestorer } from '@jupyterlab/application';
import { IFrame, MainAreaWidget, showErrorMessage, WidgetTracker } from '@jupyterlab/apputils';
import type { Widget } from '@lumino/widgets';
import type { IContext } from '../actions/context';
import { CommandIDs } from '../commands';
import { shortName } from '../model/tree';
import { executedIcon } from './icons';

type ExecutedTab = MainAreaWidget<IFrame>;

/** Which executed notebook: of a run, and the asset with this key. */
interface IExecuted {
  readonly run_id: string;
  readonly key: string;
}

/** `show` puts a tab into the main area, or brings it to the front; null where there are none (Notebook 7). */
export function addExecuted(context: IContext, show: ((tab: Widget) => void) | null, restorer: ILayoutRestorer | null): void {
  const { api, commands, trans } = context;
  const tracker = new WidgetTracker<ExecutedTab>({ namespace: 'daglab-executed' });
  const shown = new WeakMap<Widget, IExecuted>();
  commands.addCommand(CommandIDs.openExecuted, {
    label: trans.__('Open executed notebook'),
    caption: trans.__('Show the notebook of an asset as a run has executed it, with its outputs'),
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
    isEnabled: args => typeof args['run_id'] === 'string' && typeof args['key'] === 'string',
    execute: async args => {
      const what = { run_id: String(args['run_id']), key: String(args['key']) };
      const known = tracker.find(tab => idOf(shown.get(tab)) === idOf(what));
      if (known) {
        show?.(known);
      } else if (show) {
        const tab = newTab(context, what);
        shown.set(tab, what);
        show(tab);
        await tracker.add(tab);
      } else {
        try {
          window.open(await api.executedPage(what.run_id, what.key), '_blank', 'noopener');
        } catch (error) {
          await showErrorMessage(trans.__('The executed notebook did not open'), (error as Error).message);
        }
      }
    }
  });
  if (show) {
    void restorer?.restore(tracker, {
      command: CommandIDs.openExecuted,
      args: tab => ({ ...shown.get(tab) }),
      name: tab => tab.id
    });
  }
}

function newTab({ api, trans }: IContext, what: IExecuted): ExecutedTab {
  const { run_id, key } = what;
  // Nothing of the page may run, or reach JupyterLab; what makes it strips scripts, and its policy says the same.
  const content = new IFrame({ sandbox: [] });
  const page = api.executedPage(run_id, key).then(url => {
    content.url = url;
  });
  const tab = new MainAreaWidget({ content, reveal: page });
  tab.id = idOf(what);
  tab.addClass('jp-Daglab-executed');
  tab.title.label = trans.__('%1, executed', shortName(key));
  tab.title.caption = trans.__('%1 as run %2 has executed it', key, run_id);
  tab.title.icon = executedIcon;
  tab.title.closable = true;
  content.node.querySelector('iframe')?.setAttribute('title', tab.title.caption);
  return tab;
}

function idOf(what: IExecuted | undefined): string {
  return what ? `daglab-executed-${what.run_id}-${encodeURIComponent(what.key)}` : '';
}
