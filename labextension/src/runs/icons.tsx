/** The icons of runs, steps, cells and levels: each has a shape of its own, and text beside it says the same. */

import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { statusIcons } from '../icons';
import type { Level } from '../model/runLog';
import type { Tone } from '../model/runTexts';
import { Icon } from '../sidebar/icon';

function drawn(name: string, body: string): LabIcon {
  const svgstr = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">${body}</svg>`;
  return new LabIcon({ name: `daglab:${name}`, svgstr });
}

function line(path: string, more = ''): string {
  return `<path d="${path}" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"${more}/>`;
}

const RING = '<circle cx="8" cy="8" r="5.75" fill="none" stroke="currentColor" stroke-width="1.5"/>';

/** Several runs, one after the other. */
export const runsIcon = new LabIcon({
  name: 'daglab:runs',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">' +
    '<g class="jp-icon3 jp-icon-selectable" fill="#616161">' +
    '<path d="M2 2.250 6 4.500 2 6.750zM2 9.250l4 2.250-4 2.250z"/>' +
    '<path d="M7.500 3.750H14v1.500H7.500zM7.500 10.750H14v1.500H7.500z"/></g></svg>'
});

export const executedIcon = new LabIcon({
  name: 'daglab:executed',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16"><g fill="none">' +
    '<path class="jp-icon3" stroke="#616161" stroke-width="1.5" stroke-linejoin="round" ' +
    'd="M3.250 2.250h9.500v11.500h-9.500zM5.500 5.500h5M5.500 8h5M5.500 10.500h3"/></g></svg>'
});

export const toneIcons: Readonly<Record<Tone, LabIcon>> = {
  waiting: statusIcons.stale,
  running: statusIcons.running,
  succeeded: statusIcons.materialized,
  failed: statusIcons.failed,
  canceled: drawn('canceled', RING + line('M4.200 11.800 11.800 4.200')),
  skipped: drawn('skipped', RING + line('M5 8h6'))
};

/** The sidebar's colours of statuses, for what a tone means. */
const COLOURS: Readonly<Record<Tone, string>> = {
  waiting: 'never',
  running: 'running',
  succeeded: 'materialized',
  failed: 'failed',
  canceled: 'never',
  skipped: 'never'
};

const levelIcons: Partial<Readonly<Record<Level, LabIcon>>> = {
  WARNING: drawn('warning', line('M8 2.200 14.500 13.500H1.500z') + line('M8 6v3.700M8 10.700v1.600')),
  ERROR: statusIcons.failed,
  CRITICAL: statusIcons.failed
};

/** Text beside it says the same. */
export function ToneIcon({ tone }: { readonly tone: Tone }): React.ReactElement {
  return <Icon icon={toneIcons[tone]} className={`jp-Daglab-status jp-mod-${COLOURS[tone]}`} />;
}

/** Those of what wants attention. */
export function LevelIcon({ level }: { readonly level: Level }): React.ReactElement | null {
  const icon = levelIcons[level];
  return icon ? (
    <Icon icon={icon} className={`jp-Daglab-status jp-mod-${level === 'WARNING' ? 'stale' : 'failed'}`} />
  ) : null;
}
