/** Checks in words. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Check } from './asset';
import type { ShownStatus } from './words';

type Trans = IRenderMime.TranslationBundle;

/** A status in words, and the status of assets whose icon it has. */
export interface IStatusWords {
  readonly text: string;
  readonly icon: ShownStatus;
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
