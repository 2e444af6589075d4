/** Banners above the tree: what is wrong although assets can be shown. */

import * as React from 'react';
import { showText } from '../actions/showText';
import { CommandIDs } from '../commands';
import { Banner } from './notice';
import type { PanelProps } from './panel';
import { faultActions, faultTitle } from './states';

export function Notices(props: PanelProps): React.ReactElement {
  const { view, commands, trans, version } = props;
  const { status, fault, assets } = view.workspace;
  const dagster = status?.dagster;
  return (
    <>
      {fault && assets !== null ? (
        <Banner
          tone="error"
          title={faultTitle(fault, trans)}
          text={trans.__('What you see is its last answer.')}
          actions={faultActions(fault, props)}
        />
      ) : null}
      {status && status.version !== version ? (
        <Banner
          tone="warning"
          title={trans.__('Two versions of daglab')}
          text={trans.__('The server has %1, this page %2. Restart Jupyter and reload the page.', status.version, version)}
          actions={[{ label: trans.__('Reload page'), run: () => window.location.reload() }]}
        />
      ) : null}
      {dagster?.locations?.map(({ name, error }) => {
        const title = trans.__('%1 failed to load', name);
        return error === null ? null : (
          <Banner
            key={name}
            tone="error"
            title={title}
            text={lastError(error)}
            actions={[
              { label: trans.__('Show error'), run: () => void showText(title, error, trans.__('Close')) },
              { label: trans.__('Reload'), run: () => void commands.execute(CommandIDs.reloadLocation, { name }) }
            ]}
          />
        );
      })}
      {dagster?.problems
        .filter(problem => ADVICE.includes(problem.code))
        .map(problem => (
          <Banner key={problem.code} tone="warning" title={problem.message} remedy={problem.remedy} />
        ))}
    </>
  );
}

const ADVICE = ['no-daemon', 'dagster-version'];

/** Of an error and what it was raised from, the last one: it says what happened. */
function lastError(text: string): string {
  const lines = text.trim().split('\n');
  return lines.filter(line => /^[\w.]*(Error|Exception|Warning)\b/.test(line)).at(-1) ?? lines[0] ?? '';
}
