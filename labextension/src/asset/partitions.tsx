/** The partitions of an asset: how many are where, and those that are to be made. */

import * as React from 'react';
import { materializePartitions } from '../actions/materialize';
import { PartitionList } from '../actions/partitionList';
import { CommandIDs } from '../commands';
import type { AssetDetails, Partitions as AssetPartitions } from '../model/asset';
import { allPartitions } from '../model/partitions';
import type { ShownStatus } from '../model/words';
import { Button } from '../sidebar/button';
import { type ISectionProps, Section, Status } from './section';

interface IPartitionsProps extends ISectionProps {
  readonly details: AssetDetails;
  readonly partitions: AssetPartitions;
  readonly readOnly: boolean;
}

export const Partitions = React.memo(PartitionsSection);

function PartitionsSection(props: IPartitionsProps): React.ReactElement {
  const { details, partitions, readOnly, context } = props;
  const { commands, store, trans } = context;
  const [chosen, setChosen] = React.useState<readonly string[]>([]);
  const all = React.useMemo(() => allPartitions(partitions), [partitions]);
  const enabled = !readOnly && details.materializable;
  const launch = (): void => {
    const asset = store.asset(details.key) ?? details;
    void materializePartitions(context, asset, details, chosen, () => setChosen([]));
  };
  return (
    <Section title={trans.__('Partitions')} note={partitions.description}>
      <p className="jp-Daglab-itemLine">
        {countsOf(partitions, trans).map(([icon, text]) => (
          <Status key={text} icon={icon} text={text} />
        ))}
      </p>
      {all === null ? (
        <>
          <p className="jp-Daglab-hint">{trans.__('There are too many to list each.')}</p>
          <Button
            enabled={enabled}
            onClick={() => void commands.execute(CommandIDs.materializeWithOptions, { key: details.key })}
          >
            {trans.__('Materialize with options…')}
          </Button>
        </>
      ) : (
        <>
          <PartitionList
            label={trans.__('Partitions')}
            heading={false}
            partitions={all}
            chosen={chosen}
            trans={trans}
            onChange={setChosen}
          />
          <Button enabled={enabled && chosen.length > 0} onClick={launch}>
            {chosen.length === 0
              ? trans.__('Materialize the chosen partitions')
              : trans._n('Materialize %1 partition', 'Materialize %1 partitions', chosen.length)}
          </Button>
        </>
      )}
    </Section>
  );
}

function countsOf(
  { counts }: AssetPartitions,
  trans: ISectionProps['context']['trans']
): readonly (readonly [ShownStatus, string])[] {
  const { materialized = 0, failed = 0, materializing = 0, missing = 0 } = counts;
  const all: readonly (readonly [ShownStatus, number, string])[] = [
    ['materialized', materialized, trans.__('%1 materialized', materialized)],
    ['failed', failed, trans.__('%1 failed', failed)],
    ['running', materializing, trans.__('%1 running', materializing)],
    ['never', missing, trans.__('%1 missing', missing)]
  ];
  return all.filter(([, count]) => count > 0).map(([icon, , text]) => [icon, text] as const);
}
