/** The drawn lineage: buttons for assets over lines; one tab stop, arrows go from asset to asset. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import { statusIcons } from '../icons';
import { type ILayout, layout, NODE_HEIGHT, NODE_WIDTH } from '../model/layout';
import { type ILineage, type INode, neighbour } from '../model/lineage';
import { shortName } from '../model/tree';
import { shownStatus, statusText } from '../model/words';
import { Icon } from '../sidebar/icon';
import type { ILineageProps } from './lineage';

const DIRECTIONS: Readonly<Record<string, 'left' | 'right' | 'up' | 'down'>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down'
};

export function Graph({ lineage, context, onWalk }: ILineageProps): React.ReactElement {
  const { trans } = context;
  const drawn = useLayout(lineage);
  const scroller = React.useRef<HTMLDivElement>(null);
  const [active, setActive] = React.useState(lineage.centre);
  const stop = lineage.nodes.some(node => node.key === active) ? active : lineage.centre;

  React.useEffect(() => {
    const place = drawn?.nodes.get(lineage.centre);
    const node = scroller.current;
    if (!place || !node) {
      return undefined;
    }
    // Also when a panel that was hidden, and thus had no size, is seen.
    const observer = new ResizeObserver(() => {
      node.scrollLeft = place.x + NODE_WIDTH / 2 - node.clientWidth / 2;
      node.scrollTop = place.y + NODE_HEIGHT / 2 - node.clientHeight / 2;
    });
    observer.observe(node);
    return () => observer.disconnect();
  }, [drawn, lineage.centre]);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const direction = DIRECTIONS[event.key];
    const next = direction && drawn ? neighbour(lineage, stop, direction, key => drawn.nodes.get(key)?.y ?? 0) : null;
    if (direction) {
      event.preventDefault();
    }
    if (next !== null) {
      setActive(next);
      scroller.current?.querySelector<HTMLElement>(`[data-at="${indexOf(lineage, next)}"]`)?.focus();
    }
  };

  return (
    <div
      className="jp-Daglab-graph"
      role="group"
      aria-label={trans.__('Lineage of %1; arrows go along it, Enter goes on from an asset', lineage.centre)}
      ref={scroller}
      onKeyDown={onKeyDown}
    >
      {drawn ? (
        <div className="jp-Daglab-graphArea" style={{ width: drawn.width, height: drawn.height }}>
          <svg width={drawn.width} height={drawn.height} aria-hidden="true">
            {drawn.edges.map(edge => (
              <path key={edge.id} d={edge.path} />
            ))}
          </svg>
          {lineage.nodes.map((node, at) => {
            const place = drawn.nodes.get(node.key);
            return place ? (
              <button
                key={node.key}
                type="button"
                data-at={at}
                data-key={node.key}
                className={`jp-Daglab-node${node.level === 0 ? ' jp-mod-centre' : ''}`}
                style={{ left: place.x, top: place.y, width: NODE_WIDTH, height: NODE_HEIGHT }}
                tabIndex={node.key === stop ? 0 : -1}
                aria-current={node.level === 0 ? 'true' : undefined}
                aria-label={nodeText(node, trans)}
                title={node.key}
                onFocus={() => setActive(node.key)}
                onClick={() => onWalk(node.key)}
              >
                <NodeContent node={node} trans={trans} />
              </button>
            ) : null;
          })}
        </div>
      ) : null}
    </div>
  );
}

function NodeContent(props: {
  readonly node: INode;
  readonly trans: IRenderMime.TranslationBundle;
}): React.ReactElement {
  const { key, asset } = props.node;
  const status = asset ? shownStatus(asset) : 'external';
  const name = shortName(key);
  return (
    <>
      <Icon icon={statusIcons[status]} className={`jp-Daglab-status jp-mod-${status}`} />
      <span className="jp-Daglab-text">
        <span className="jp-Daglab-name">
          <span className="jp-Daglab-prefix">{key.slice(0, key.length - name.length)}</span>
          <span className="jp-Daglab-last">{name}</span>
        </span>
        <span className="jp-Daglab-note">{statusText(status, props.trans)}</span>
      </span>
    </>
  );
}

/** An asset of the lineage in words. */
export function nodeText(node: INode, trans: IRenderMime.TranslationBundle): string {
  const status = statusText(node.asset ? shownStatus(node.asset) : 'external', trans);
  const place = node.level < 0 ? trans.__('upstream') : node.level > 0 ? trans.__('downstream') : '';
  return [node.key, status, place].filter(Boolean).join(', ');
}

function indexOf(lineage: ILineage, key: string): number {
  return lineage.nodes.findIndex(node => node.key === key);
}

/** Laid out anew where other assets are shown; the layout before stays until then. */
function useLayout(lineage: ILineage): ILayout | null {
  const [drawn, setDrawn] = React.useState<ILayout | null>(null);
  const shape = JSON.stringify([lineage.nodes.map(node => node.key), lineage.edges]);
  React.useEffect(() => {
    let wanted = true;
    void layout(lineage).then(done => wanted && setDrawn(done));
    return () => {
      wanted = false;
    };
    // The statuses of the assets move nothing.
  }, [shape]);
  return drawn;
}
