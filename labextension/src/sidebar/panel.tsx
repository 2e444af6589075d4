/** The sidebar's content: search, notices, tree, and a line that counts. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { CommandIDs } from '../commands';
import { Footer } from './footer';
import type { IView, SidebarModel } from './model';
import { Notices } from './notices';
import { SearchBox } from './search';
import { EmptyState, FaultState } from './states';
import { AssetTree } from './tree';

export interface IPanelProps {
  readonly model: SidebarModel;
  readonly commands: CommandRegistry;
  readonly trans: IRenderMime.TranslationBundle;
  /** This front end's version. */
  readonly version: string;
}

export type PanelProps = IPanelProps & { readonly view: IView };

export class AssetPanel extends ReactWidget {
  constructor(private readonly props: IPanelProps) {
    super();
    this.addClass('jp-Daglab-panel');
  }

  /** Give the search field the keyboard. */
  focusSearch(): void {
    this.node.querySelector<HTMLInputElement>('.jp-Daglab-search input')?.focus();
  }

  protected override render(): React.ReactElement {
    const { model } = this.props;
    return (
      <UseSignal signal={model.changed} initialSender={model}>
        {() => <Panel {...this.props} view={model.view} />}
      </UseSignal>
    );
  }
}

function Panel(props: PanelProps): React.ReactElement {
  const { view, model, commands, trans } = props;
  return (
    <>
      <SearchBox
        value={view.search}
        fault={view.searchFault}
        onChange={text => model.search(text)}
        trans={trans}
      />
      <Notices {...props} />
      <Content {...props} />
      <Footer
        view={view}
        selected={model.selected.length}
        onSearch={text => model.search(text)}
        onRuns={() => void commands.execute(CommandIDs.openRuns)}
        trans={trans}
      />
    </>
  );
}

function Content(props: PanelProps): React.ReactElement {
  const { view, model, commands, trans } = props;
  const { assets, fault } = view.workspace;
  if (assets === null) {
    return fault ? (
      <FaultState {...props} fault={fault} />
    ) : (
      <p className="jp-Daglab-loading" role="status">
        {trans.__('Asking Dagster for its assets…')}
      </p>
    );
  }
  if (view.rows.length === 0) {
    return <EmptyState {...props} />;
  }
  return (
    <AssetTree
      rows={view.rows}
      selection={view.selection}
      pairs={view.workspace.pairs}
      trans={trans}
      model={model}
      commands={commands}
    />
  );
}
