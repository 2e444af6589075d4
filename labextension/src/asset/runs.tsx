/** The latest runs of an asset, and the notebooks as they have executed them. */

import * as React from 'react';
import { CommandIDs } from '../commands';
import type { Fault, Run } from '../model/asset';
import { duration, runStatusText, runTone, shortId } from '../model/runTexts';
import { sentence } from '../model/words';
import { ToneIcon } from '../runs/icons';
import { When } from '../sidebar/time';
import { LinkButton } from '../sidebar/linkButton';
import { type ISectionProps, RunLink, Section } from './section';

interface IRunsProps extends ISectionProps {
  readonly assetKey: string;
  /** Newest first; null until they are told. */
  readonly runs: readonly Run[] | null;
  readonly fault: Fault | null;
  /** Whether a notebook makes the asset. */
  readonly hasNotebook: boolean;
}

export const Runs = React.memo(RunsSection);

function RunsSection(props: IRunsProps): React.ReactElement {
  const { runs, fault, context } = props;
  const { trans } = context;
  return (
    <Section title={trans.__('Latest runs')}>
      {fault ? (
        <p className="jp-Daglab-hint" role="status">
          {[fault.message, fault.remedy && sentence(fault.remedy)].filter(Boolean).join(' ')}
        </p>
      ) : null}
      {runs === null && !fault ? <p className="jp-Daglab-hint">{trans.__('Asking Dagster for the runs…')}</p> : null}
      {runs?.length === 0 ? <p className="jp-Daglab-hint">{trans.__('No run has made this asset yet.')}</p> : null}
      <ul className="jp-Daglab-items">
        {runs?.map(run => (
          <li key={run.id} className="jp-Daglab-itemLine">
            <RunLine {...props} run={run} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function RunLine(props: IRunsProps & { readonly run: Run }): React.ReactElement {
  const { run, assetKey, context } = props;
  const { commands, trans } = context;
  const label = shortId(run.id);
  return (
    <>
      <span className="jp-Daglab-statusWord">
        <ToneIcon tone={runTone(run.status)} />
        {runStatusText(run.status, trans)}
      </span>
      <RunLink id={run.id} context={context} />
      <When at={run.started_at ?? run.created_at} trans={trans} />
      {run.started_at !== null && run.ended_at !== null ? (
        <span>{duration(run.ended_at - run.started_at, trans)}</span>
      ) : null}
      {run.partition === null ? null : <span className="jp-Daglab-kind">{run.partition}</span>}
      {props.hasNotebook && run.final ? (
        <LinkButton
          label={trans.__('Executed notebook')}
          name={trans.__('Executed notebook of run %1', label)}
          onClick={() => void commands.execute(CommandIDs.openExecuted, { run_id: run.id, key: assetKey })}
        />
      ) : null}
    </>
  );
}
