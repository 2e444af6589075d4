/** Runs in words: statuses, times, what launched them. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Run } from './asset';
import type { CellState } from './cells';
import type { Level, StepState } from './runLog';
import { runTitle } from './words';

type Trans = IRenderMime.TranslationBundle;

/** What an icon tells of a run, a step or a cell. */
export type Tone = 'waiting' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'skipped';

/** Dagster's RunStatus. */
export function runTone(status: string): Tone {
  switch (status) {
    case 'SUCCESS':
      return 'succeeded';
    case 'FAILURE':
      return 'failed';
    case 'CANCELED':
      return 'canceled';
    case 'STARTING':
    case 'STARTED':
    case 'CANCELING':
      return 'running';
    default:
      return 'waiting';
  }
}

export function runStatusText(status: string, trans: Trans): string {
  switch (status) {
    case 'SUCCESS':
      return trans.__('Succeeded');
    case 'FAILURE':
      return trans.__('Failed');
    case 'CANCELED':
      return trans.__('Canceled');
    case 'CANCELING':
      return trans.__('Canceling');
    case 'STARTED':
      return trans.__('Running');
    case 'STARTING':
      return trans.__('Starting');
    case 'QUEUED':
      return trans.__('Queued');
    case 'NOT_STARTED':
      return trans.__('Not started');
    default:
      return status.charAt(0) + status.slice(1).toLowerCase().replace(/_/g, ' ');
  }
}

export function stepTone(state: StepState): Tone {
  return state === 'retrying' ? 'running' : state;
}

export function stepText(state: StepState, trans: Trans): string {
  switch (state) {
    case 'waiting':
      return trans.__('waiting');
    case 'running':
      return trans.__('running');
    case 'succeeded':
      return trans.__('succeeded');
    case 'failed':
      return trans.__('failed');
    case 'skipped':
      return trans.__('skipped');
    case 'retrying':
      return trans.__('to be tried again');
    case 'canceled':
      return trans.__('canceled');
  }
}

export function cellTone(state: CellState): Tone {
  switch (state) {
    case 'run':
      return 'succeeded';
    case 'stopped':
      return 'canceled';
    default:
      return state;
  }
}

export function cellText(state: CellState, trans: Trans): string {
  switch (state) {
    case 'waiting':
      return trans.__('waiting');
    case 'running':
      return trans.__('running');
    case 'run':
      return trans.__('run');
    case 'stopped':
      return trans.__('stopped');
    case 'failed':
      return trans.__('failed');
  }
}

export function levelText(level: Level, trans: Trans): string {
  switch (level) {
    case 'DEBUG':
      return trans.__('Debug');
    case 'INFO':
      return trans.__('Info');
    case 'WARNING':
      return trans.__('Warning');
    case 'ERROR':
      return trans.__('Error');
    case 'CRITICAL':
      return trans.__('Critical');
  }
}

/** How long something took, in seconds: `0.12 s`, `3.4 s`, `2 min 5 s`, `1 h 3 min`. */
export function duration(seconds: number, trans: Trans): string {
  const exact = Math.max(0, seconds);
  return exact < 59.95 ? trans.__('%1 s', exact.toFixed(exact < 1 ? 2 : 1)) : elapsed(Math.round(exact), trans);
}

/** How long something takes already: `3 s`, `2 min 5 s`, `1 h 3 min`. */
export function elapsed(seconds: number, trans: Trans): string {
  const all = Math.max(0, Math.floor(seconds));
  if (all < 60) {
    return trans.__('%1 s', all);
  }
  return all < 3600
    ? trans.__('%1 min %2 s', Math.floor(all / 60), all % 60)
    : trans.__('%1 h %2 min', Math.floor(all / 3600), Math.floor((all % 3600) / 60));
}

/** What a run runs: its assets, else its job. */
export function whatRuns(run: Pick<Run, 'assets' | 'job'>, trans: Trans): string {
  const [only] = run.assets;
  if (only === undefined) {
    return run.job;
  }
  return run.assets.length === 1 ? only : runTitle(run.assets, trans);
}

/** The first characters of a run's id, as Dagster shows them. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** Who or what launched a run, as its tags tell. */
export function launchedBy(tags: Readonly<Record<string, string>>, trans: Trans): string {
  const { user } = tags;
  const schedule = tags['dagster/schedule_name'];
  const sensor = tags['dagster/sensor_name'];
  const backfill = tags['dagster/backfill'];
  if (schedule) {
    return trans.__('Schedule %1', schedule);
  }
  if (sensor) {
    return trans.__('Sensor %1', sensor);
  }
  if (backfill) {
    return trans.__('Backfill %1', backfill);
  }
  if (tags['dagster/auto_materialize'] || tags['dagster/from_automation_condition']) {
    return trans.__('Automation');
  }
  if (user) {
    return user;
  }
  return 'daglab/request_id' in tags ? 'daglab' : 'Dagster';
}

/** The tags that somebody gave a run; the others are Dagster's and daglab's own. */
export function givenTags(tags: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(tags).filter(([name]) => !/^(\.|dagster\/|\.?daglab\/)/.test(name));
}
