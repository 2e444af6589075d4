/** Icons in React. */

import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** An icon without a meaning of its own for a screen reader: text beside it says the same. */
export function Icon(props: { readonly icon: LabIcon; readonly className?: string }): React.ReactElement {
  const className = props.className ? `jp-Daglab-icon ${props.className}` : 'jp-Daglab-icon';
  return (
    <span className={className} aria-hidden="true">
      <props.icon.react tag="span" display="flex" height="16px" width="16px" />
    </span>
  );
}
