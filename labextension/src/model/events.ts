/** What has changed on the server, as its events tell it; docs/rest-api.md describes them. */

import type { components } from '../data/api.types';
import type { Asset, Fault, Pair, PairState } from './asset';

type Schemas = components['schemas'];

/** One change. */
export type ServerEvent = Schemas['EventModel'];

/** What of an asset changes without its definition. */
export type AssetChange = Pick<Asset, 'status' | 'materialized_at' | 'run_id' | 'failed_checks' | 'warned_checks' | 'status_error'>;

/** Of the topic `assets`; null: read all assets again. */
export interface IAssetsChange {
  readonly changed: Readonly<Record<string, AssetChange>> | null;
}

/** Of the topic `runs`. */
export type RunProgress = Pick<
  Schemas['RunModel'],
  'id' | 'status' | 'final' | 'job' | 'assets' | 'steps_total' | 'steps_done'
>;

/** Of the topic `pairs`. */
export interface IPairChange {
  readonly py: string | null;
  readonly ipynb: string | null;
  readonly cause: 'save' | 'disk' | 'request';
  readonly state: PairState | 'error';
  readonly reason: string;
  readonly written: readonly { readonly path: string | null; readonly hash: string; readonly reload: boolean }[];
  readonly conflicts: readonly { readonly cell: string; readonly label: string; readonly reason: string }[];
  readonly error: Fault | null;
}

/** Of the topic `marimo`; `sessions` are the notebooks that have a kernel now. */
export interface IMarimoChange {
  readonly event: 'started' | 'sessions' | 'died' | 'stopped';
  readonly running: boolean;
  readonly sessions: readonly { readonly session: string; readonly name: string; readonly path: string | null }[];
}

/** The assets with the changes, in the same order; the others are the same objects. */
export function withChanges(assets: readonly Asset[], changed: Readonly<Record<string, AssetChange>>): readonly Asset[] {
  return assets.map(asset => {
    const change = Object.hasOwn(changed, asset.key) ? changed[asset.key] : undefined;
    return change ? { ...asset, ...change } : asset;
  });
}

/** The runs with the latest news of one, which comes last; of more than `most` runs, those that have ended first are left out. */
export function withRun(runs: ReadonlyMap<string, RunProgress>, run: RunProgress, most: number): ReadonlyMap<string, RunProgress> {
  const others = [...runs.values()].filter(other => other.id !== run.id);
  const surplus = others.filter(other => other.final).slice(0, Math.max(0, others.length + 1 - most));
  return new Map([...others.filter(other => !surplus.includes(other)), run].map(one => [one.id, one]));
}

/** The pairs that are not in sync, by the path of either half, after one of them was synced or is in conflict. */
export function withPair(pairs: ReadonlyMap<string, Pair>, change: IPairChange): ReadonlyMap<string, Pair> {
  const { py, ipynb, state, reason, conflicts } = change;
  if (py === null || ipynb === null || state === 'error') {
    return pairs;
  }
  const others = [...pairs].filter(([path]) => path !== py && path !== ipynb);
  const pair = { py, ipynb, state, reason, conflicts: conflicts.length };
  return new Map(state === 'in-sync' ? others : [...others, [py, pair], [ipynb, pair]]);
}
