/** Lineage as a graph that one can walk, or as a list. */

import * as React from 'react';
import { CommandIDs } from '../commands';
import type { ILineage } from '../model/lineage';
import { shortName } from '../model/tree';
import { LinkButton } from '../sidebar/linkButton';
import { Graph } from './graph';
import { LineageList } from './lineageList';
import { type ISectionProps, Section } from './section';

/** In less width, as at high zoom, a list says more than the part of a graph that one sees. */
const NARROW_PIXELS = 400;

type Shape = 'graph' | 'list';

export interface ILineageProps extends ISectionProps {
  /** Of the panel. */
  readonly assetKey: string;
  readonly lineage: ILineage;
  readonly onWalk: (key: string) => void;
}

export const Lineage = React.memo(LineageSection);

function LineageSection(props: ILineageProps): React.ReactElement {
  const { assetKey, lineage, context, onWalk } = props;
  const { commands, trans } = context;
  const head = React.useRef<HTMLSpanElement>(null);
  const narrow = useNarrow(head);
  const [chosen, setChosen] = React.useState<Shape | null>(null);
  const shape = chosen ?? (narrow ? 'list' : 'graph');
  const { centre, hidden, nodes } = lineage;
  const choices = [
    ['graph', trans.__('Graph')],
    ['list', trans.__('List')]
  ] as const;
  const shown = (
    <span className="jp-Daglab-quick" ref={head} role="group" aria-label={trans.__('Show lineage as')}>
      {choices.map(([name, label]) => (
        <button
          key={name}
          type="button"
          className={`jp-Daglab-chip${shape === name ? ' jp-mod-chosen' : ''}`}
          aria-pressed={shape === name}
          onClick={() => setChosen(name)}
        >
          {label}
        </button>
      ))}
    </span>
  );
  return (
    <Section title={trans.__('Lineage')} note={shown}>
      {nodes.length === 1 && centre === assetKey ? (
        <p className="jp-Daglab-hint">{trans.__('It is made from no other asset, and none is made from it.')}</p>
      ) : shape === 'graph' ? (
        <Graph {...props} />
      ) : (
        <LineageList {...props} />
      )}
      <p className="jp-Daglab-walk" role="status">
        {centre === assetKey ? null : (
          <>
            <span>{trans.__('Around %1', centre)}</span>
            <LinkButton
              label={trans.__('Open asset')}
              name={trans.__('Open asset %1', centre)}
              onClick={() => void commands.execute(CommandIDs.openAsset, { key: centre })}
            />
            <LinkButton label={trans.__('Back to %1', shortName(assetKey))} onClick={() => onWalk(assetKey)} />
          </>
        )}
        {hidden.upstream ? (
          <LinkButton
            label={trans._n('%1 more upstream', '%1 more upstream', hidden.upstream)}
            name={trans.__('Show all assets upstream of %1 in the sidebar', centre)}
            onClick={() => void commands.execute(CommandIDs.showUpstream, { key: centre })}
          />
        ) : null}
        {hidden.downstream ? (
          <LinkButton
            label={trans._n('%1 more downstream', '%1 more downstream', hidden.downstream)}
            name={trans.__('Show all assets downstream of %1 in the sidebar', centre)}
            onClick={() => void commands.execute(CommandIDs.showDownstream, { key: centre })}
          />
        ) : null}
      </p>
    </Section>
  );
}

/** Whether the section around an element has little room; false while it is hidden. */
function useNarrow(part: React.RefObject<HTMLElement>): boolean {
  const [narrow, setNarrow] = React.useState(false);
  React.useEffect(() => {
    const section = part.current?.closest('section');
    if (!section) {
      return undefined;
    }
    const observer = new ResizeObserver(() =>
      setNarrow(section.clientWidth > 0 && section.clientWidth < NARROW_PIXELS)
    );
    observer.observe(section);
    return () => observer.disconnect();
  }, [part]);
  return narrow;
}
