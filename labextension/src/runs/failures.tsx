/** Why a run failed: step, cell and line, the user's own error, and the way to the cell. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { CommandIDs } from '../commands';
import type { WorkspaceStore } from '../data/store';
import { marimoIcon } from '../icons';
import type { Run } from '../model/asset';
import { cellOf } from '../model/cells';
import { type IFailure, notebookOf } from '../model/runFailure';
import type { IRunLog } from '../model/runLog';
import { Icon } from '../sidebar/icon';
import { ToneIcon } from './icons';

/** Failed steps that are told in full. */
const MOST_FAILURES = 20;

interface IFailuresProps {
  readonly run: Run;
  readonly log: IRunLog;
  readonly store: WorkspaceStore;
  readonly commands: CommandRegistry;
  readonly trans: IRenderMime.TranslationBundle;
}

export function Failures(props: IFailuresProps): React.ReactElement | null {
  const { log, trans } = props;
  // A step that is tried again may succeed after all.
  const failures = log.failures.filter(({ step }) => step === null || log.steps.get(step)?.state === 'failed');
  const more = failures.length - MOST_FAILURES;
  return failures.length === 0 ? null : (
    <section className="jp-Daglab-failures" aria-label={trans.__('Failures')}>
      {failures.slice(0, MOST_FAILURES).map((failure, index) => (
        <Failure key={failure.step ?? index} failure={failure} open={failures.length === 1} {...props} />
      ))}
      {more > 0 ? (
        <p>{trans._n('%1 more step failed; its log says why.', '%1 more steps failed; the log says why.', more)}</p>
      ) : null}
    </section>
  );
}

function Failure(props: IFailuresProps & { readonly failure: IFailure; readonly open: boolean }): React.ReactElement {
  const { failure, run, log, store, commands, trans } = props;
  const { cell, step } = failure;
  const made = (step === null ? undefined : log.steps.get(step)?.assets) ?? [];
  const assets = (made.length ? made : run.assets).flatMap(key => store.asset(key) ?? []);
  const notebook = notebookOf(failure, assets);
  const told = failure.text.trim() !== failure.headline;
  return (
    <article className="jp-Daglab-failure">
      <h3>
        <ToneIcon tone="failed" />
        {step === null ? trans.__('The run failed') : trans.__('Step %1 failed', step)}
        {cell === null ? null : <span className="jp-Daglab-place">{placeText(failure, trans)}</span>}
      </h3>
      <p>{failure.headline}</p>
      {notebook === null ? null : (
        <div className="jp-Daglab-actions">
          <button
            type="button"
            className="jp-Daglab-button jp-mod-primary"
            onClick={() =>
              void commands.execute(CommandIDs.openInMarimo, {
                path: notebook,
                ...(cell === null ? {} : { cell: cellOf(cell) })
              })
            }
          >
            <Icon icon={marimoIcon} />
            {cell === null ? trans.__('Open the notebook in marimo') : trans.__('Open the failing cell in marimo')}
          </button>
          <span className="jp-Daglab-note">{notebook}</span>
        </div>
      )}
      {told ? (
        <details open={props.open}>
          <summary>{trans.__('Traceback')}</summary>
          <pre tabIndex={0} aria-label={trans.__('Traceback')}>
            {failure.text}
          </pre>
        </details>
      ) : null}
    </article>
  );
}

function placeText({ cell, place }: IFailure, trans: IRenderMime.TranslationBundle): string {
  return place === null ? String(cell) : trans.__('%1, %2', cell, place);
}
