/** Runs and checks in words. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Check, Run } from './asset';
import type { ShownStatus } from './words';

type Trans = IRenderMime.TranslationBundle;

/** A status in words, and the status of assets whose icon it has. */
export interface IStatusWords {
  readonly text: string;
  readonly icon: ShownStatus;
}

/** The status of a run. */
export function runWords(status: Run['status'], trans: Trans): IStatusWords {
  switch (status) {
    case 'SUCCESS':
      return { text: trans.__('Succeeded'), icon: 'materialized' };
    case 'FAILURE':
      return { text: trans.__('Failed'), icon: 'failed' };
    case 'CANCELED':
      return { text: trans.__('Canceled'), icon: 'never' };
    case 'CANCELING':
      return { text: trans.__('Canceling'), icon: 'running' };
    case 'STARTED':
      return { text: trans.__('Running'), icon: 'running' };
    case 'QUEUED':
      return { text: trans.__('Queued'), icon: 'stale' };
    default:
      return { text: trans.__('Starting'), icon: 'stale' };
  }
}

/** How a check went. */
export function checkWords({ latest }: Check, trans: Trans): IStatusWords {
  switch (latest?.status) {
    case undefined:
      return { text: trans.__('Not run'), icon: 'never' };
    case 'SUCCEEDED':
      return { text: trans.__('Passed'), icon: 'materialized' };
    case 'FAILED':
      return latest?.severity === 'WARN'
        ? { text: trans.__('Failed (warning)'), icon: 'failed-checks' }
        : { text: trans.__('Failed'), icon: 'failed' };
    case 'EXECUTION_FAILED':
      return { text: trans.__('Could not be run'), icon: 'failed' };
    case 'IN_PROGRESS':
      return { text: trans.__('Running'), icon: 'running' };
    default:
      return { text: trans.__('Skipped'), icon: 'never' };
  }
}

/** A number of seconds in one or two rounded units. */
export function duration(seconds: number, trans: Trans): string {
  if (seconds < 60) {
    return trans.__('%1 s', seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds));
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? trans.__('%1 min %2 s', minutes, Math.floor(seconds % 60))
    : trans.__('%1 h %2 min', Math.floor(minutes / 60), minutes % 60);
}
