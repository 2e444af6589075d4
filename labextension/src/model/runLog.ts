/** A run's log: its lines, and what they tell of steps and cells. */

import type { RunEvent } from './asset';
import { type ICell, withLine } from './cells';
import { errorText, failureOf, type IFailure } from './runFailure';

export type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';
export const LEVELS: readonly Level[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];

/** One line; an event may have many. */
export interface ILine {
  /** Counted from the log's beginning. */
  readonly number: number;
  /** Whether it is the first of its event. */
  readonly first: boolean;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly level: Level;
  readonly step: string | null;
  readonly text: string;
}

/** `retrying`: it failed and is to be tried again; `canceled`: the run ended in the midst of it. */
export type StepState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'skipped' | 'retrying' | 'canceled';

export interface IStep {
  readonly key: string;
  readonly state: StepState;
  /** Seconds since the epoch. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Keys of the assets that it is to make. */
  readonly assets: readonly string[];
  /** Of the notebook that it runs. */
  readonly cells: readonly ICell[];
}

export interface IRunLog {
  readonly lines: readonly ILine[];
  /** How many of the earliest lines are not kept any more. */
  readonly dropped: number;
  /** In the order in which the log names them. */
  readonly steps: ReadonlyMap<string, IStep>;
  readonly failures: readonly IFailure[];
}

export const EMPTY_LOG: IRunLog = { lines: [], dropped: 0, steps: new Map(), failures: [] };

/** Lines that are kept; the latest. */
export const MOST_LINES = 100_000;

const STATES: Readonly<Record<string, StepState>> = {
  STEP_START: 'running',
  STEP_RESTARTED: 'running',
  STEP_UP_FOR_RETRY: 'retrying',
  STEP_SUCCESS: 'succeeded',
  STEP_SKIPPED: 'skipped',
  STEP_FAILURE: 'failed'
};
const ENDED: readonly StepState[] = ['succeeded', 'skipped', 'failed', 'canceled'];
const RUN_ENDED: readonly string[] = ['RUN_SUCCESS', 'RUN_FAILURE', 'RUN_CANCELED'];

/** The log with what was logged next. */
export function withEvents(log: IRunLog, events: readonly RunEvent[], mostLines = MOST_LINES): IRunLog {
  if (events.length === 0) {
    return log;
  }
  const lines = [...log.lines];
  let number = log.dropped + lines.length;
  const steps = new Map(log.steps);
  let failures = log.failures;
  for (const event of events) {
    for (const [index, text] of textOf(event).split('\n').entries()) {
      number += 1;
      const level = LEVELS.find(one => one === event.level) ?? 'INFO';
      lines.push({ number, first: index === 0, at: event.timestamp, level, step: event.step, text });
    }
    if (event.step !== null) {
      const step = steps.get(event.step) ?? newStep(event.step);
      steps.set(event.step, afterEvent(step, event));
    }
    if (RUN_ENDED.includes(event.kind)) {
      steps.forEach((step, key) => steps.set(key, afterRun(step, event.timestamp)));
    }
    // That of the run repeats those of its steps.
    if (event.kind === 'STEP_FAILURE' || (event.kind === 'RUN_FAILURE' && failures.length === 0)) {
      failures = [...failures, failureOf(event)];
    }
  }
  const over = Math.max(0, lines.length - mostLines);
  return { lines: over ? lines.slice(over) : lines, dropped: log.dropped + over, steps, failures };
}

function newStep(key: string): IStep {
  return { key, state: 'waiting', startedAt: null, endedAt: null, assets: [], cells: [] };
}

function afterEvent(step: IStep, event: RunEvent): IStep {
  const { asset, kind, timestamp } = event;
  if (kind === 'LOG') {
    const cells = event.message.split('\n').reduce((found, line) => withLine(found, line, timestamp), step.cells);
    return cells === step.cells ? step : { ...step, cells };
  }
  if (kind === 'ASSET_MATERIALIZATION_PLANNED' && asset !== null && !step.assets.includes(asset)) {
    return { ...step, assets: [...step.assets, asset] };
  }
  const state = STATES[kind];
  if (state === undefined) {
    return step;
  }
  if (state === 'running') {
    return { ...step, state, startedAt: timestamp, endedAt: null, cells: [] };
  }
  return { ...step, state, endedAt: ENDED.includes(state) ? timestamp : null, cells: ended(step.cells) };
}

/** With the run everything in it ends, whether or not it could say so. */
function afterRun(step: IStep, at: number): IStep {
  if (ENDED.includes(step.state)) {
    return step;
  }
  return { ...step, state: step.state === 'waiting' ? 'skipped' : 'canceled', endedAt: at, cells: ended(step.cells) };
}

/** No cell runs any more once its step has ended, whether or not it could say so. */
function ended(cells: readonly ICell[]): readonly ICell[] {
  return cells.map(cell => (cell.state === 'running' ? { ...cell, state: 'stopped' } : cell));
}

function textOf(event: RunEvent): string {
  const kind = event.kind.toLowerCase().replace(/_/g, ' ');
  const said = event.message || kind.charAt(0).toUpperCase() + kind.slice(1);
  const error = event.error ? errorText(event) : '';
  return (error && error !== said ? `${said}\n${error}` : said).trimEnd();
}
