/** The steps of a run, and the cells of the notebooks that they run. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { ICell } from '../model/cells';
import type { IRunLog, IStep } from '../model/runLog';
import { cellText, cellTone, duration, stepText, stepTone } from '../model/runTexts';
import { Icon } from '../sidebar/icon';
import { executedIcon, ToneIcon } from './icons';
import { Progress } from './progress';
import { Took } from '../sidebar/time';

/** Steps that are shown: the failed and the running ones before all others. */
const MOST_STEPS = 150;
const URGENT = ['failed', 'running', 'retrying'];

interface IStepsProps {
  readonly log: IRunLog;
  /** The step whose log alone is shown. */
  readonly chosen: string | null;
  readonly onChoose: (step: string | null) => void;
  /** Show the notebook of an asset as the run has executed it. */
  readonly onExecuted: (asset: string) => void;
  readonly trans: IRenderMime.TranslationBundle;
}

export function Steps(props: IStepsProps): React.ReactElement | null {
  const { log, chosen, onChoose, onExecuted, trans } = props;
  const all = [...log.steps.values()];
  const steps =
    all.length > MOST_STEPS
      ? [...all.filter(step => URGENT.includes(step.state)), ...all.filter(step => !URGENT.includes(step.state))]
      : all;
  const more = steps.length - MOST_STEPS;
  return all.length === 0 ? null : (
    <section className="jp-Daglab-steps" aria-label={trans.__('Steps')}>
      <h3>{trans._n('%1 step', '%1 steps', all.length)}</h3>
      <ul>
        {steps.slice(0, MOST_STEPS).map(step => (
          <Step
            key={step.key}
            step={step}
            only={all.length === 1}
            chosen={step.key === chosen}
            onChoose={onChoose}
            onExecuted={onExecuted}
            trans={trans}
          />
        ))}
      </ul>
      {more > 0 ? <p>{trans._n('and %1 more', 'and %1 more', more)}</p> : null}
    </section>
  );
}

interface IStepProps {
  readonly step: IStep;
  readonly only: boolean;
  readonly chosen: boolean;
  readonly onChoose: (step: string | null) => void;
  readonly onExecuted: (asset: string) => void;
  readonly trans: IRenderMime.TranslationBundle;
}

const Step = React.memo(function Step(props: IStepProps): React.ReactElement {
  const { step, only, chosen, onChoose, onExecuted, trans } = props;
  const [wanted, setWanted] = React.useState<boolean | null>(null);
  const open = wanted ?? (only || URGENT.includes(step.state));
  const ended = step.cells.filter(cell => cell.seconds !== null).length;
  const id = React.useId();
  // All that a notebook makes in a step has the same executed notebook.
  const [made] = step.assets;
  return (
    <li className="jp-Daglab-step">
      <div className="jp-Daglab-stepHead">
        {step.cells.length ? (
          <button
            type="button"
            className="jp-Daglab-iconButton"
            aria-expanded={open}
            aria-controls={id}
            aria-label={trans.__('Cells of %1', step.key)}
            onClick={() => setWanted(!open)}
          >
            <Icon icon={open ? caretDownIcon : caretRightIcon} />
          </button>
        ) : (
          <span className="jp-Daglab-icon" />
        )}
        <ToneIcon tone={stepTone(step.state)} />
        <span className="jp-Daglab-stepText">
          <button
            type="button"
            className="jp-Daglab-stepName"
            aria-pressed={chosen}
            title={chosen ? trans.__('Show the log of all steps') : trans.__('Show the log of this step alone')}
            onClick={() => onChoose(chosen ? null : step.key)}
          >
            {step.key}
          </button>
          <span className="jp-Daglab-note">
            {stepText(step.state, trans)}
            {step.startedAt === null || step.state === 'retrying' ? null : (
              <>
                {', '}
                <Took from={step.startedAt} to={step.endedAt} trans={trans} />
              </>
            )}
          </span>
        </span>
        {step.cells.length && step.endedAt !== null && made !== undefined ? (
          <button
            type="button"
            className="jp-Daglab-iconButton"
            title={trans.__('Open the executed notebook')}
            aria-label={trans.__('Open the executed notebook of %1', step.key)}
            onClick={() => onExecuted(made)}
          >
            <Icon icon={executedIcon} />
          </button>
        ) : null}
      </div>
      {step.cells.length ? (
        <div id={id} hidden={!open} className="jp-Daglab-cells">
          {step.state === 'running' ? (
            <Progress
              done={ended}
              total={step.cells.length}
              text={trans.__('%1 of %2', ended, trans._n('%1 cell', '%1 cells', step.cells.length))}
            />
          ) : null}
          <ul aria-label={trans.__('Cells of %1', step.key)}>
            {step.cells.map(cell => (
              <Cell key={cell.label} cell={cell} trans={trans} />
            ))}
          </ul>
        </div>
      ) : null}
    </li>
  );
});

const Cell = React.memo(function Cell(props: {
  readonly cell: ICell;
  readonly trans: IRenderMime.TranslationBundle;
}): React.ReactElement {
  const { cell, trans } = props;
  return (
    <li className="jp-Daglab-cell">
      <ToneIcon tone={cellTone(cell.state)} />
      <span className="jp-Daglab-cellName">{cell.label}</span>
      <span className="jp-Daglab-note">
        {cellText(cell.state, trans)}
        {cell.seconds === null ? null : `, ${duration(cell.seconds, trans)}`}
        {cell.state === 'running' && cell.since !== null ? (
          <>
            {', '}
            <Took from={cell.since} to={null} trans={trans} />
          </>
        ) : null}
      </span>
    </li>
  );
});
