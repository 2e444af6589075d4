/** Notebooks open in marimo, each in a tab of the main area. */

import { IFrame, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { Widget } from '@lumino/widgets';
import type { Api } from './data/api';
import { marimoIcon } from './icons';

type MarimoTab = MainAreaWidget<IFrame>;

/** The tabs; `path` is the notebook's, relative to the server's root. */
export class MarimoTabs {
  readonly tracker = new WidgetTracker<MarimoTab>({ namespace: 'daglab-marimo' });

  constructor(
    private readonly api: Api,
    private readonly add: (tab: Widget) => void,
    private readonly activate: (id: string) => void
  ) {}

  /** The path of the notebook in a tab. */
  pathOf(tab: MarimoTab): string {
    return this.paths.get(tab) ?? '';
  }

  /** Bring the notebook's tab to the front; it is made where there is none. */
  async open(path: string): Promise<MarimoTab> {
    const tab = this.tracker.find(one => this.pathOf(one) === path) ?? (await this.create(path));
    this.activate(tab.id);
    return tab;
  }

  private async create(path: string): Promise<MarimoTab> {
    // marimo's page is the user's own code on the user's own server: the sandbox only keeps it from
    // navigating JupyterLab away.
    const content = new IFrame({
      sandbox: [
        'allow-scripts',
        'allow-same-origin',
        'allow-forms',
        'allow-downloads',
        'allow-modals',
        'allow-popups'
      ]
    });
    const page = this.api.openInMarimo(path).then(url => {
      content.url = url;
    });
    const tab = new MainAreaWidget({ content, reveal: page });
    tab.id = `daglab-marimo-${encodeURIComponent(path)}`;
    tab.addClass('jp-Daglab-marimo');
    tab.title.label = PathExt.basename(path);
    tab.title.caption = `${path} (marimo)`;
    tab.title.icon = marimoIcon;
    tab.title.closable = true;
    this.paths.set(tab, path);
    this.add(tab);
    await this.tracker.add(tab);
    return tab;
  }

  private readonly paths = new WeakMap<MarimoTab, string>();
}
