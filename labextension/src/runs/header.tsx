/** What a run is, how it stands, and what can be done with it. */

import { Clipboard } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { copyIcon, refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { CommandIDs } from '../commands';
import type { WorkspaceStore } from '../data/store';
import { dagsterIcon } from '../icons';
import type { Run } from '../model/asset';
import { givenTags, launchedBy, runStatusText, runTone, shortId, whatRuns } from '../model/runTexts';
import { Button } from '../sidebar/button';
import { Icon } from '../sidebar/icon';
import { LinkButton } from '../sidebar/linkButton';
import { executedIcon, ToneIcon } from './icons';
import { RunProgress } from './listPanel';
import { Took, When } from '../sidebar/time';

/** Assets that are named; of more the first ones. */
const MOST_ASSETS = 12;

interface IHeaderProps {
  readonly run: Run;
  readonly store: WorkspaceStore;
  readonly commands: CommandRegistry;
  readonly trans: IRenderMime.TranslationBundle;
}

export function RunHeader(props: IHeaderProps): React.ReactElement {
  const { run, trans } = props;
  return (
    <header className="jp-Daglab-pageHead">
      <div className="jp-Daglab-runTitle">
        <h2>{whatRuns(run, trans)}</h2>
        <span className="jp-Daglab-runStatus" role="status">
          <ToneIcon tone={runTone(run.status)} />
          {runStatusText(run.status, trans)}
        </span>
        {run.final ? null : <RunProgress run={run} trans={trans} />}
      </div>
      <Actions {...props} />
      <Facts {...props} />
    </header>
  );
}

function Actions({ run, store, commands, trans }: IHeaderProps): React.ReactElement {
  const { id } = run;
  // A launch may take some seconds, and must not be asked for twice.
  const [busy, setBusy] = React.useState<string | null>(null);
  const act = async (label: string, command: string, args: object): Promise<void> => {
    setBusy(label);
    await commands.execute(command, { id, ...args }).catch(() => undefined); // told by the command
    setBusy(null);
  };
  const writable = !store.state.status?.read_only;
  const button = (label: string, icon: LabIcon, command: string, args: object, primary = false): React.ReactElement => (
    <Button
      key={label}
      className={`jp-Daglab-button${primary ? ' jp-mod-primary' : ''}${label === busy ? ' jp-mod-busy' : ''}`}
      enabled={busy === null}
      busy={label === busy}
      onClick={() => void act(label, command, args)}
    >
      <Icon icon={icon} />
      {label}
    </Button>
  );
  const actions: React.ReactElement[] = [];
  if (writable && run.can_terminate && run.status !== 'CANCELING') {
    actions.push(button(trans.__('Terminate'), stopIcon, CommandIDs.terminateRun, {}));
  }
  if (writable && run.status === 'CANCELING') {
    actions.push(button(trans.__('Mark as canceled'), stopIcon, CommandIDs.terminateRun, { force: true }));
  }
  if (writable && run.status === 'FAILURE') {
    const args = { strategy: 'from_failure' };
    actions.push(button(trans.__('Re-execute from failure'), refreshIcon, CommandIDs.reexecuteRun, args, true));
  }
  if (writable && run.final) {
    actions.push(button(trans.__('Re-execute all'), refreshIcon, CommandIDs.reexecuteRun, { strategy: 'all' }));
  }
  const [only] = run.assets;
  if (run.final && run.assets.length === 1 && only !== undefined && store.asset(only)?.notebook) {
    actions.push(button(trans.__('Executed notebook'), executedIcon, CommandIDs.openExecuted, { run_id: id, key: only }));
  }
  actions.push(button(trans.__('Open in Dagster'), dagsterIcon, CommandIDs.openRunInDagster, {}));
  return (
    <div className="jp-Daglab-actions" role="group" aria-label={trans.__('Actions')}>
      {actions}
    </div>
  );
}

function Facts(props: IHeaderProps): React.ReactElement {
  const { run, commands, trans } = props;
  const { started_at, ended_at, parent_run_id: parent } = run;
  const tags = givenTags(run.tags);
  return (
    <dl className="jp-Daglab-facts">
      <Fact name={trans.__('Run')}>
        <code title={run.id}>{shortId(run.id)}</code>
        <button
          type="button"
          className="jp-Daglab-iconButton"
          title={trans.__('Copy the run’s id')}
          aria-label={trans.__('Copy the run’s id')}
          onClick={() => Clipboard.copyToSystem(run.id)}
        >
          <Icon icon={copyIcon} />
        </button>
      </Fact>
      {run.assets.length ? <Assets {...props} /> : null}
      {run.job === '__ASSET_JOB' ? null : <Fact name={trans.__('Job')}>{run.job}</Fact>}
      {run.partition === null ? null : <Fact name={trans.__('Partition')}>{run.partition}</Fact>}
      {started_at === null ? (
        <Fact name={trans.__('Launched')}>
          <When at={run.created_at} trans={trans} />
        </Fact>
      ) : (
        <Fact name={trans.__('Started')}>
          <When at={started_at} trans={trans} exact />
        </Fact>
      )}
      {ended_at === null ? null : (
        <Fact name={trans.__('Ended')}>
          <When at={ended_at} trans={trans} exact />
        </Fact>
      )}
      {started_at === null ? null : (
        <Fact name={trans.__('Duration')}>
          <Took from={started_at} to={ended_at} trans={trans} />
        </Fact>
      )}
      <Fact name={trans.__('Launched by')}>{launchedBy(run.tags, trans)}</Fact>
      {run.location === null ? null : <Fact name={trans.__('Code location')}>{run.location}</Fact>}
      {parent === null ? null : (
        <Fact name={trans.__('Runs again')}>
          <LinkButton
            label={shortId(parent)}
            name={trans.__('Open run %1', shortId(parent))}
            onClick={() => void commands.execute(CommandIDs.openRun, { id: parent })}
          />
        </Fact>
      )}
      {tags.length ? (
        <Fact name={trans.__('Tags')}>
          {tags.map(([name, value]) => (
            <span key={name} className="jp-Daglab-kind">
              {value ? `${name}: ${value}` : name}
            </span>
          ))}
        </Fact>
      ) : null}
    </dl>
  );
}

function Assets({ run, commands, trans }: IHeaderProps): React.ReactElement {
  const more = run.assets.length - MOST_ASSETS;
  return (
    <Fact name={trans._n('Asset', 'Assets', run.assets.length)}>
      {run.assets.slice(0, MOST_ASSETS).map(asset => (
        <LinkButton
          key={asset}
          label={asset}
          name={trans.__('Open asset %1', asset)}
          onClick={() => void commands.execute(CommandIDs.openAsset, { key: asset })}
        />
      ))}
      {more > 0 ? <span>{trans._n('and %1 more', 'and %1 more', more)}</span> : null}
    </Fact>
  );
}

function Fact(props: { readonly name: string; readonly children: React.ReactNode }): React.ReactElement {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
