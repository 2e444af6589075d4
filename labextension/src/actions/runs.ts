/** What can be done with a run: end it, run it again. */

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { UUID } from '@lumino/coreutils';
import { CommandIDs } from '../commands';
import type { Run } from '../model/asset';
import { whatRuns } from '../model/runTexts';
import { type IContext, tellFault } from './context';

export type Strategy = 'all' | 'from_failure';

/** End a run, once the user has said so; with `force` it counts as canceled at once. */
export async function terminate(context: IContext, id: string, force: boolean): Promise<void> {
  const { api, trans } = context;
  const label = force ? trans.__('Mark as canceled') : trans.__('Terminate');
  const body = force
    ? trans.__('Dagster then takes the run for canceled at once. Its processes may go on, and what they write is not undone.')
    : trans.__('Its steps are interrupted. What they have materialized so far stays.');
  if (!(await confirmed(context, trans.__('Terminate this run?'), body, label, true))) {
    return;
  }
  try {
    const { status } = await api.delete('/runs/{run_id}', { path: { run_id: id }, query: { force } });
    const message = status === 'CANCELED' ? trans.__('The run is canceled.') : trans.__('The run is being canceled.');
    Notification.info(message, { autoClose: 5000 });
  } catch (error) {
    tellFault(trans, trans.__('The run was not terminated.'), error);
  }
}

/** Run again what a run ran, all of it or what failed, and show the new run. */
export async function reexecute(context: IContext, id: string, strategy: Strategy): Promise<void> {
  const { api, commands, trans } = context;
  try {
    const run = await api.get('/runs/{run_id}', { path: { run_id: id } });
    if (strategy === 'all' && !(await maySpend(context, run))) {
      return;
    }
    const again = await api.post('/runs/{run_id}/reexecute', {
      path: { run_id: id },
      body: { strategy, request_id: UUID.uuid4() }
    });
    await commands.execute(CommandIDs.openRun, { id: again.id });
  } catch (error) {
    tellFault(trans, trans.__('The run was not launched again.'), error);
  }
}

/** Asks where a run makes more assets than are materialized without a question. */
async function maySpend(context: IContext, run: Run): Promise<boolean> {
  const { trans } = context;
  if (run.assets.length <= context.confirmAbove()) {
    return true;
  }
  const title = trans.__('Run all of it again, %1?', whatRuns(run, trans));
  const body = trans.__('This may take long, and cost accordingly.');
  return confirmed(context, title, body, trans.__('Re-execute all'), false);
}

async function confirmed(
  { trans }: IContext,
  title: string,
  body: string,
  label: string,
  grave: boolean
): Promise<boolean> {
  const accept = grave ? Dialog.warnButton({ label }) : Dialog.okButton({ label });
  const { button } = await showDialog({
    ...{ title, body, buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), accept] },
    defaultButton: grave ? 0 : 1
  });
  return button.accept;
}
