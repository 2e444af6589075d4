/** Launching a run and telling its progress in a notification. */

import { Notification } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { PromiseDelegate, type ReadonlyJSONValue, UUID } from '@lumino/coreutils';
import type { Api } from './api';
import { followRun } from './model/follow';
import type { Run } from './model/asset';
import { failureText, runTitle } from './model/words';

export interface IMaterializeOptions {
  readonly api: Api;
  readonly assets: readonly string[];
  readonly trans: IRenderMime.TranslationBundle;
  /** Called when the run was launched, and when it has ended. */
  readonly onChange: () => void;
  /** Offered when the run failed. */
  readonly onFailure?: { readonly label: string; readonly callback: () => void };
}

/** Launch a run of the assets and follow it to its end; the answer is its final state, null for a refused launch. */
export async function materialize(options: IMaterializeOptions): Promise<Run | null> {
  const { api, assets, trans } = options;
  const title = runTitle(assets, trans);
  const outcome = new PromiseDelegate<ReadonlyJSONValue>();
  const id = Notification.promise(outcome.promise, {
    pending: { message: trans.__('Materializing %1…', title), options: { autoClose: false } },
    success: { message: () => trans.__('%1 is materialized.', title), options: { autoClose: 5000 } },
    error: {
      message: reason => trans.__('%1 was not materialized. %2', title, (reason as Error).message),
      options: { autoClose: false, actions: options.onFailure ? [options.onFailure] : [] }
    }
  });
  try {
    const launched = await api.post('/runs', { body: { assets, request_id: UUID.uuid4() } });
    options.onChange();
    const run = await followRun({
      ask: () => api.get('/runs/{run_id}', { path: { run_id: launched.id } }),
      onState: state => !state.final && Notification.update({ id, ...progress(state, title, trans) }),
      pauseMilliseconds: 1000,
      patience: 10
    });
    options.onChange();
    if (run.status === 'SUCCESS') {
      outcome.resolve(null);
    } else {
      outcome.reject(new Error(failureText(run, trans)));
    }
    return run;
  } catch (error) {
    options.onChange();
    outcome.reject(error);
    return null;
  }
}

function progress(
  run: Run,
  title: string,
  trans: IRenderMime.TranslationBundle
): { message: string; progress?: number } {
  if (run.problem) {
    return { message: trans.__('%1 is queued. %2', title, run.problem) };
  }
  if (run.status !== 'STARTED') {
    return { message: trans.__('Materializing %1: waiting to start…', title) };
  }
  const share = run.steps_total ? run.steps_done / run.steps_total : 0;
  return {
    message: trans.__('Materializing %1: step %2 of %3', title, run.steps_done + 1, Math.max(1, run.steps_total)),
    progress: Math.max(0.05, share)
  };
}
