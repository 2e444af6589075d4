/** The view of one run: what it is, why it failed, its steps and cells, its log. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { CommandIDs } from '../commands';
import type { WorkspaceStore } from '../data/store';
import { runStatusText, runTone, shortId, whatRuns } from '../model/runTexts';
import { shortName } from '../model/tree';
import { Banner } from '../sidebar/notice';
import { FaultState, faultActions, faultTitle } from '../sidebar/states';
import { Failures } from './failures';
import { RunHeader } from './header';
import { runsIcon, toneIcons } from './icons';
import { RunLogView } from './log';
import type { RunModel } from './runModel';
import { Steps } from './steps';

export interface IRunProps {
  readonly model: RunModel;
  readonly store: WorkspaceStore;
  readonly commands: CommandRegistry;
  readonly trans: IRenderMime.TranslationBundle;
}

export class RunPanel extends ReactWidget {
  constructor(private readonly props: IRunProps) {
    super();
    const { model, trans } = props;
    this.id = `daglab-run-${model.id}`;
    this.addClass('jp-Daglab-runView');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Run %1', shortId(model.id)));
    this.node.tabIndex = -1;
    this.title.label = trans.__('Run %1', shortId(model.id));
    this.title.caption = trans.__('Run %1', model.id);
    this.title.icon = runsIcon;
    this.title.closable = true;
    model.changed.connect(this.tellTitle, this);
  }

  get model(): RunModel {
    return this.props.model;
  }

  override dispose(): void {
    this.model.dispose();
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.model.visible = this.isVisible;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.visible = true;
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.model.visible = false;
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  protected override render(): React.ReactElement {
    const { model } = this.props;
    return (
      <UseSignal signal={model.changed} initialSender={model}>
        {() => <RunView {...this.props} />}
      </UseSignal>
    );
  }

  private tellTitle(): void {
    const { run } = this.model.view;
    if (run) {
      const { trans } = this.props;
      const what = whatRuns(run, trans);
      this.title.icon = toneIcons[runTone(run.status)];
      this.title.label = trans.__('Run of %1', run.assets.length === 1 ? shortName(what) : what);
      this.title.caption = `${what}\n${trans.__('Run %1', run.id)}\n${runStatusText(run.status, trans)}`;
    }
  }
}

function RunView(props: IRunProps): React.ReactElement {
  const { model, store, commands, trans } = props;
  const { run, log, fault, complete } = model.view;
  const [step, setStep] = React.useState<string | null>(null);
  const retry = (): void => void model.reload();
  const onExecuted = React.useCallback(
    (key: string) => void commands.execute(CommandIDs.openExecuted, { run_id: model.id, key }),
    [commands, model]
  );
  if (run === null) {
    return fault ? (
      <FaultState fault={fault} commands={commands} trans={trans} retry={retry} />
    ) : (
      <p className="jp-Daglab-loading" role="status">
        {trans.__('Asking Dagster for the run…')}
      </p>
    );
  }
  return (
    <>
      <RunHeader run={run} store={store} commands={commands} trans={trans} />
      {fault ? (
        <Banner
          tone="error"
          title={faultTitle(fault, trans)}
          text={trans.__('What you see is its last answer.')}
          actions={faultActions(fault, { commands, trans }, retry)}
        />
      ) : null}
      {run.problem ? (
        <Banner
          tone="warning"
          title={trans.__('This run waits to be started')}
          text={run.problem}
          remedy={trans.__('Start Dagster with `dagster dev`, or `dagster-daemon run` beside its web server')}
        />
      ) : null}
      <Failures run={run} log={log} store={store} commands={commands} trans={trans} />
      <div className="jp-Daglab-runBody">
        <Steps log={log} chosen={step} onChoose={setStep} onExecuted={onExecuted} trans={trans} />
        <RunLogView log={log} complete={complete} final={run.final} step={step} onStep={setStep} trans={trans} />
      </div>
    </>
  );
}
