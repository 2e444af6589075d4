/** daglab's icons: one shape for each status, so that none is told by its colour alone. */

import { LabIcon } from '@jupyterlab/ui-components';
import type { PairState } from './model/asset';
import type { DocumentState } from './model/document';
import type { ShownStatus } from './model/words';

function svg(size: number, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 ${size} ${size}">${body}</svg>`;
}

/** An asset and two that are made from it. */
export const daglabIcon = new LabIcon({
  name: 'daglab:assets',
  svgstr: svg(
    24,
    '<g class="jp-icon3 jp-icon-selectable" fill="#616161">' +
      '<rect x="2" y="8" width="8" height="8" rx="1.5"/><rect x="15" y="2.5" width="7" height="7" rx="1.5"/>' +
      '<rect x="15" y="14.5" width="7" height="7" rx="1.5"/>' +
      '<path d="M9 11h2.5V5H16v2h-2.5v10H16v2h-4.5v-6H9z"/></g>'
  )
});

/** Two cells, the lower one following from the upper: a notebook in marimo. */
export const marimoIcon = new LabIcon({
  name: 'daglab:marimo',
  svgstr: svg(
    16,
    '<g class="jp-icon3 jp-icon-selectable" fill="#616161">' +
      '<path fill-rule="evenodd" d="M2 2.5A1.5 1.5 0 0 1 3.5 1h7A1.5 1.5 0 0 1 12 2.5v2A1.5 1.5 0 0 1 10.5 6h-7' +
      'A1.5 1.5 0 0 1 2 4.5zm1.5 0v2h7v-2z"/>' +
      '<path d="M5.5 10A1.5 1.5 0 0 1 7 8.5h6A1.5 1.5 0 0 1 14.5 10v3a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 13z"/>' +
      '<path d="M2.5 7.5H4V11h1v1.5H3.5a1 1 0 0 1-1-1z"/></g>'
  )
});

function plainIcon(name: string, path: string): LabIcon {
  const line = `<path class="jp-icon3" stroke="#616161" stroke-width="1.5" stroke-linejoin="round" d="${path}"/>`;
  // The theme fills whatever has a fill of its own.
  return new LabIcon({ name: `daglab:${name}`, svgstr: svg(16, `<g fill="none">${line}</g>`) });
}

/** Two halves that become one. */
export const syncIcon = plainIcon('sync', 'M3 7.500a5 5 0 0 1 9-2.500M12.500 2v3.300H9.200M13 8.500a5 5 0 0 1-9 2.500M3.500 14v-3.300h3.300');

/** Two versions side by side. */
export const compareIcon = plainIcon('compare', 'M2 2.500h5v11H2zM9 2.500h5v11H9zM3.500 5.500h2M3.500 8h2M10.500 5.500h2M10.500 10.500h2');

/** What an asset is made from, left of it. */
export const upstreamIcon = plainIcon('upstream', 'M9.500 5.500h4.500v5H9.500zM9.500 8H3M5.500 5 2.500 8l3 3');

/** What is made from an asset, right of it. */
export const downstreamIcon = plainIcon('downstream', 'M2 5.500h4.500v5H2zM6.500 8H13M10.500 5l3 3-3 3');

/** A page elsewhere. */
export const dagsterIcon = plainIcon('dagster', 'M7 3H3.500v9.500H13V9M9.500 2.500h4v4M13.500 2.500 7.500 8.500');

function statusIcon(status: ShownStatus, body: string): LabIcon {
  return new LabIcon({ name: `daglab:status-${status}`, svgstr: svg(16, body) });
}

const RING = '<circle cx="8" cy="8" r="5.75" fill="none" stroke="currentColor" stroke-width="1.5"';

export const statusIcons: Readonly<Record<ShownStatus, LabIcon>> = {
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
  'failed-checks': statusIcon(
    'failed-checks',
    '<path d="M8 1.75 13.25 3.700v4.100c0 3-2.200 5.300-5.250 6.450C4.950 13.100 2.750 10.800 2.750 7.800V3.700z" fill="none" ' +
      'stroke="currentColor" stroke-width="1.500" stroke-linejoin="round"/>' +
      '<path d="M8 4.800v3.900M8 9.900v1.600" stroke="currentColor" stroke-width="1.600"/>'
  ),
  running: statusIcon(
    'running',
    `${RING} opacity=".3"/><path d="M8 2.250A5.75 5.75 0 0 1 13.75 8" fill="none" stroke="currentColor" stroke-width="1.5"/>`
  ),
  never: statusIcon('never', `${RING} stroke-dasharray="2.3 2.2"/>`),
  external: statusIcon(
    'external',
    '<path d="M8 2 14 8 8 14 2 8z" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/>'
  ),
  unknown: statusIcon(
    'unknown',
    `${RING}/><path d="M6.3 6.4a1.7 1.7 0 1 1 2.400 1.500c-.5.300-.7.600-.7 1.200M8 10.400v1.300" fill="none" stroke="currentColor" stroke-width="1.4"/>`
  )
};

const PAIR_NEWER = new LabIcon({
  name: 'daglab:pair-newer',
  svgstr: svg(16, `${RING}/><path d="M8 11V5.500M5.400 7.700 8 5.100l2.600 2.600" fill="none" stroke="currentColor" stroke-width="1.5"/>`)
});

const PAIR_CONFLICT = new LabIcon({
  name: 'daglab:pair-conflict',
  svgstr: svg(
    16,
    '<path d="M8 2.200 14.500 13.500H1.500z" fill="none" stroke="currentColor" stroke-width="1.500" stroke-linejoin="round"/>' +
      '<path d="M8 6v3.700M8 10.700v1.600" stroke="currentColor" stroke-width="1.500"/>'
  )
});

const PAIR_HALF = new LabIcon({
  name: 'daglab:pair-half',
  svgstr: svg(
    16,
    '<path d="M8 2.250H3.750a1.500 1.500 0 0 0-1.500 1.500v8.500a1.500 1.500 0 0 0 1.500 1.500H8z" fill="none" ' +
      'stroke="currentColor" stroke-width="1.500"/>' +
      '<path d="M10 2.250h2.250a1.500 1.500 0 0 1 1.500 1.500v8.500a1.500 1.500 0 0 1-1.500 1.500H10" fill="none" ' +
      'stroke="currentColor" stroke-width="1.500" stroke-dasharray="1.800 2"/>'
  )
});

/** A notebook's pair: the shape tells where it stands. */
export const pairIcons: Readonly<Record<PairState, LabIcon>> = {
  'in-sync': marimoIcon,
  'py-ahead': PAIR_NEWER,
  'ipynb-ahead': PAIR_NEWER,
  'both-ahead': PAIR_NEWER,
  conflict: PAIR_CONFLICT,
  invalid: PAIR_CONFLICT,
  half: PAIR_HALF,
  unpaired: PAIR_HALF
};

const PAIR_EDITED = new LabIcon({
  name: 'daglab:pair-edited',
  svgstr: svg(16, `${RING}/><circle cx="8" cy="8" r="2.500" fill="currentColor"/>`)
});

/** The same for an open document. */
export const documentIcons: Readonly<Record<DocumentState, LabIcon>> = {
  ...pairIcons,
  'in-sync': statusIcons.materialized,
  edited: PAIR_EDITED,
  outdated: PAIR_CONFLICT,
  fault: PAIR_CONFLICT
};
