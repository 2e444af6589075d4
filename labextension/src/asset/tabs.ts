/** Panels of assets, each in a tab of the main area. */

import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { Widget } from '@lumino/widgets';
import type { IContext } from '../actions/context';
import { daglabIcon } from '../icons';
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
