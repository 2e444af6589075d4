/** Lines of code with marks at what was added and removed. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import type { ILine } from './lines';

const SIGNS = { added: '+', removed: '−', same: ' ' } as const;

interface ICodeProps {
  /** Null stands for a gap. */
  readonly lines: readonly (ILine | null)[];
  readonly label: string;
  readonly trans: IRenderMime.TranslationBundle;
}

export function Code({ lines, label, trans }: ICodeProps): React.ReactElement {
  return (
    <div className="jp-Daglab-code" role="group" aria-label={label} tabIndex={0}>
      {lines.map((line, place) =>
        line ? (
          <Line key={place} line={line} trans={trans} />
        ) : (
          <div key={place} className="jp-Daglab-gap" aria-hidden="true">
            ⋯
          </div>
        )
      )}
    </div>
  );
}

function Line({ line, trans }: { readonly line: ILine; readonly trans: ICodeProps['trans'] }): React.ReactElement {
  const { kind, parts } = line;
  const Tag = kind === 'added' ? 'ins' : kind === 'removed' ? 'del' : 'span';
  return (
    <div className={`jp-Daglab-line jp-mod-${kind}`}>
      <span className="jp-Daglab-sign" aria-hidden="true">
        {SIGNS[kind]}
      </span>
      {kind === 'same' ? null : (
        <span className="jp-Daglab-hidden">{kind === 'added' ? trans.__('added:') : trans.__('removed:')}</span>
      )}
      <Tag className="jp-Daglab-lineText">
        {parts.map((part, place) =>
          part.changed ? (
            <mark key={place}>{part.text}</mark>
          ) : (
            <React.Fragment key={place}>{part.text}</React.Fragment>
          )
        )}
        {'\n'}
      </Tag>
    </div>
  );
}
