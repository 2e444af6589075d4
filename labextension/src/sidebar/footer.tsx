/** The line below the tree: how many assets there are, and those that want attention, one click away. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import type { Asset } from '../model/asset';
import type { IView } from './model';

interface IFooterProps {
  readonly view: IView;
  /** How many assets are selected. */
  readonly selected: number;
  readonly onSearch: (text: string) => void;
  readonly onRuns: () => void;
  readonly trans: IRenderMime.TranslationBundle;
}

export function Footer(props: IFooterProps): React.ReactElement | null {
  const { view, selected, onSearch, onRuns, trans } = props;
  const { assets, status, fault } = view.workspace;
  if (assets === null || !status || fault) {
    return null;
  }
  const counts = countsOf(assets);
  const parts: readonly [string, number, string][] = [
    ['running', counts.running, trans.__('%1 running', counts.running)],
    ['failed', counts.failed, trans.__('%1 failed', counts.failed)],
    ['failed-checks', counts.checks, trans._n('%1 with failed checks', '%1 with failed checks', counts.checks)],
    ['stale', counts.stale, trans.__('%1 stale', counts.stale)]
  ];
  const shown = view.search.trim()
    ? trans.__('%1 of %2', view.assets.length, trans._n('%1 asset', '%1 assets', assets.length))
    : trans._n('%1 asset', '%1 assets', assets.length);
  return (
    <div className="jp-Daglab-footer">
      <span className="jp-Daglab-counts">
        <span role="status">
          {selected > 1 ? `${shown}, ${trans._n('%1 selected', '%1 selected', selected)}` : shown}
        </span>
        {parts.map(([name, count, text]) =>
          count ? (
            <button
              key={name}
              type="button"
              className="jp-Daglab-link"
              title={trans.__('Show these')}
              onClick={() => onSearch(`status:${name}`)}
            >
              {text}
            </button>
          ) : null
        )}
      </span>
      <span className="jp-Daglab-version">
        <button type="button" className="jp-Daglab-link" title={trans.__('Show Dagster’s runs, live')} onClick={onRuns}>
          {trans.__('Runs')}
        </button>
        <span>{trans.__('Dagster %1', status.dagster.version ?? '')}</span>
      </span>
    </div>
  );
}

function countsOf(assets: readonly Asset[]): { running: number; failed: number; stale: number; checks: number } {
  const counts = { running: 0, failed: 0, stale: 0, checks: 0 };
  for (const { status, failed_checks } of assets) {
    if (status === 'running' || status === 'failed' || status === 'stale') {
      counts[status] += 1;
    }
    counts.checks += failed_checks.length ? 1 : 0;
  }
  return counts;
}
