/** Icons in React. */

import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/**
 * An icon without a meaning of its own for a screen reader: text beside it says the same.
 *
 * Its drawing is set as it is: JupyterLab's own component computes styles for each icon, which rows of a list that is
 * scrolled fast have no time for.
 */
export function Icon(props: { readonly icon: LabIcon; readonly className?: string }): React.ReactElement {
  const className = props.className ? `jp-Daglab-icon ${props.className}` : 'jp-Daglab-icon';
  return <span className={className} aria-hidden="true" dangerouslySetInnerHTML={{ __html: props.icon.svgstr }} />;
}
