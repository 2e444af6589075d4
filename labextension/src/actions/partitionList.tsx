/** A list of partitions of which one or more are chosen. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import type { IPartition } from '../model/launch';
import { partitionText } from '../model/words';
import { Button } from '../sidebar/button';

/** So many are listed at once; the filter finds the others. */
const MOST = 500;

interface IPartitionListProps {
  readonly label: string;
  /** false: the label is shown elsewhere already. */
  readonly heading?: boolean;
  /** The latest first. */
  readonly partitions: readonly IPartition[];
  readonly chosen: readonly string[];
  readonly trans: IRenderMime.TranslationBundle;
  readonly onChange: (keys: readonly string[]) => void;
}

export function PartitionList(props: IPartitionListProps): React.ReactElement {
  const { partitions, trans, onChange } = props;
  const [filter, setFilter] = React.useState('');
  const text = filter.trim().toLowerCase();
  const found = partitions.filter(one => one.key.toLowerCase().includes(text));
  const shown = found.slice(0, MOST);
  const keysOf = (status: IPartition['status']): readonly string[] =>
    found.filter(one => one.status === status).map(one => one.key);
  const quick: readonly [string, readonly string[]][] = [
    [trans.__('Latest'), found.slice(0, 1).map(one => one.key)],
    [trans.__('Missing'), keysOf('missing')],
    [trans.__('Failed'), keysOf('failed')],
    [trans.__('All'), found.map(one => one.key)]
  ];
  return (
    <section className="jp-Daglab-partitions" aria-label={props.heading === false ? undefined : props.label}>
      {props.heading === false ? null : <h3>{props.label}</h3>}
      <input
        type="text"
        className="jp-mod-styled"
        value={filter}
        placeholder={trans.__('Filter')}
        aria-label={trans.__('Filter %1', props.label)}
        onChange={event => setFilter(event.target.value)}
      />
      <div className="jp-Daglab-quick" role="group" aria-label={trans.__('Choose')}>
        {quick.map(([label, keys]) => (
          <Button key={label} className="jp-Daglab-chip" enabled={keys.length > 0} onClick={() => onChange(keys)}>
            {keys.length > 1 ? `${label} (${keys.length})` : label}
          </Button>
        ))}
      </div>
      <select
        multiple
        size={Math.min(8, Math.max(3, partitions.length))}
        aria-label={props.label}
        value={[...props.chosen]}
        onChange={event => onChange([...event.target.selectedOptions].map(option => option.value))}
      >
        {shown.map(({ key, status }) => (
          <option key={key} value={key}>
            {status === null ? key : `${key} · ${partitionText(status, trans)}`}
          </option>
        ))}
      </select>
      {found.length > shown.length ? (
        <p className="jp-Daglab-hint">
          {trans.__('The latest %1 of %2 are listed; the filter finds the others.', shown.length, found.length)}
        </p>
      ) : null}
    </section>
  );
}
