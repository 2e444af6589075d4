/** Panels of assets, and executed notebooks, each in a tab of the main area. */

import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { notebookIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import type { IContext } from '../actions/context';
import { faultOf } from '../data/api';
import { daglabIcon } from '../icons';
import { sentence } from '../model/words';
import { shortName } from '../model/tree';
import { AssetModel } from './model';
import { AssetContent } from './panel';

export type AssetTab = MainAreaWidget<AssetContent>;

/** Puts a tab into the main area, or brings it to the front where it is there already. */
export type Show = (tab: Widget) => void;

export class AssetTabs {
  readonly tracker = new WidgetTracker<AssetTab>({ namespace: 'daglab-asset' });

  constructor(
    private readonly context: IContext,
    private readonly rendermime: IRenderMimeRegistry | null,
    private readonly show: Show,
    /** Gives a new tab its toolbar. */
    private readonly equip: (tab: AssetTab) => void
  ) {}

  /** Show the asset's panel; there is one of each. */
  async open(key: string): Promise<AssetTab> {
    const known = this.tracker.find(tab => tab.content.model.key === key);
    const tab = known ?? this.create(key);
    this.show(tab);
    if (!known) {
      await this.tracker.add(tab);
    }
    return tab;
  }

  private create(key: string): AssetTab {
    const { context, rendermime } = this;
    const { api, store, trans } = context;
    const content = new AssetContent(new AssetModel(key, api, store), { context, rendermime });
    const tab = new MainAreaWidget({ content });
    tab.id = `daglab-asset-${encodeURIComponent(key)}`;
    tab.addClass('jp-Daglab-assetTab');
    tab.title.label = shortName(key);
    tab.title.caption = trans.__('Asset %1', key);
    tab.title.icon = daglabIcon;
    tab.title.closable = true;
    tab.toolbar.node.setAttribute('aria-label', trans.__('Asset actions'));
    this.equip(tab);
    return tab;
  }
}

/** What an executed notebook is found by. */
export interface IExecuted {
  readonly run_id: string;
  readonly key: string;
}

export class ExecutedTabs {
  readonly tracker = new WidgetTracker<MainAreaWidget>({ namespace: 'daglab-executed' });

  constructor(
    private readonly context: IContext,
    private readonly show: Show
  ) {}

  /** What is in a tab. */
  of(tab: MainAreaWidget): IExecuted {
    return this.notebooks.get(tab) ?? { run_id: '', key: '' };
  }

  async open(notebook: IExecuted): Promise<MainAreaWidget> {
    const id = idOf(notebook);
    const known = this.tracker.find(tab => tab.id === id);
    const tab = known ?? this.create(notebook);
    this.show(tab);
    if (!known) {
      await this.tracker.add(tab);
    }
    return tab;
  }

  private create(notebook: IExecuted): MainAreaWidget {
    const { api, trans } = this.context;
    const { run_id, key } = notebook;
    const frame = document.createElement('iframe');
    // Nothing runs in it, and it belongs to no origin.
    frame.setAttribute('sandbox', '');
    frame.title = trans.__('%1 as run %2 has executed it', key, run_id.slice(0, 8));
    const content = new Widget();
    content.addClass('jp-Daglab-executed');
    content.node.append(frame);
    const page = api.executedPage(run_id, key).then(
      html => {
        frame.srcdoc = html;
      },
      (error: unknown) => {
        const { message, remedy } = faultOf(error);
        throw new Error(remedy ? `${message} ${sentence(remedy)}` : message);
      }
    );
    const tab = new MainAreaWidget({ content, reveal: page });
    tab.id = idOf(notebook);
    tab.title.label = trans.__('%1 (run %2)', shortName(key), run_id.slice(0, 8));
    tab.title.caption = frame.title;
    tab.title.icon = notebookIcon;
    tab.title.closable = true;
    this.notebooks.set(tab, notebook);
    return tab;
  }

  private readonly notebooks = new WeakMap<MainAreaWidget, IExecuted>();
}

function idOf({ run_id, key }: IExecuted): string {
  return `daglab-executed-${run_id}-${encodeURIComponent(key)}`;
}
