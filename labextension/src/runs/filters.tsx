/** Which runs the list shows. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import type { Asset } from '../model/asset';
import { type IRunFilter, RUN_GROUPS, type RunGroup } from '../model/runList';

/** Keys that are offered while one is typed. */
const MOST_OFFERED = 30;
const ASSET_RUNS = '__ASSET_JOB';

interface IFiltersProps {
  readonly filter: IRunFilter;
  readonly jobs: readonly string[];
  readonly assets: readonly Asset[];
  readonly onChange: (part: Partial<IRunFilter>) => void;
  readonly trans: IRenderMime.TranslationBundle;
}

export function Filters(props: IFiltersProps): React.ReactElement {
  const { filter, onChange, trans } = props;
  const jobs = [...new Set([...props.jobs, ...(filter.job === null ? [] : [filter.job])])].filter(
    job => job !== ASSET_RUNS
  );
  return (
    <div className="jp-Daglab-filters" role="search" aria-label={trans.__('Filter runs')}>
      <label>
        <span>{trans.__('Status')}</span>
        <select
          value={filter.status ?? ''}
          onChange={event => onChange({ status: (event.target.value || null) as RunGroup | null })}
        >
          <option value="">{trans.__('All')}</option>
          {(Object.keys(RUN_GROUPS) as RunGroup[]).map(group => (
            <option key={group} value={group}>
              {groupText(group, trans)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{trans.__('Job')}</span>
        <select value={filter.job ?? ''} onChange={event => onChange({ job: event.target.value || null })}>
          <option value="">{trans.__('All')}</option>
          <option value={ASSET_RUNS}>{trans.__('Materializations')}</option>
          {jobs.map(job => (
            <option key={job} value={job}>
              {job}
            </option>
          ))}
        </select>
      </label>
      <AssetFilter {...props} />
    </div>
  );
}

/** Takes force once it is an asset's key. */
function AssetFilter({ filter, assets, onChange, trans }: IFiltersProps): React.ReactElement {
  const [text, setText] = React.useState(filter.asset ?? '');
  React.useEffect(() => setText(filter.asset ?? ''), [filter.asset]);
  const id = React.useId();
  const wanted = text.trim();
  const unknown = wanted !== '' && wanted !== filter.asset;
  const matching = React.useMemo(
    () => assets.filter(asset => asset.key.toLowerCase().includes(wanted.toLowerCase())),
    [assets, wanted]
  );
  const change = (typed: string): void => {
    setText(typed);
    const key = typed.trim();
    if (key === '' || assets.some(asset => asset.key === key)) {
      onChange({ asset: key || null });
    }
  };
  return (
    <label className="jp-mod-wide">
      <span>{trans.__('Asset')}</span>
      <input
        type="search"
        list={id}
        value={text}
        placeholder={trans.__('All')}
        spellCheck={false}
        aria-describedby={`${id}-hint`}
        onChange={event => change(event.target.value)}
      />
      <datalist id={id}>
        {matching.slice(0, MOST_OFFERED).map(asset => (
          <option key={asset.key} value={asset.key} />
        ))}
      </datalist>
      <span id={`${id}-hint`} className="jp-Daglab-filterHint" role="status">
        {unknown ? trans._n('%1 key has this text', '%1 keys have this text', matching.length) : ''}
      </span>
    </label>
  );
}

function groupText(group: RunGroup, trans: IRenderMime.TranslationBundle): string {
  switch (group) {
    case 'running':
      return trans.__('Running');
    case 'queued':
      return trans.__('Queued');
    case 'failed':
      return trans.__('Failed');
    case 'succeeded':
      return trans.__('Succeeded');
    case 'canceled':
      return trans.__('Canceled');
  }
}
