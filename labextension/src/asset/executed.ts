/** Executed notebooks, each in a tab of the main area. */

import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { PromiseDelegate } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { IContext } from '../actions/context';
import { faultOf } from '../data/api';
import { shortId } from '../model/runTexts';
import { shortName } from '../model/tree';
import { sentence } from '../model/words';
import { executedIcon } from '../runs/icons';
import type { Show } from './tabs';

/** What an executed notebook is found by. */
export interface IExecuted {
  readonly run_id: string;
  readonly key: string;
}

export class ExecutedTabs {
  readonly tracker = new WidgetTracker<ExecutedTab>({ namespace: 'daglab-executed' });

  constructor(
    private readonly context: IContext,
    private readonly show: Show
  ) {}

  async open(notebook: IExecuted): Promise<ExecutedTab> {
    const id = idOf(notebook);
    const known = this.tracker.find(tab => tab.id === id);
    const tab = known ?? new ExecutedTab(notebook, this.context);
    this.show(tab);
    if (!known) {
      await this.tracker.add(tab);
    }
    return tab;
  }
}

/** It is loaded when it is first seen: to make its page is work for the server. */
class ExecutedTab extends MainAreaWidget {
  constructor(
    readonly notebook: IExecuted,
    { api, trans }: IContext
  ) {
    const { run_id, key } = notebook;
    const run = shortId(run_id);
    const frame = document.createElement('iframe');
    // Nothing runs in it, and it belongs to no origin.
    frame.setAttribute('sandbox', '');
    frame.title = trans.__('%1 as run %2 has executed it', key, run);
    const load = async (): Promise<void> => {
      try {
        frame.srcdoc = await api.executedPage(run_id, key);
      } catch (error) {
        const { message, remedy } = faultOf(error);
        throw new Error(remedy ? `${message} ${sentence(remedy)}` : message);
      }
    };
    const seen = new PromiseDelegate<void>();
    const content = new Widget();
    content.addClass('jp-Daglab-executed');
    content.node.append(frame);
    super({ content, reveal: seen.promise.then(load) });
    this.seen = seen;
    this.id = idOf(notebook);
    this.title.label = trans.__('%1 (run %2)', shortName(key), run);
    this.title.caption = frame.title;
    this.title.icon = executedIcon;
    this.title.closable = true;
    this.toolbar.hide(); // there is nothing in it
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this.seen.resolve();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.seen.resolve();
  }

  private readonly seen: PromiseDelegate<void>;
}

function idOf({ run_id, key }: IExecuted): string {
  return `daglab-executed-${run_id}-${encodeURIComponent(key)}`;
}
