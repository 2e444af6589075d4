/** What the tests are about. */

import { nullTranslator } from '@jupyterlab/translation';
import type { Asset, Pair, Run, Status } from '../src/model/asset';

export const trans = nullTranslator.load('daglab');

export function asset(key: string, part: Partial<Asset> = {}): Asset {
  return {
    ...{ key, group: 'sales', kinds: [], description: null, dependencies: [], location: 'shop', materializable: true },
    ...{ tags: {}, owners: [], has_checks: false, has_config: false, failed_checks: [], warned_checks: [], status_error: null },
    ...{ partitioned: false, status: 'never', materialized_at: null, run_id: null, notebook: null },
    ...part
  };
}

export function run(part: Partial<Run> = {}): Run {
  return {
    ...{ id: 'r', status: 'STARTED', final: false, assets: ['a'], steps_total: 1, steps_done: 0, failures: [] },
    ...{ job: '__ASSET_JOB', location: 'shop', partition: null, tags: {}, parent_run_id: null, can_terminate: true },
    ...{ created_at: 0, started_at: null, ended_at: null, problem: null, url: '' },
    ...part
  };
}

export function pair(part: Partial<Pair> = {}): Pair {
  return { py: 'a.py', ipynb: 'a.ipynb', state: 'conflict', reason: '', conflicts: 1, ...part };
}

export function status(part: Partial<Status['dagster']> = {}): Status {
  return {
    ...{ version: '1', read_only: false, config: null, marimo: { version: '1', running: false } },
    dagster: {
      ...{ state: 'ok', problems: [], server: { state: 'stopped', since: null }, reachable: true, address: null },
      ...part
    }
  };
}

/** Wait until `holds`, for a second at most. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !holds(); tries++) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  if (!holds()) {
    throw new Error(`never: ${holds}`);
  }
}
