/** How far something is, as a bar and in words. */

import * as React from 'react';

export function Progress(props: {
  readonly done: number;
  /** 0: unknown. */
  readonly total: number;
  readonly text: string;
}): React.ReactElement {
  const { done, total, text } = props;
  return (
    <span className="jp-Daglab-progress">
      {total > 0 ? (
        <span
          className="jp-Daglab-bar"
          role="progressbar"
          aria-label={text}
          aria-valuemin={0}
          aria-valuemax={total}
          aria-valuenow={Math.min(done, total)}
        >
          <span style={{ width: `${(100 * Math.min(done, total)) / total}%` }} />
        </span>
      ) : null}
      <span>{text}</span>
    </span>
  );
}
