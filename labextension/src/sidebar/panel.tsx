/** The sidebar's content: search, notices, tree, and a line about Dagster. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { CommandIDs } from '../commands';
import type { IFolderRow, Row } from '../model/tree';
import type { AssetStore, ISnapshot } from '../store';
import { Banner, Empty, FaultState, faultTitle } from './notice';
import { SearchBox } from './search';
import { AssetTree } from './tree';

interface IPanelOptions {
  readonly store: AssetStore;
  readonly commands: CommandRegistry;
  readonly trans: IRenderMime.TranslationBundle;
  /** This front end's version. */
  readonly version: string;
}

export class AssetPanel extends ReactWidget {
  constructor(private readonly options: IPanelOptions) {
    super();
    this.addClass('jp-Daglab-panel');
  }

  protected override render(): React.ReactElement {
    const { store } = this.options;
    return (
      <UseSignal signal={store.changed} initialSender={store}>
        {() => <Panel {...this.options} snapshot={store.snapshot} />}
      </UseSignal>
    );
  }
}

function Panel(props: IPanelOptions & { readonly snapshot: ISnapshot }): React.ReactElement {
  const { snapshot, store, trans } = props;
  return (
    <>
      <SearchBox value={snapshot.search} onChange={text => store.search(text)} trans={trans} />
      <Notices {...props} />
      <Content {...props} />
      <Footer snapshot={snapshot} trans={trans} />
    </>
  );
}

function Content(props: IPanelOptions & { readonly snapshot: ISnapshot }): React.ReactElement {
  const { snapshot, store, commands, trans } = props;
  const { assets, fault, rows } = snapshot;
  const retry = (): void => void store.refresh();
  if (assets === null) {
    return fault ? (
      <FaultState fault={fault} trans={trans} onRetry={retry} />
    ) : (
      <p className="jp-Daglab-loading" role="status">
        {trans.__('Asking Dagster for its assets…')}
      </p>
    );
  }
  if (assets.length === 0) {
    const failed = snapshot.status?.dagster.locations?.some(location => location.error !== null);
    return (
      <Empty
        title={trans.__('No assets')}
        text={
          failed
            ? trans.__('The code location failed to load; its error is above.')
            : trans.__('Dagster runs, and its code locations define no assets.')
        }
        remedy={trans.__('Make a notebook an asset with a `[tool.daglab]` header, then reload the code location.')}
        action={{ label: trans.__('Refresh'), run: retry }}
      />
    );
  }
  if (rows.length === 0) {
    return (
      <Empty
        title={trans.__('No asset matches')}
        text={trans.__('None of %1 assets has “%2” in its key, group or kinds.', assets.length, snapshot.search.trim())}
        action={{ label: trans.__('Clear search'), run: () => store.search('') }}
      />
    );
  }
  const expand = (row: IFolderRow, expanded: boolean): void => store.setExpanded(row.id, expanded);
  const open = (row: Row): void => {
    if (row.kind !== 'asset') {
      expand(row, !row.expanded);
    } else if (row.asset.notebook !== null) {
      void commands.execute(CommandIDs.openInMarimo, { key: row.asset.key });
    }
  };
  return (
    <AssetTree
      rows={rows}
      active={snapshot.active}
      trans={trans}
      onActivate={id => store.activate(id)}
      onExpand={expand}
      onOpen={open}
    />
  );
}

function Notices(props: IPanelOptions & { readonly snapshot: ISnapshot }): React.ReactElement {
  const { snapshot, trans, version } = props;
  const { status, fault, assets } = snapshot;
  return (
    <>
      {fault && assets !== null ? (
        <Banner
          tone="error"
          title={faultTitle(fault, trans)}
          text={trans.__('What you see is its last answer. %1', fault.message)}
        />
      ) : null}
      {status && status.version !== version ? (
        <Banner
          tone="warning"
          title={trans.__('Two versions of daglab')}
          text={trans.__('The server has %1, this page %2. Restart Jupyter and reload.', status.version, version)}
        />
      ) : null}
      {status?.dagster.locations?.map(location =>
        location.error === null ? null : (
          <Banner
            key={location.name}
            tone="error"
            title={trans.__('%1 failed to load', location.name)}
            text={location.error}
          />
        )
      )}
      {status?.dagster.launch_problem ? (
        <Banner
          tone="warning"
          title={status.dagster.launch_problem}
          text={trans.__('Runs will stay queued until one runs: start Dagster with `dagster dev`.').replace(/`/g, '')}
        />
      ) : null}
    </>
  );
}

function Footer(props: {
  readonly snapshot: ISnapshot;
  readonly trans: IRenderMime.TranslationBundle;
}): React.ReactElement | null {
  const { snapshot, trans } = props;
  const { assets, status, fault } = snapshot;
  if (assets === null || !status || fault) {
    return null;
  }
  const running = assets.filter(asset => asset.status === 'running').length;
  return (
    <div className="jp-Daglab-footer">
      <span>{trans._n('%1 asset', '%1 assets', assets.length)}</span>
      {running ? <span>{trans.__('%1 running', running)}</span> : null}
      <span className="jp-Daglab-version">{trans.__('Dagster %1', status.dagster.version ?? '')}</span>
    </div>
  );
}
