/** What lines of a log are shown, and what can be done with them. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { copyIcon, searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { downstreamIcon } from '../icons';
import type { ILogFilter } from '../model/logFilter';
import type { Level } from '../model/runLog';
import { Icon } from '../sidebar/icon';

interface IToolsProps {
  readonly filter: ILogFilter;
  readonly onFilter: (part: Partial<Pick<ILogFilter, 'level' | 'search'>>) => void;
  readonly onStep: (step: string | null) => void;
  readonly steps: readonly string[];
  readonly follows: boolean;
  readonly onFollow: (follows: boolean) => void;
  readonly onCopy: () => void;
  readonly trans: IRenderMime.TranslationBundle;
}

export function LogTools(props: IToolsProps): React.ReactElement {
  const { filter, onFilter, steps, follows, trans } = props;
  const levels: readonly (readonly [Level, string])[] = [
    ['DEBUG', trans.__('All levels')],
    ['INFO', trans.__('Info and above')],
    ['WARNING', trans.__('Warnings and errors')],
    ['ERROR', trans.__('Errors')]
  ];
  return (
    <div className="jp-Daglab-logTools">
      <h3>{trans.__('Log')}</h3>
      <div className="jp-Daglab-search" role="search">
        <Icon icon={searchIcon} />
        <input
          type="search"
          value={filter.search}
          placeholder={trans.__('Search the log')}
          aria-label={trans.__('Search the log')}
          spellCheck={false}
          onChange={event => onFilter({ search: event.target.value })}
        />
      </div>
      <select
        aria-label={trans.__('Levels')}
        value={filter.level}
        onChange={event => onFilter({ level: event.target.value as Level })}
      >
        {levels.map(([level, text]) => (
          <option key={level} value={level}>
            {text}
          </option>
        ))}
      </select>
      {steps.length > 1 ? (
        <select
          aria-label={trans.__('Step')}
          value={filter.step ?? ''}
          onChange={event => props.onStep(event.target.value || null)}
        >
          <option value="">{trans.__('All steps')}</option>
          {steps.map(step => (
            <option key={step} value={step}>
              {step}
            </option>
          ))}
        </select>
      ) : null}
      <button
        type="button"
        className="jp-Daglab-button"
        aria-pressed={follows}
        title={trans.__('Keep the latest line in view')}
        onClick={() => props.onFollow(!follows)}
      >
        <Icon icon={downstreamIcon} />
        {trans.__('Follow')}
      </button>
      <button type="button" className="jp-Daglab-button" title={trans.__('Copy the lines that are shown')} onClick={props.onCopy}>
        <Icon icon={copyIcon} />
        {trans.__('Copy')}
      </button>
    </div>
  );
}
