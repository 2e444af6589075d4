/** The list of runs: which are asked for, and how news change it. */

import type { Run } from './asset';
import type { RunProgress } from './events';

/** What runs are shown; null: any. */
export interface IRunFilter {
  readonly status: RunGroup | null;
  readonly job: string | null;
  readonly asset: string | null;
}

export const ALL_RUNS: IRunFilter = { status: null, job: null, asset: null };

/** Statuses that users tell apart, and Dagster's RunStatus for each. */
export const RUN_GROUPS = {
  running: ['STARTING', 'STARTED', 'CANCELING'],
  queued: ['QUEUED', 'NOT_STARTED', 'MANAGED'],
  failed: ['FAILURE'],
  succeeded: ['SUCCESS'],
  canceled: ['CANCELED']
} as const;
export type RunGroup = keyof typeof RUN_GROUPS;

/** A run with what is known of its progress. */
export function withProgress(run: Run, news: RunProgress | undefined): Run {
  return !news || run.final || (news.status === run.status && news.steps_done === run.steps_done && news.steps_total === run.steps_total)
    ? run
    : { ...run, status: news.status, steps_done: news.steps_done, steps_total: news.steps_total || run.steps_total };
}

/** Whether the list must be asked for again after these news: a run comes, goes, has begun or ended. */
export function changesList(runs: readonly Run[], filter: IRunFilter, news: RunProgress): boolean {
  const listed = runs.find(run => run.id === news.id);
  if (!listed) {
    return matches(filter, news);
  }
  const started = listed.started_at === null && news.status === 'STARTED'; // when, only the list tells
  return !listed.final && (news.final || started || !matches(filter, news));
}

/** Whether a run is one of those that are shown, as far as its news tell. */
function matches({ status, job, asset }: IRunFilter, run: RunProgress): boolean {
  return (
    (status === null || (RUN_GROUPS[status] as readonly string[]).includes(run.status)) &&
    (job === null || run.job === job) &&
    // A job that was launched whole tells no assets.
    (asset === null || run.assets.length === 0 || run.assets.includes(asset))
  );
}
