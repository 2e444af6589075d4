/** A button that is not always of use. */

import * as React from 'react';

/** A button that keeps the keyboard's focus while it is of no use: with `disabled`, it would lose it. */
export function Button(props: {
  readonly className?: string;
  readonly enabled: boolean;
  /** Whether what it was pressed for goes on. */
  readonly busy?: boolean;
  readonly onClick: (event: React.MouseEvent<HTMLButtonElement>) => void;
  readonly children: React.ReactNode;
}): React.ReactElement {
  return (
    <button
      type="button"
      className={props.className ?? 'jp-Daglab-button'}
      aria-disabled={!props.enabled}
      aria-busy={props.busy}
      onClick={event => props.enabled && props.onClick(event)}
    >
      {props.children}
    </button>
  );
}
