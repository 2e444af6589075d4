/** The same as the drawn lineage, as lists. */

import * as React from 'react';
import { shownStatus, statusText } from '../model/words';
import type { ILineageProps } from './lineage';
import { LinkButton, Status } from './section';

export function LineageList({ lineage, context, onWalk }: ILineageProps): React.ReactElement {
  const { trans } = context;
  const titles: readonly (readonly [number, string])[] = [
    [-2, trans.__('Two steps upstream')],
    [-1, trans.__('Upstream')],
    [1, trans.__('Downstream')],
    [2, trans.__('Two steps downstream')]
  ];
  return (
    <div className="jp-Daglab-levels">
      {titles.map(([level, title]) => {
        const nodes = lineage.nodes.filter(node => node.level === level);
        return nodes.length === 0 ? null : (
          <div key={level}>
            <h4>{title}</h4>
            <ul className="jp-Daglab-items">
              {nodes.map(({ key, asset }) => {
                const status = asset ? shownStatus(asset) : 'external';
                return (
                  <li key={key} className="jp-Daglab-itemLine">
                    <LinkButton label={key} name={trans.__('Go on from %1', key)} onClick={() => onWalk(key)} />
                    <Status icon={status} text={statusText(status, trans)} />
                  </li>
                );
              })}
            </ul>
          </div>
        );
      })}
    </div>
  );
}
