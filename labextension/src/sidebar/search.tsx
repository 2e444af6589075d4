/** The search field of the sidebar. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { closeIcon, searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Fault } from '../model/asset';
import { Icon } from './icon';

const FAULT_ID = 'jp-Daglab-searchFault';

export function SearchBox(props: {
  readonly value: string;
  /** Why it can't be searched for. */
  readonly fault: Fault | null;
  readonly onChange: (text: string) => void;
  readonly trans: IRenderMime.TranslationBundle;
}): React.ReactElement {
  const { value, fault, onChange, trans } = props;
  const clear = (): void => onChange('');
  return (
    <>
      <div className={`jp-Daglab-search${fault ? ' jp-mod-invalid' : ''}`} role="search">
        <Icon icon={searchIcon} />
        <input
          type="text"
          value={value}
          placeholder={trans.__('Search assets')}
          title={trans.__(
            'Words, or group:sales, kind:dbt, tag:tier=gold, owner:ada, location:shop, status:failed; or Dagster’s selection syntax, such as +key:orders'
          )}
          aria-label={trans.__('Search assets')}
          aria-invalid={fault !== null}
          aria-describedby={fault ? FAULT_ID : undefined}
          spellCheck={false}
          onChange={event => onChange(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Escape' && value) {
              event.stopPropagation();
              clear();
            }
          }}
        />
        {value ? (
          <button type="button" aria-label={trans.__('Clear search')} title={trans.__('Clear search')} onClick={clear}>
            <Icon icon={closeIcon} />
          </button>
        ) : null}
      </div>
      {fault ? (
        <p id={FAULT_ID} className="jp-Daglab-searchFault" role="status">
          {fault.message}
        </p>
      ) : null}
    </>
  );
}
