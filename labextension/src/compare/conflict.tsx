/** One cell on which the halves disagree: both versions side by side, and the choice between them. */

import { PathExt } from '@jupyterlab/coreutils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import { keepLabel } from '../actions/conflicts';
import type { Conflict, PairDetail, Side } from '../model/asset';
import { reasonText } from '../model/words';
import { Code } from './code';
import { versionLines } from './lines';

interface IConflictProps {
  readonly conflict: Conflict;
  readonly detail: PairDetail;
  /** The half whose version is to be kept; null while that isn't chosen. */
  readonly choice: Side | null;
  readonly onChoose: (side: Side) => void;
  readonly trans: IRenderMime.TranslationBundle;
}

/** Drawn again when one of its own has changed: there may be many cells. */
export const ConflictCell = React.memo(
  Cell,
  (before, now) => before.conflict === now.conflict && before.choice === now.choice
);

function Cell(props: IConflictProps): React.ReactElement {
  const { conflict, trans } = props;
  const { line, label, reason } = conflict;
  return (
    <fieldset className="jp-Daglab-conflict">
      <legend>
        <strong>{label}</strong>
        <span>{reasonText(reason, trans)}</span>
        {line === null ? null : <span>{trans.__('line %1 of the .py', line)}</span>}
      </legend>
      <Version {...props} side="ipynb" />
      <Version {...props} side="py" />
    </fieldset>
  );
}

function Version(props: IConflictProps & { readonly side: Side }): React.ReactElement {
  const { conflict, detail, choice, onChoose, side, trans } = props;
  const [own, base, other] =
    side === 'py'
      ? [conflict.py, conflict.py_base, conflict.ipynb]
      : [conflict.ipynb, conflict.ipynb_base, conflict.py];
  const lines = React.useMemo(() => (own === null ? [] : versionLines(own, base, other)), [own, base, other]);
  const file = PathExt.basename(detail[side]);
  const chosen = choice === side;
  return (
    <section className={`jp-Daglab-side${chosen ? ' jp-mod-chosen' : ''}`} aria-label={file}>
      <label className="jp-Daglab-choice">
        <input type="radio" name={`daglab-${detail.ipynb}-${conflict.cell}`} checked={chosen} onChange={() => onChoose(side)} />
        <span>{keepLabel(side, trans)}</span>
        <span className="jp-Daglab-file">{file}</span>
      </label>
      {own === null ? (
        <p className="jp-Daglab-gone">{trans.__('The cell is not there: keeping this deletes it in the other half.')}</p>
      ) : (
        <Code lines={lines} label={trans.__('The version of %1', file)} trans={trans} />
      )}
      <p className="jp-Daglab-hint">
        {own === null
          ? ''
          : base === null
            ? trans.__('Marked: what the other half has differently.')
            : trans.__('Marked: what has changed since the last sync.')}
      </p>
    </section>
  );
}
