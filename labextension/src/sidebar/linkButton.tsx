/** A button for what leads somewhere. */

import * as React from 'react';

/** A button that looks like a link. */
export function LinkButton(props: {
  readonly label: string;
  /** What it does, where the label alone does not tell. */
  readonly name?: string;
  readonly onClick: () => void;
}): React.ReactElement {
  return (
    <button
      type="button"
      className="jp-Daglab-link"
      aria-label={props.name}
      title={props.name}
      onClick={props.onClick}
    >
      {props.label}
    </button>
  );
}
