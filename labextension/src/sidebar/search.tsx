/** The search field of the sidebar. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { closeIcon, searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Icon } from './icon';

export function SearchBox(props: {
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly trans: IRenderMime.TranslationBundle;
}): React.ReactElement {
  const { value, onChange, trans } = props;
  const clear = (): void => onChange('');
  return (
    <div className="jp-Daglab-search" role="search">
      <Icon icon={searchIcon} />
      <input
        type="text"
        value={value}
        placeholder={trans.__('Search by key, group or kind')}
        aria-label={trans.__('Search assets')}
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
  );
}
