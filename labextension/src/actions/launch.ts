/** Launching runs and telling their progress in a notification. */

import { Notification } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { type JSONObject, PromiseDelegate, type ReadonlyJSONValue, UUID } from '@lumino/coreutils';
import { CommandIDs } from '../commands';
import { faultOf } from '../data/api';
import type { Asset, Backfill, Run } from '../model/asset';
import { follow } from '../model/follow';
import { failureText, runTitle, sentence } from '../model/words';
import type { IContext } from './context';

const BACKFILL_MILLISECONDS = 3_000;

/** What is to be launched. */
export interface ILaunch {
  readonly assets: readonly Asset[];
  /** Keys of partitions; several make a backfill. */
  readonly partitions: readonly string[];
  readonly runConfig: JSONObject | null;
}

/** Launch a run, or a backfill of several partitions, and follow it to its end; whether all of it succeeded. */
export async function launch(context: IContext, what: ILaunch): Promise<boolean> {
  const { trans } = context;
  const keys = what.assets.map(asset => asset.key);
  const title = runTitle(keys, trans);
  const outcome = new PromiseDelegate<ReadonlyJSONValue>();
  const actions: Notification.IAction[] = [];
  const id = Notification.promise(outcome.promise, {
    pending: { message: trans.__('Materializing %1…', title), options: { autoClose: false } },
    success: { message: () => trans.__('%1 is materialized.', title), options: { autoClose: 5000, actions } },
    error: {
      message: reason => trans.__('%1 was not materialized. %2', title, (reason as Error).message),
      options: { autoClose: false, actions }
    }
  });
  const tell = (message: string, progress?: number): boolean =>
    Notification.update({ id, message, actions, ...(progress === undefined ? {} : { progress }) });
  try {
    if (what.partitions.length > 1) {
      const [asset] = keys;
      const args = keys.length === 1 && asset !== undefined ? { asset } : {};
      actions.push({
        label: trans.__('Show runs'),
        callback: () => void context.commands.execute(CommandIDs.openRuns, args)
      });
    }
    const problem = await (what.partitions.length > 1
      ? backfill(context, keys, what, title, tell)
      : oneRun(context, keys, what, title, tell, actions));
    if (problem === null) {
      outcome.resolve(null);
      return true;
    }
    offerNotebook(context, what.assets, actions);
    outcome.reject(new Error(problem));
  } catch (error) {
    const { message, remedy } = faultOf(error);
    outcome.reject(new Error(remedy ? `${message} ${sentence(remedy)}` : message));
  }
  return false;
}

type Tell = (message: string, progress?: number) => void;

async function oneRun(
  context: IContext,
  assets: readonly string[],
  what: ILaunch,
  title: string,
  tell: Tell,
  actions: Notification.IAction[]
): Promise<string | null> {
  const { api, commands, store, trans } = context;
  const partition = what.partitions[0] ?? null;
  const run_config = what.runConfig ?? {};
  const launched = await api.post('/runs', { body: { assets, partition, run_config, request_id: UUID.uuid4() } });
  actions.push({
    label: trans.__('Open run'),
    callback: () => void commands.execute(CommandIDs.openRun, { id: launched.id })
  });
  const run = await store.followRun(launched.id, state => {
    if (!state.final) {
      tell(...progress(state, title, trans));
    }
  });
  return run.status === 'SUCCESS' ? null : failureText(run, trans);
}

async function backfill(
  context: IContext,
  assets: readonly string[],
  what: ILaunch,
  title: string,
  tell: Tell
): Promise<string | null> {
  const { api, trans } = context;
  const { partitions } = what;
  const run_config = what.runConfig ?? {};
  const body = { assets, partitions, run_config, request_id: UUID.uuid4() };
  const launched = await api.post('/backfills', { body });
  const ended = await follow<Backfill>({
    ask: () => api.get('/backfills/{backfill_id}', { path: { backfill_id: launched.id } }),
    onState: state => {
      const done = Object.values(state.runs).filter(status => status === 'SUCCESS').length;
      const text = trans.__('Materializing %1: %2 of %3 partitions', title, done, partitions.length);
      tell(text, Math.max(0.02, done / partitions.length));
    },
    pause: () => new Promise(resolve => setTimeout(resolve, BACKFILL_MILLISECONDS)),
    patience: 10
  });
  const failed = Object.values(ended.runs).filter(status => status !== 'SUCCESS').length;
  if (failed > 0) {
    return trans._n('%1 run failed.', '%1 runs failed.', failed);
  }
  return ended.status.includes('FAIL') || ended.status.includes('CANCEL')
    ? (ended.error ?? trans.__('The backfill ended as %1.', ended.status))
    : null;
}

/** The way from a failed run to the code that failed. */
function offerNotebook(context: IContext, assets: readonly Asset[], actions: Notification.IAction[]): void {
  const [asset] = assets;
  if (assets.length === 1 && asset && asset.notebook !== null) {
    const path = asset.notebook;
    actions.push({
      label: context.trans.__('Open in marimo'),
      callback: () => void context.commands.execute(CommandIDs.openInMarimo, { path })
    });
  }
}

function progress(run: Run, title: string, trans: IRenderMime.TranslationBundle): [string, number?] {
  if (run.problem) {
    return [trans.__('%1 is queued. %2', title, run.problem)];
  }
  if (run.status !== 'STARTED') {
    return [trans.__('Materializing %1: waiting to start…', title)];
  }
  const total = Math.max(1, run.steps_total);
  const text = trans.__('Materializing %1: step %2 of %3', title, Math.min(run.steps_done + 1, total), total);
  return [text, Math.max(0.05, run.steps_done / total)];
}
