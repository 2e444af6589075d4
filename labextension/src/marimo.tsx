/** Notebooks open in marimo, each in a tab of the main area. */

import { IFrame, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ReactWidget } from '@jupyterlab/ui-components';
import { type Widget, Panel } from '@lumino/widgets';
import * as React from 'react';
import { type Api, faultOf } from './data/api';
import type { WorkspaceStore } from './data/store';
import { marimoIcon } from './icons';
import type { Fault } from './model/asset';
import type { IMarimoChange } from './model/events';
import { Banner, Empty } from './sidebar/notice';

type Trans = IRenderMime.TranslationBundle;
type MarimoTab = MainAreaWidget<MarimoPage>;
/**
 * `ended`: marimo has died or was stopped while the page was open; `back`: since then the page has found another one.
 */
type PageState = 'opening' | 'open' | 'ended' | 'back' | 'failed';

export interface IMarimoTabsOptions {
  readonly api: Api;
  readonly store: WorkspaceStore;
  readonly trans: Trans;
  readonly add: (tab: Widget) => void;
  readonly activate: (id: string) => void;
}

/** The tabs; `path` is the notebook's, relative to the server's root. */
export class MarimoTabs {
  readonly tracker = new WidgetTracker<MarimoTab>({ namespace: 'daglab-marimo' });

  constructor(private readonly options: IMarimoTabsOptions) {
    const { api, store } = options;
    store.marimoChanged.connect((_, change) => this.pages().forEach(page => page.hear(change)));
    store.missed.connect(() => {
      if (this.tracker.size > 0) {
        void api
          .get('/marimo', {})
          .then(({ running }) => running || this.pages().forEach(page => page.end()))
          .catch(() => undefined); // the sidebar tells that the server is away
      }
    });
  }

  /** The path of the notebook in a tab. */
  pathOf(tab: MarimoTab): string {
    return tab.content.path;
  }

  /** Whether there is a tab of the notebook. */
  has(path: string): boolean {
    return this.tracker.find(tab => this.pathOf(tab) === path) !== undefined;
  }

  /** Bring the notebook's tab to the front; it is made where there is none. */
  async open(path: string): Promise<MarimoTab> {
    const tab = this.tracker.find(one => this.pathOf(one) === path) ?? (await this.create(path));
    this.options.activate(tab.id);
    return tab;
  }

  private async create(path: string): Promise<MarimoTab> {
    const { api, trans, add } = this.options;
    const content = new MarimoPage(path, api, trans);
    const tab = new MainAreaWidget({ content });
    tab.id = `daglab-marimo-${encodeURIComponent(path)}`;
    tab.addClass('jp-Daglab-marimo');
    tab.title.label = PathExt.basename(path);
    tab.title.caption = trans.__('%1 (marimo)', path);
    tab.title.icon = marimoIcon;
    tab.title.closable = true;
    add(tab);
    await this.tracker.add(tab);
    return tab;
  }

  private pages(): readonly MarimoPage[] {
    const pages: MarimoPage[] = [];
    this.tracker.forEach(tab => pages.push(tab.content));
    return pages;
  }
}

/** marimo's page of one notebook, and what is to be said of it. */
class MarimoPage extends Panel {
  constructor(
    readonly path: string,
    private readonly api: Api,
    trans: Trans
  ) {
    super();
    this.addClass('jp-Daglab-marimoPage');
    this.notice = new Notice(trans, {
      load: () => void this.load(),
      dismiss: () => this.become('open', null)
    });
    // marimo's page is the user's own code on the user's own server: the sandbox only keeps it from
    // navigating JupyterLab away.
    this.frame = new IFrame({
      sandbox: [
        'allow-scripts',
        'allow-same-origin',
        'allow-forms',
        'allow-downloads',
        'allow-modals',
        'allow-popups'
      ]
    });
    this.frame.node.querySelector('iframe')?.setAttribute('title', trans.__('%1 in marimo', PathExt.basename(path)));
    this.addWidget(this.notice);
    this.addWidget(this.frame);
    void this.load();
  }

  /** marimo has started or ended. */
  hear({ event, sessions }: IMarimoChange): void {
    if (event === 'died' || event === 'stopped') {
      this.end();
    } else if (this.state === 'ended' && sessions.some(session => session.path === this.path)) {
      this.become('back', null);
    }
  }

  /** marimo doesn't run any more. What its page shows stays, to be copied from. */
  end(): void {
    if (this.state === 'open' || this.state === 'back') {
      this.become('ended', null);
    }
  }

  /** Open the page, for which marimo is started where it doesn't run. */
  private async load(): Promise<void> {
    if (this.state === 'opening') {
      return;
    }
    this.become('opening', null);
    try {
      const url = await this.api.openInMarimo(this.path);
      this.frame.url = 'about:blank'; // the same address again would change nothing
      this.frame.url = url;
      this.become('open', null);
    } catch (error) {
      this.become('failed', faultOf(error));
    }
  }

  private become(state: PageState, fault: Fault | null): void {
    if (!this.isDisposed) {
      this.state = state;
      this.notice.tell(state, fault);
      this.notice.setHidden(state === 'open');
      this.frame.setHidden(state === 'opening' || state === 'failed');
    }
  }

  private state: PageState | null = null;
  private readonly notice: Notice;
  private readonly frame: IFrame;
}

class Notice extends ReactWidget {
  constructor(
    private readonly trans: Trans,
    private readonly actions: { readonly load: () => void; readonly dismiss: () => void }
  ) {
    super();
    this.addClass('jp-Daglab-marimoNotice');
  }

  tell(state: PageState, fault: Fault | null): void {
    [this.state, this.fault] = [state, fault];
    this.update();
  }

  protected override render(): React.ReactElement | null {
    const { trans, fault } = this;
    const { load, dismiss } = this.actions;
    switch (this.state) {
      case 'opening':
        return <Empty title={trans.__('Opening the notebook in marimo')} text={trans.__('marimo takes some seconds to start.')} busy />;
      case 'failed':
        return (
          <Empty
            title={trans.__('marimo did not open')}
            text={fault?.message}
            remedy={fault?.remedy}
            actions={[{ label: trans.__('Try again'), run: load }]}
          />
        );
      case 'ended':
        return (
          <Banner
            tone="error"
            title={trans.__('marimo has ended')}
            text={trans.__('Variables are gone, and what is edited below is not saved any more. What was saved is on disk.')}
            actions={[{ label: trans.__('Restart marimo'), run: load }]}
          />
        );
      case 'back':
        return (
          <Banner
            tone="warning"
            title={trans.__('marimo was started again')}
            text={trans.__('The notebook is connected. Its variables are gone: run its cells again.')}
            actions={[{ label: trans.__('Dismiss'), run: dismiss }]}
          />
        );
      case 'open':
        return null;
    }
  }

  private state: PageState = 'opening';
  private fault: Fault | null = null;
}
