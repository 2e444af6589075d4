/** The same as the drawn lineage, as lists. */

import * as React from 'react';
import { shownStatus, statusText } from '../model/words';
import { LinkButton } from '../sidebar/linkButton';
import type { ILineageProps } from './lineage';
import { Status } from './section';

export function LineageList({ lineage, context, onWalk }: ILineageProps): React.ReactElement {
  const { trans } = context;
  const { centre } = lineage;
  const here = React.useRef<HTMLSpanElement>(null);
  const before = React.useRef(centre);
  React.useEffect(() => {
    if (before.current !== centre) {
      before.current = centre;
      here.current?.focus(); // the button that led here is gone
    }
  }, [centre]);
  const titles: readonly (readonly [number, string])[] = [
    [-2, trans.__('Two steps upstream')],
    [-1, trans.__('Upstream')],
    [0, trans.__('Here')],
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
                    {level === 0 ? (
                      <span ref={here} tabIndex={-1} aria-current="true">
                        {key}
                      </span>
                    ) : (
                      <LinkButton label={key} name={trans.__('Go on from %1', key)} onClick={() => onWalk(key)} />
                    )}
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
