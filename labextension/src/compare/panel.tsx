/** The view of one pair: both halves side by side, what differs, and the choice between them. */

import { MainAreaWidget } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IContext } from '../actions/context';
import { compareIcon } from '../icons';
import { Content } from './content';
import { CompareModel } from './model';

/** A tab of the main area about the pair of which `path` is a half. */
export class ComparePanel extends MainAreaWidget<CompareView> {
  constructor(
    readonly path: string,
    context: IContext
  ) {
    super({ content: new CompareView(context, new CompareModel(path, context.api, context.store)) });
    const { trans } = context;
    const name = PathExt.basename(path).replace(/\.(py|ipynb)$/, '');
    this.id = `daglab-compare-${encodeURIComponent(path)}`;
    this.title.label = trans.__('Compare %1', name);
    this.title.caption = trans.__('Both halves of %1', path);
    this.title.icon = compareIcon;
    this.title.closable = true;
    this.toolbar.hide(); // there is nothing in it
  }
}

export class CompareView extends ReactWidget {
  constructor(
    private readonly context: IContext,
    private readonly model: CompareModel
  ) {
    super();
    this.addClass('jp-Daglab-compare');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', context.trans.__('Both halves of %1', model.path));
    this.node.tabIndex = 0; // it scrolls
  }

  override dispose(): void {
    this.model.dispose();
    super.dispose();
  }

  protected override render(): React.ReactElement {
    const { context, model } = this;
    return (
      <UseSignal signal={model.changed} initialSender={model}>
        {() => <Content context={context} model={model} view={model.view} />}
      </UseSignal>
    );
  }
}
