/** The panel of runs: filters, a live list, and the way to more. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { CommandIDs } from '../commands';
import type { WorkspaceStore } from '../data/store';
import type { Run } from '../model/asset';
import { ALL_RUNS } from '../model/runList';
import { runStatusText, runTone, shortId, whatRuns } from '../model/runTexts';
import { Button } from '../sidebar/button';
import { Banner, Empty } from '../sidebar/notice';
import { FaultState, faultActions, faultTitle } from '../sidebar/states';
import { Filters } from './filters';
import { runsIcon, ToneIcon } from './icons';
import type { RunsModel } from './listModel';
import { Progress } from './progress';
import { Took, When } from '../sidebar/time';

interface IRunsProps {
  readonly model: RunsModel;
  readonly store: WorkspaceStore;
  readonly commands: CommandRegistry;
  readonly trans: IRenderMime.TranslationBundle;
}

export class RunsPanel extends ReactWidget {
  constructor(private readonly props: IRunsProps) {
    super();
    const { trans } = props;
    this.addClass('jp-Daglab-runs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Runs'));
    this.node.tabIndex = -1;
    this.title.label = trans.__('Runs');
    this.title.caption = trans.__('Runs of Dagster');
    this.title.icon = runsIcon;
    this.title.closable = true;
  }

  get model(): RunsModel {
    return this.props.model;
  }

  override dispose(): void {
    this.model.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.visible = true;
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.model.visible = this.isVisible;
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.model.visible = false;
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  protected override render(): React.ReactElement {
    const { model } = this.props;
    return (
      <UseSignal signal={model.changed} initialSender={model}>
        {() => <Runs {...this.props} />}
      </UseSignal>
    );
  }
}

function Runs(props: IRunsProps): React.ReactElement {
  const { model, store, commands, trans } = props;
  const { runs, filter, more, loadingMore, fault, jobs } = model.view;
  const retry = (): void => void model.reload();
  return (
    <>
      <header className="jp-Daglab-pageHead">
        <h2>{trans.__('Runs')}</h2>
        <Filters
          filter={filter}
          jobs={jobs ?? []}
          assets={store.state.assets ?? []}
          onChange={part => model.setFilter(part)}
          trans={trans}
        />
      </header>
      {fault && runs ? (
        <Banner
          tone="error"
          title={faultTitle(fault, trans)}
          text={trans.__('What you see is its last answer.')}
          actions={faultActions(fault, { commands, trans }, retry)}
        />
      ) : null}
      {fault && !runs ? <FaultState fault={fault} commands={commands} trans={trans} retry={retry} /> : null}
      {runs === null && !fault ? (
        <p className="jp-Daglab-loading" role="status">
          {trans.__('Asking Dagster for its runs…')}
        </p>
      ) : null}
      {runs?.length === 0 && !more ? <NoRuns {...props} /> : null}
      {runs?.length ? <Table runs={runs} commands={commands} trans={trans} /> : null}
      {runs ? (
        <footer className="jp-Daglab-more">
          <span role="status">{runs.length ? trans._n('%1 run', '%1 runs', runs.length) : ''}</span>
          {more ? (
            <Button enabled={!loadingMore} onClick={() => void model.loadMore()}>
              {loadingMore ? trans.__('Loading…') : trans.__('Load more')}
            </Button>
          ) : null}
        </footer>
      ) : null}
    </>
  );
}

function NoRuns({ model, commands, trans }: IRunsProps): React.ReactElement {
  const { filter } = model.view;
  return Object.values(filter).some(value => value !== null) ? (
    <Empty
      title={trans.__('No run matches')}
      text={trans.__('None of Dagster’s runs is of this status, job and asset.')}
      actions={[{ label: trans.__('Show all runs'), run: () => model.setFilter(ALL_RUNS) }]}
    />
  ) : (
    <Empty
      title={trans.__('No runs yet')}
      text={trans.__('Dagster has not run anything.')}
      remedy={trans.__('Select an asset in the sidebar and materialize it')}
      actions={[{ label: trans.__('Show assets'), run: () => void commands.execute(CommandIDs.searchAssets) }]}
    />
  );
}

function Table(props: Pick<IRunsProps, 'commands' | 'trans'> & { readonly runs: readonly Run[] }): React.ReactElement {
  const { runs, commands, trans } = props;
  const heads = [trans.__('Status'), trans.__('Run'), trans.__('Launched'), trans.__('Duration'), trans.__('Progress')];
  return (
    <div role="table" aria-label={trans.__('Runs')} className="jp-Daglab-runTable" onKeyDown={walk}>
      <div role="row" className="jp-Daglab-runHead">
        {heads.map(head => (
          <span key={head} role="columnheader">
            {head}
          </span>
        ))}
      </div>
      {runs.map(run => (
        <Row key={run.id} run={run} commands={commands} trans={trans} />
      ))}
    </div>
  );
}

const Row = React.memo(function Row(
  props: Pick<IRunsProps, 'commands' | 'trans'> & { readonly run: Run }
): React.ReactElement {
  const { run, commands, trans } = props;
  const open = (): void => void commands.execute(CommandIDs.openRun, { id: run.id });
  return (
    <div role="row" className="jp-Daglab-run" data-run={run.id} onClick={open}>
      <span role="cell" className="jp-Daglab-runStatus">
        <ToneIcon tone={runTone(run.status)} />
        {runStatusText(run.status, trans)}
      </span>
      <span role="cell" className="jp-Daglab-runWhat">
        <button
          type="button"
          className="jp-Daglab-link"
          title={run.assets.length ? run.assets.slice(0, 20).join('\n') : run.job}
          onClick={event => {
            event.stopPropagation();
            open();
          }}
        >
          {whatRuns(run, trans)}
        </button>
        {run.partition === null ? null : <span className="jp-Daglab-kind">{run.partition}</span>}
        <span className="jp-Daglab-note">
          {run.parent_run_id === null
            ? shortId(run.id)
            : trans.__('%1, runs %2 again', shortId(run.id), shortId(run.parent_run_id))}
        </span>
      </span>
      <span role="cell">
        <When at={run.created_at} trans={trans} />
      </span>
      <span role="cell">
        {run.started_at === null ? null : <Took from={run.started_at} to={run.ended_at} trans={trans} />}
      </span>
      <span role="cell">{run.final ? null : <RunProgress run={run} trans={trans} />}</span>
    </div>
  );
});

/** The steps of a run that are done. */
export function RunProgress({ run, trans }: Pick<IRunsProps, 'trans'> & { readonly run: Run }): React.ReactElement {
  const { steps_done: done, steps_total: total } = run;
  const text = total
    ? trans.__('%1 of %2', done, trans._n('%1 step', '%1 steps', total))
    : trans._n('%1 step done', '%1 steps done', done);
  return <Progress done={done} total={total} text={text} />;
}

/** Arrows go from run to run. */
function walk(event: React.KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('.jp-Daglab-link')];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = step === undefined || at < 0 ? undefined : links[at + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}
