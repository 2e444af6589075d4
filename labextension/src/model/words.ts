/** Statuses and ages in words. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Asset, AssetStatus, PairState, Run } from './asset';
import { shortName } from './tree';

type Trans = IRenderMime.TranslationBundle;

/** What the tree shows of an asset: its status, or that checks of what was made have failed. */
export type ShownStatus = AssetStatus | 'failed-checks';

export function shownStatus(asset: Asset): ShownStatus {
  const made = asset.status === 'materialized' || asset.status === 'stale';
  return made && asset.failed_checks.length > 0 ? 'failed-checks' : asset.status;
}

/** The status as users read it. */
export function statusText(status: ShownStatus, trans: Trans): string {
  switch (status) {
    case 'failed-checks':
      return trans.__('Failed checks');
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
    case 'unknown':
      return trans.__('Unknown');
  }
}

/** Where a notebook and its pair stand. */
export function pairText(state: PairState, trans: Trans): string {
  switch (state) {
    case 'in-sync':
      return trans.__('Pair in sync');
    case 'py-ahead':
      return trans.__('marimo’s half is newer');
    case 'ipynb-ahead':
      return trans.__('Jupyter’s half is newer');
    case 'both-ahead':
      return trans.__('Both halves have changed');
    case 'conflict':
      return trans.__('Conflict between both halves');
    case 'half':
    case 'unpaired':
      return trans.__('Not paired');
    case 'invalid':
      return trans.__('Pair cannot be read');
  }
}

/** Why the halves of a pair disagree on a cell. */
export function reasonText(reason: string, trans: Trans): string {
  switch (reason) {
    case 'both-edited':
      return trans.__('edited differently in both halves');
    case 'deleted-edited':
      return trans.__('deleted in one half, edited in the other');
    case 'both-moved':
      return trans.__('both halves moved cells, to different places');
    case 'never-synced':
      return trans.__('differs, and the halves were never synced');
    case 'other-version':
      return trans.__('differs, and the halves come from different versions');
    case 'replaced':
      return trans.__('differs, and one of the files seems to be another notebook than the one that was synced');
    default:
      return reason;
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

/** The status of a partition. */
export function partitionText(status: 'materialized' | 'failed' | 'materializing' | 'missing', trans: Trans): string {
  switch (status) {
    case 'materialized':
      return trans.__('materialized');
    case 'failed':
      return trans.__('failed');
    case 'materializing':
      return trans.__('running');
    case 'missing':
      return trans.__('missing');
  }
}

/** A remedy, which comes as half a sentence, as a whole one. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}
