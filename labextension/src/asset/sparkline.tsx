/** A number over the latest materializations, small beside its latest value. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import type { ISeries } from '../model/metadata';

const WIDTH = 120;
const HEIGHT = 26;
const MARGIN = 4;

export function Sparkline(props: {
  readonly series: ISeries;
  readonly trans: IRenderMime.TranslationBundle;
}): React.ReactElement {
  const { label, points } = props.series;
  const values = points.map(point => point.value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const places = values.map((value, at) => ({
    x: MARGIN + (at * (WIDTH - 2 * MARGIN)) / (values.length - 1),
    y: most === least ? HEIGHT / 2 : HEIGHT - MARGIN - ((value - least) * (HEIGHT - 2 * MARGIN)) / (most - least)
  }));
  const last = places.at(-1);
  const text = props.trans.__(
    '%1 of the latest %2 materializations, the oldest first: %3',
    label,
    points.length,
    values.map(value => value.toLocaleString()).join('; ')
  );
  return (
    <svg className="jp-Daglab-sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={text}>
      <title>{text}</title>
      <polyline points={places.map(({ x, y }) => `${x},${y}`).join(' ')} />
      {last ? <circle cx={last.x} cy={last.y} r="2.5" /> : null}
    </svg>
  );
}
