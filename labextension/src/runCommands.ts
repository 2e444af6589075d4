/** daglab's commands about runs. */

import { refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { type IContext, tellFault } from './actions/context';
import { reexecute, terminate } from './actions/runs';
import { CommandIDs } from './commands';
import { dagsterIcon } from './icons';
import { openPage } from './model/links';
import { ALL_RUNS, type IRunFilter, RUN_GROUPS, type RunGroup } from './model/runList';
import { runsIcon } from './runs/icons';
import type { RunTabs } from './runs/tabs';

/** Those that make no sense without a run, and so aren't in the command palette. */
export const ABOUT_ONE_RUN: readonly string[] = [
  CommandIDs.openExecuted,
  CommandIDs.openRun,
  CommandIDs.openRunInDagster,
  CommandIDs.reexecuteRun,
  CommandIDs.terminateRun
];

/** `tabs` is null where the shell has none (Notebook 7): runs are then shown by Dagster, in a browser tab. */
export function addRunCommands(context: IContext, tabs: RunTabs | null): void {
  const { api, commands, store, trans } = context;
  const describe = (more: ReadonlyJSONObject = {}): { args: ReadonlyJSONObject } => ({
    args: {
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'string', description: trans.__('The run’s id') }, ...more }
    }
  });
  const given = (args: ReadonlyPartialJSONObject): boolean => typeof args['id'] === 'string';
  const writable = (args: ReadonlyPartialJSONObject): boolean => given(args) && !store.state.status?.read_only;
  const openInDagster = async (id: string): Promise<void> => {
    try {
      openPage((await api.get('/runs/{run_id}', { path: { run_id: id } })).url);
    } catch (error) {
      tellFault(trans, trans.__('The run did not open.'), error);
    }
  };

  commands.addCommand(CommandIDs.openRuns, {
    label: trans.__('Show runs'),
    caption: trans.__('Show Dagster’s runs, live'),
    icon: runsIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          status: { enum: Object.keys(RUN_GROUPS), description: trans.__('Only runs of this status') },
          job: { type: 'string', description: trans.__('Only runs of this job') },
          asset: { type: 'string', description: trans.__('Only runs that make this asset') }
        }
      }
    },
    execute: args => (tabs ? tabs.openList(filterIn(args)) : openPage(runsPage(store.state.status?.dagster.address)))
  });
  commands.addCommand(CommandIDs.openRun, {
    label: trans.__('Open run'),
    caption: trans.__('Show a run’s steps, cells and log'),
    icon: runsIcon,
    describedBy: describe(),
    isEnabled: given,
    execute: args => (tabs ? tabs.openRun(String(args['id'])) : openInDagster(String(args['id'])))
  });
  commands.addCommand(CommandIDs.openRunInDagster, {
    label: trans.__('Open run in Dagster'),
    caption: trans.__('Open a run’s page in Dagster’s own user interface'),
    icon: dagsterIcon,
    describedBy: describe(),
    isEnabled: given,
    execute: args => openInDagster(String(args['id']))
  });
  commands.addCommand(CommandIDs.terminateRun, {
    label: trans.__('Terminate run'),
    caption: trans.__('End a run, or take it from the queue'),
    icon: stopIcon,
    describedBy: describe({
      force: { type: 'boolean', description: trans.__('Take it for canceled at once, whether or not it has ended') }
    }),
    isEnabled: writable,
    execute: args => terminate(context, String(args['id']), args['force'] === true)
  });
  commands.addCommand(CommandIDs.reexecuteRun, {
    label: trans.__('Re-execute run'),
    caption: trans.__('Run again what a run ran'),
    icon: refreshIcon,
    describedBy: describe({
      strategy: { enum: ['all', 'from_failure'], description: trans.__('All of it, or what failed and all after it') }
    }),
    isEnabled: writable,
    execute: args => reexecute(context, String(args['id']), args['strategy'] === 'from_failure' ? 'from_failure' : 'all')
  });
}

/** The filter in a command's arguments; null: none is given. */
function filterIn(args: ReadonlyPartialJSONObject): IRunFilter | null {
  const text = (name: keyof IRunFilter): string | null => (typeof args[name] === 'string' ? String(args[name]) : null);
  const status = text('status');
  const filter = { status: status !== null && status in RUN_GROUPS ? (status as RunGroup) : null };
  const all = { ...ALL_RUNS, ...filter, job: text('job'), asset: text('asset') };
  return Object.values(all).some(value => value !== null) ? all : null;
}

function runsPage(address: string | null | undefined): string | null {
  return address ? `${address.replace(/\/+$/, '')}/runs` : null;
}
