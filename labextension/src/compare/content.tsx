/** What the view of a pair says, by where the pair stands. */

import { PathExt } from '@jupyterlab/coreutils';
import * as React from 'react';
import { keepLabel } from '../actions/conflicts';
import type { IContext } from '../actions/context';
import { CommandIDs } from '../commands';
import { documentIcons } from '../icons';
import type { PairDetail } from '../model/asset';
import { pairText } from '../model/words';
import { Button } from '../sidebar/button';
import { Icon } from '../sidebar/icon';
import { LinkButton } from '../sidebar/linkButton';
import { Banner, Empty, type IAction } from '../sidebar/notice';
import { Changes, Refused } from './changes';
import { ConflictCell } from './conflict';
import type { CompareModel, ICompareView } from './model';

export interface IContentProps {
  readonly context: IContext;
  readonly model: CompareModel;
  readonly view: ICompareView;
}

type DetailProps = IContentProps & { readonly detail: PairDetail };

export function Content(props: IContentProps): React.ReactElement {
  const { context, model, view } = props;
  const { trans } = context;
  const { detail, fault } = view;
  const again = { label: trans.__('Try again'), run: () => void model.load() };
  if (detail === null) {
    return fault ? (
      <Empty title={trans.__('The pair cannot be compared')} text={fault.message} remedy={fault.remedy} actions={[again]} />
    ) : (
      <p className="jp-Daglab-loading" role="status">
        {trans.__('Comparing both halves…')}
      </p>
    );
  }
  return (
    <>
      <Head {...props} detail={detail} />
      {fault ? (
        <Banner tone="error" title={trans.__('Nothing was written')} text={fault.message} remedy={fault.remedy} actions={[again]} />
      ) : null}
      <News {...props} detail={detail} />
      {detail.conflicts.length > 0 ? <Conflicts {...props} detail={detail} /> : <Standing {...props} detail={detail} />}
    </>
  );
}

function Head({ context, detail }: DetailProps): React.ReactElement {
  const { commands, trans } = context;
  const { py, ipynb, hashes, state } = detail;
  const open = (label: string, command: string, path: string): React.ReactElement => (
    <LinkButton label={label} onClick={() => void commands.execute(command, { path })} />
  );
  return (
    <header className="jp-Daglab-compareHead">
      <h2>{trans.__('%1 and %2', PathExt.basename(ipynb), PathExt.basename(py))}</h2>
      <p className="jp-Daglab-compareState" role="status">
        <Icon icon={documentIcons[state]} className={`jp-mod-${state}`} />
        <strong>{pairText(state, trans)}</strong>
        <span className="jp-Daglab-compareFolder">{PathExt.dirname(ipynb)}</span>
      </p>
      <div className="jp-Daglab-actions">
        {hashes.ipynb ? open(trans.__('Open in Jupyter'), CommandIDs.openInJupyter, ipynb) : null}
        {hashes.py ? open(trans.__('Open in marimo'), CommandIDs.openInMarimo, py) : null}
      </div>
    </header>
  );
}

function News({ context, view, detail }: DetailProps): React.ReactElement | null {
  const { trans } = context;
  if (view.news === 'moved') {
    return (
      <Banner
        tone="warning"
        title={trans.__('The files have changed since you looked')}
        text={trans.__('Nothing was written. This is how they are now; what you chose about cells that are still the same is kept.')}
      />
    );
  }
  return view.news === 'resolved' && detail.state === 'in-sync' ? (
    <Banner
      tone="success"
      title={trans.__('The conflict is resolved')}
      text={trans.__('Both halves hold what you chose. What was replaced is in the backups.')}
      remedy={`\`daglab backups list ${PathExt.basename(detail.ipynb)}\``}
    />
  ) : null;
}

function Conflicts(props: DetailProps): React.ReactElement {
  const { context, model, view, detail } = props;
  const { trans } = context;
  const { conflicts } = detail;
  const decided = conflicts.filter(conflict => view.choices.has(conflict.cell)).length;
  const readOnly = context.store.state.status?.read_only === true;
  const hint = readOnly
    ? trans.__('daglab is set to read only.')
    : trans.__('%1 of %2 decided. What is replaced stays in the backups.', decided, conflicts.length);
  const previews = model.isDecided && !view.busy && view.preview === null;
  const applies = model.isDecided && !view.busy && !readOnly;
  const apply = async ({ currentTarget }: React.MouseEvent): Promise<void> => {
    const panel = currentTarget.closest<HTMLElement>('.jp-Daglab-compare');
    if (await model.apply()) {
      panel?.focus(); // the button is gone
    }
  };
  return (
    <>
      <p className="jp-Daglab-compareText">
        {trans._n(
          'One cell cannot be merged. Choose which version to keep; all other edits of both halves are kept anyhow.',
          '%1 cells cannot be merged. Choose which version of each to keep; all other edits of both halves are kept anyhow.',
          conflicts.length
        )}
      </p>
      {conflicts.length > 1 ? (
        <div className="jp-Daglab-actions" role="group" aria-label={trans.__('All cells')}>
          {(['ipynb', 'py'] as const).map(side => (
            <button key={side} type="button" className="jp-Daglab-button" onClick={() => model.chooseAll(side)}>
              {trans.__('%1 in all cells', keepLabel(side, trans))}
            </button>
          ))}
        </div>
      ) : null}
      {conflicts.map(conflict => (
        <ConflictCell
          key={conflict.cell}
          conflict={conflict}
          detail={detail}
          choice={view.choices.get(conflict.cell) ?? null}
          onChoose={side => model.choose(conflict.cell, side)}
          trans={trans}
        />
      ))}
      {view.preview ? <Changes changes={view.preview} title={trans.__('What will be written')} trans={trans} /> : null}
      <Refused refused={detail.refused} py={detail.py} trans={trans} />
      <footer className="jp-Daglab-compareFoot">
        <span role="status">{hint}</span>
        <div className="jp-Daglab-actions">
          <Button enabled={previews} onClick={() => void model.look()}>
            {trans.__('Preview')}
          </Button>
          <Button
            className="jp-Daglab-button jp-mod-primary"
            enabled={applies}
            onClick={event => void apply(event)}
          >
            {view.busy ? trans.__('Applying…') : trans.__('Apply')}
          </Button>
        </div>
      </footer>
    </>
  );
}

/** A pair without conflicts. */
function Standing({ context, detail }: DetailProps): React.ReactElement {
  const { commands, trans } = context;
  const { state, changes, reason, ipynb, py, hashes } = detail;
  const path = hashes.py ? py : ipynb;
  const run = (label: string, command: string): IAction => ({
    label,
    run: () => void commands.execute(command, { path })
  });
  switch (state) {
    case 'in-sync':
      return (
        <>
          <Empty title={trans.__('Both halves say the same')} text={trans.__('There is nothing to decide.')} />
          <Refused refused={detail.refused} py={py} trans={trans} />
        </>
      );
    case 'half':
    case 'unpaired':
      return (
        <Empty title={pairText(state, trans)} text={reason} actions={[run(trans.__('Create pair'), CommandIDs.createPair)]} />
      );
    case 'invalid':
    case 'conflict':
      return <Empty title={pairText(state, trans)} text={reason} remedy={trans.__('Mend the file, or restore it from its backups: `daglab backups list`')} />;
    default:
      return (
        <>
          <p className="jp-Daglab-compareText">
            {trans.__('There is no conflict. A sync brings the edits to the other half:')}
          </p>
          <Changes changes={changes} title={trans.__('What will be written')} trans={trans} />
          <Refused refused={detail.refused} py={py} trans={trans} />
          <footer className="jp-Daglab-compareFoot">
            <span>{trans.__('What is replaced stays in the backups.')}</span>
            <div className="jp-Daglab-actions">
              <button
                type="button"
                className="jp-Daglab-button jp-mod-primary"
                onClick={() => void commands.execute(CommandIDs.syncPair, { path })}
              >
                {trans.__('Sync pair')}
              </button>
            </div>
          </footer>
        </>
      );
  }
}
