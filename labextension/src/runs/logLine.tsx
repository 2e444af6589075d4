/** One line of a log. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import { parts } from '../model/logFilter';
import type { ILine } from '../model/runLog';
import { levelText } from '../model/runTexts';
import { LevelIcon } from './icons';

interface ILineProps {
  readonly line: ILine;
  /** Its place among the lines that are shown. */
  readonly index: number;
  readonly count: number;
  /** Pixels from the list's top. */
  readonly top: number;
  /** Takes the element's height, for the lines below. */
  readonly measure: (element: HTMLElement | null) => void;
  /** The text that is searched for. */
  readonly search: string;
  readonly trans: IRenderMime.TranslationBundle;
}

export const LogLine = React.memo(function LogLine(props: ILineProps): React.ReactElement {
  const { line, index, search, trans } = props;
  const { first, level, step } = line;
  return (
    <div
      ref={props.measure}
      role="listitem"
      aria-posinset={index + 1}
      aria-setsize={props.count}
      data-index={index}
      className={`jp-Daglab-logLine jp-mod-${level.toLowerCase()}${first ? ' jp-mod-first' : ''}`}
      style={{ transform: `translateY(${props.top}px)` }}
    >
      {first ? <time dateTime={new Date(line.at * 1000).toISOString()}>{clock(line.at)}</time> : <span />}
      {first ? (
        <span className="jp-Daglab-level">
          <LevelIcon level={level} />
          {levelText(level, trans)}
        </span>
      ) : (
        <span />
      )}
      <span className="jp-Daglab-lineStep" title={step ?? undefined}>
        {first ? step : null}
      </span>
      <span className="jp-Daglab-logText">
        {parts(line.text, search).map((part, at) => (at % 2 ? <mark key={at}>{part}</mark> : part))}
      </span>
    </div>
  );
});

/** `09:05:07.120`, of the user's own time zone. */
function clock(at: number): string {
  const date = new Date(at * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
