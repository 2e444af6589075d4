/** What is shown where there are no assets to show: the cause, the remedy, and the button that does it. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import { showText } from '../actions/showText';
import { CommandIDs } from '../commands';
import type { Fault } from '../model/asset';
import { Empty, type IAction } from './notice';
import type { PanelProps } from './panel';

const WAITING = ['dagster-starting', 'dagster-restarting'];
const STARTABLE = ['dagster-unreachable', 'dagster-failed'];

/** A fault without anything to show. */
export function FaultState(
  props: Pick<PanelProps, 'commands' | 'trans'> & { readonly fault: Fault; readonly retry?: () => void }
): React.ReactElement {
  const { fault, trans, retry } = props;
  const [title, text, remedy] = faultTexts(fault, trans);
  return (
    <Empty
      title={title}
      text={text}
      remedy={remedy}
      busy={WAITING.includes(fault.code)}
      actions={faultActions(fault, props, retry)}
    />
  );
}

/** No assets at all, or none that matches. */
export function EmptyState(props: PanelProps): React.ReactElement {
  const { view, model, commands, trans } = props;
  const { assets, status } = view.workspace;
  const refresh = { label: trans.__('Refresh'), run: () => void commands.execute(CommandIDs.refresh) };
  if (assets?.length) {
    return (
      <Empty
        title={trans.__('No asset matches')}
        text={trans.__('None of %1 assets matches “%2”.', assets.length, view.search.trim())}
        remedy={trans.__('Search for words, for `group:`, `kind:`, `tag:`, `owner:`, `status:`, or by a selection such as `+key:orders`')}
        actions={[{ label: trans.__('Clear search'), run: () => model.search('') }]}
      />
    );
  }
  const problem = status?.dagster.problems.find(one => one.code === 'no-location');
  if (problem) {
    return (
      <Empty title={trans.__('No code location')} text={problem.message} remedy={problem.remedy} actions={[refresh]} />
    );
  }
  return status?.dagster.locations?.some(location => location.error !== null) ? (
    <Empty
      title={trans.__('No assets')}
      text={trans.__('The code location failed to load; its error is above.')}
      actions={[refresh]}
    />
  ) : (
    <Empty
      title={trans.__('No assets')}
      text={trans.__('Dagster runs, and its code locations define no assets.')}
      remedy={trans.__('Make a notebook an asset with a `[tool.daglab]` header, then reload the code location')}
      actions={[refresh]}
    />
  );
}

/** Title, cause and remedy of a fault. */
function faultTexts(fault: Fault, trans: IRenderMime.TranslationBundle): readonly [string, string, string] {
  if (fault.code === 'server-missing') {
    return [
      trans.__('The server half of daglab is missing'),
      trans.__('This Jupyter server does not have the extension daglab.server.'),
      trans.__('Run `pip install "daglab[jupyter]"` in its environment and restart it')
    ];
  }
  // Its last words, which may be many lines, are behind a button.
  const [line = ''] = fault.message.split('\n');
  const title = faultTitle(fault, trans);
  return [title, line === `${title}.` ? '' : line, fault.remedy];
}

/** The buttons for a fault. */
export function faultActions(
  fault: Fault,
  { commands, trans }: Pick<PanelProps, 'commands' | 'trans'>,
  retry: () => void = () => void commands.execute(CommandIDs.refresh)
): readonly IAction[] {
  const actions: IAction[] = [];
  if (STARTABLE.includes(fault.code)) {
    actions.push({ label: trans.__('Start Dagster'), run: () => void commands.execute(CommandIDs.startDagster) });
  }
  if (fault.message.includes('\n')) {
    const title = faultTitle(fault, trans);
    actions.push({
      label: trans.__('Show error'),
      run: () => void showText(title, fault.message, trans.__('Close'))
    });
  }
  if (!WAITING.includes(fault.code)) {
    actions.push({ label: trans.__('Try again'), run: retry });
  }
  return actions;
}

/** What a fault means, in a few words. */
export function faultTitle(fault: Fault, trans: IRenderMime.TranslationBundle): string {
  switch (fault.code) {
    case 'dagster-unreachable':
    case 'dagster-answer-lost':
    case 'dagster-busy':
    case 'dagster-slow':
      return trans.__('Dagster does not answer');
    case 'dagster-starting':
    case 'dagster-restarting':
      return trans.__('Dagster is starting');
    case 'dagster-failed':
      return trans.__('Dagster could not be started');
    case 'not-dagster':
      return trans.__('Somebody else answers at the address of Dagster');
    case 'dagster-authentication':
      return trans.__('Dagster refuses the credentials');
    case 'config':
      return trans.__('The configuration is wrong');
    case 'network':
      return trans.__('The Jupyter server does not answer');
    case 'http-403':
      return trans.__('You may not see this');
    case 'not-found':
      return trans.__('Dagster does not have it');
    default:
      return trans.__('Something went wrong');
  }
}
