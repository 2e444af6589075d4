/** What a sync writes, and what marimo will not run. */

import { PathExt } from '@jupyterlab/coreutils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import type { PairChanges, PairDetail } from '../model/asset';
import { sentence } from '../model/words';
import { Code } from './code';
import { diffLines } from './lines';

interface IChangesProps {
  readonly changes: PairChanges;
  readonly title: string;
  readonly trans: IRenderMime.TranslationBundle;
}

export function Changes({ changes, title, trans }: IChangesProps): React.ReactElement {
  return (
    <section className="jp-Daglab-changes" aria-label={title}>
      <h3>{title}</h3>
      {changes.map(({ path, diff }) => (
        <React.Fragment key={path}>
          <h4>{PathExt.basename(path)}</h4>
          {diff ? (
            <Code lines={diffLines(diff)} label={trans.__('Changes of %1', PathExt.basename(path))} trans={trans} />
          ) : (
            <p className="jp-Daglab-hint">{trans.__('Metadata alone.')}</p>
          )}
        </React.Fragment>
      ))}
    </section>
  );
}

/** Nothing where marimo runs it all. */
export function Refused(props: {
  readonly refused: PairDetail['refused'];
  readonly py: string;
  readonly trans: IRenderMime.TranslationBundle;
}): React.ReactElement | null {
  const { refused, py, trans } = props;
  return refused.length === 0 ? null : (
    <section className="jp-Daglab-changes">
      <h3>{trans.__('What marimo will not run')}</h3>
      <ul>
        {refused.map(({ line, code, message, remedy }) => (
          <li key={`${line} ${code} ${message}`}>
            <strong>{trans.__('%1, line %2:', PathExt.basename(py), line)}</strong> {sentence(message)} {remedy && sentence(remedy)}
          </li>
        ))}
      </ul>
    </section>
  );
}
