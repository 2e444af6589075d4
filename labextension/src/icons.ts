/** daglab's icons: one shape for each status, so that none is told by its colour alone. */

import { LabIcon } from '@jupyterlab/ui-components';
import type { AssetStatus } from './model/asset';

function svg(size: number, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 ${size} ${size}">${body}</svg>`;
}

/** Three assets and what depends on what. */
export const daglabIcon = new LabIcon({
  name: 'daglab:assets',
  svgstr: svg(
    24,
    '<g class="jp-icon3 jp-icon-selectable" fill="#616161">' +
      '<path d="M8.2 10.6 15 6.9l1 1.7-6.9 3.8zM9.1 11.6l6.9 3.8-1 1.7-6.8-3.7z"/>' +
      '<circle cx="6" cy="12" r="3.4"/><circle cx="18" cy="6" r="3.4"/><circle cx="18" cy="18" r="3.4"/></g>'
  )
});

/** A cell with a reactive arrow: a notebook in marimo. */
export const marimoIcon = new LabIcon({
  name: 'daglab:marimo',
  svgstr: svg(
    24,
    '<g class="jp-icon3 jp-icon-selectable" fill="#616161">' +
      '<path d="M5 3h11a2 2 0 0 1 2 2v4h-2V5H5v14h5v2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z"/>' +
      '<path d="M7 7.5h7v2H7zM7 11.5h4v2H7z"/>' +
      '<path d="M17 11v2.1a4 4 0 1 1-4.6 5.4l1.8-.8A2 2 0 1 0 17 15.100V17l-3.6-3z"/></g>'
  )
});

function statusIcon(status: AssetStatus, body: string): LabIcon {
  return new LabIcon({ name: `daglab:status-${status}`, svgstr: svg(16, body) });
}

const RING = '<circle cx="8" cy="8" r="5.75" fill="none" stroke="currentColor" stroke-width="1.5"';

export const statusIcons: Readonly<Record<AssetStatus, LabIcon>> = {
  materialized: statusIcon(
    'materialized',
    '<path fill="currentColor" fill-rule="evenodd" d="M8 1.500a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zm-.9 9.6 ' +
      '4.3-4.7-1.1-1-3.25 3.550L5.6 7.500l-1 1.050z"/>'
  ),
  stale: statusIcon(
    'stale',
    `${RING}/><path d="M8 4.700V8l2.3 1.5" fill="none" stroke="currentColor" stroke-width="1.5"/>`
  ),
  failed: statusIcon(
    'failed',
    '<path fill="currentColor" fill-rule="evenodd" d="M8 1.500a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zm0 5.44' +
      'L5.94 4.88 4.88 5.94 6.94 8l-2.06 2.06 1.06 1.060L8 9.060l2.06 2.06 1.06-1.060L9.06 8l2.06-2.06-1.06-1.060z"/>'
  ),
  running: statusIcon(
    'running',
    `${RING} opacity=".3"/><path d="M8 2.250A5.75 5.75 0 0 1 13.75 8" fill="none" stroke="currentColor" stroke-width="1.5"/>`
  ),
  never: statusIcon('never', `${RING} stroke-dasharray="2.3 2.2"/>`),
  external: statusIcon(
    'external',
    '<path d="M8 2 14 8 8 14 2 8z" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/>'
  )
};
