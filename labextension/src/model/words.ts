/** Statuses and ages in words. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { AssetStatus, Run } from './asset';
import { shortName } from './tree';

type Trans = IRenderMime.TranslationBundle;

/** The status as users read it. */
export function statusText(status: AssetStatus, trans: Trans): string {
  switch (status) {
    case 'running':
      return trans.__('Running');
    case 'failed':
      return trans.__('Failed');
    case 'never':
      return trans.__('Never materialized');
    case 'stale':
      return trans.__('Stale');
    case 'materialized':
      return trans.__('Materialized');
    case 'external':
      return trans.__('External');
  }
}

/** How long ago `then` was, both in seconds since the epoch, in one rounded unit. */
export function age(then: number, now: number, trans: Trans): string {
  const seconds = Math.max(0, now - then);
  if (seconds < 60) {
    return trans.__('just now');
  }
  if (seconds < 3600) {
    return trans.__('%1 min ago', Math.floor(seconds / 60));
  }
  if (seconds < 86400) {
    return trans.__('%1 h ago', Math.floor(seconds / 3600));
  }
  const days = Math.floor(seconds / 86400);
  return trans._n('%1 day ago', '%1 days ago', days);
}

/** Why a run failed, in one line: the step that failed and the innermost cause. */
export function failureText(run: Run, trans: Trans): string {
  const failure = run.failures[0];
  if (run.status === 'CANCELED') {
    return trans.__('The run was canceled.');
  }
  if (!failure) {
    return trans.__('The run failed; Dagster gives no reason.');
  }
  const reason = (failure.cause || failure.message).split('\n')[0] ?? '';
  return failure.step ? trans.__('Step %1: %2', failure.step, reason) : reason;
}

/** What a run makes, in a few words. */
export function runTitle(assets: readonly string[], trans: Trans): string {
  const [only] = assets;
  return assets.length === 1 && only !== undefined
    ? shortName(only)
    : trans._n('%1 asset', '%1 assets', assets.length);
}
