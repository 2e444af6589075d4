/** The panel of one asset: all that Dagster tells of it, live. */

import type { Message } from '@lumino/messaging';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import { CommandIDs } from '../commands';
import type { AssetEvent, Fault } from '../model/asset';
import { seriesOf } from '../model/metadata';
import { failureText, sentence } from '../model/words';
import { Banner, Empty, type IAction } from '../sidebar/notice';
import { faultActions, faultTitle } from '../sidebar/states';
import { When } from '../sidebar/time';
import { Checks } from './checks';
import { About, Header } from './header';
import { Lineage } from './lineage';
import { Markdown } from './markdown';
import { MetadataList } from './metadata';
import type { AssetModel, IAssetView } from './model';
import { Partitions } from './partitions';
import { Runs } from './runs';
import { type ISectionProps, RunLink, Section } from './section';

export class AssetContent extends ReactWidget {
  constructor(
    readonly model: AssetModel,
    private readonly props: ISectionProps
  ) {
    super();
    this.addClass('jp-Daglab-assetPanel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', props.context.trans.__('Asset %1', model.key));
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

  protected override render(): React.ReactElement {
    const { model } = this;
    return (
      <UseSignal signal={model.changed} initialSender={model}>
        {() => <Content {...this.props} model={model} view={model.view} />}
      </UseSignal>
    );
  }
}

interface IContentProps extends ISectionProps {
  readonly model: AssetModel;
  readonly view: IAssetView;
}

function Content(props: IContentProps): React.ReactElement {
  const { model, view, context, rendermime } = props;
  const { asset, details, fault } = view;
  const { trans } = context;
  const walk = React.useCallback((key: string) => model.walkTo(key), [model]);
  if (!asset || (!details && fault)) {
    return fault ? (
      <Fault {...props} fault={fault} />
    ) : (
      <p className="jp-Daglab-loading" role="status">
        {trans.__('Asking Dagster for %1…', model.key)}
      </p>
    );
  }
  const shared = { context, rendermime };
  const about = <About {...shared} asset={asset} details={details} pair={view.pair} />;
  const description = details?.description ?? asset.description;
  return (
    <div className="jp-Daglab-assetBody">
      <Header {...shared} asset={asset} />
      <Notices {...props} />
      {description ? (
        <div className="jp-Daglab-columns">
          <Section title={trans.__('Description')}>
            <Markdown text={description} rendermime={rendermime} />
          </Section>
          {about}
        </div>
      ) : (
        about
      )}
      <Lineage {...shared} assetKey={model.key} lineage={view.lineage} onWalk={walk} />
      {details ? (
        <div className="jp-Daglab-columns">
          <div className="jp-mod-main">
            <Events {...shared} view={view} />
            {details.partitions ? (
              <Partitions {...shared} details={details} partitions={details.partitions} readOnly={view.readOnly} />
            ) : null}
          </div>
          <div>
            <Checks {...shared} checks={details.checks} error={details.checks_error} />
            <Runs
              {...shared}
              assetKey={model.key}
              runs={view.runs}
              fault={view.runsFault}
              hasNotebook={asset.notebook !== null}
            />
            {details.metadata.length ? (
              <Section title={trans.__('Metadata of the definition')}>
                <MetadataList {...shared} entries={details.metadata} />
              </Section>
            ) : null}
          </div>
        </div>
      ) : null}
    </div>
  );
}

const NOTHING: readonly AssetEvent[] = [];

/** What was recorded of it last. */
function Events({ view, context, rendermime }: ISectionProps & Pick<IContentProps, 'view'>): React.ReactElement {
  const { trans } = context;
  const { events = NOTHING, events_error: error = null } = view.details ?? {};
  const series = React.useMemo(() => seriesOf(events), [events]);
  const find = (kind: string): AssetEvent | undefined => events.find(event => event.kind === kind);
  const titles: readonly (readonly [string, AssetEvent | undefined])[] = [
    [trans.__('Latest materialization'), find('materialization')],
    [trans.__('Latest observation'), find('observation')]
  ];
  return (
    <>
      {error === null && events.length === 0 ? (
        <Section title={trans.__('Latest materialization')}>
          <p className="jp-Daglab-hint">{trans.__('Nothing was recorded of it yet.')}</p>
        </Section>
      ) : null}
      {error === null ? null : <Banner tone="warning" title={trans.__('Its events cannot be read')} text={error} />}
      {titles.map(([title, event]) =>
        event ? (
          <Section key={title} title={title} note={<EventNote event={event} context={context} />}>
            {event.description ? <p className="jp-Daglab-plain">{event.description}</p> : null}
            {event.metadata.length ? (
              <MetadataList
                context={context}
                rendermime={rendermime}
                entries={event.metadata}
                {...(event.kind === 'materialization' ? { series } : {})}
              />
            ) : (
              <p className="jp-Daglab-hint">{trans.__('It has no metadata.')}</p>
            )}
          </Section>
        ) : null
      )}
    </>
  );
}

function EventNote({ event, context }: { readonly event: AssetEvent } & Pick<ISectionProps, 'context'>): React.ReactElement {
  return (
    <>
      <When at={event.timestamp} trans={context.trans} />
      {event.partition === null ? null : <span className="jp-Daglab-kind">{event.partition}</span>}
      {event.run_id ? <RunLink id={event.run_id} context={context} /> : null}
    </>
  );
}

/** Why the latest run failed; that what is shown is old. */
function Notices({ model, view, context }: IContentProps): React.ReactElement {
  const { commands, trans } = context;
  const { asset, failure, fault } = view;
  const actions: IAction[] = [];
  if (failure && asset?.status === 'failed') {
    const open = (label: string, id: string, args: Readonly<Record<string, string>>): void => {
      actions.push({ label, run: () => void commands.execute(id, args) });
    };
    open(trans.__('Open run'), CommandIDs.openRun, { id: failure.id });
    if (asset.notebook !== null) {
      open(trans.__('Executed notebook'), CommandIDs.openExecuted, { run_id: failure.id, key: asset.key });
      open(trans.__('Open in marimo'), CommandIDs.openInMarimo, { key: asset.key });
    }
  }
  return (
    <>
      {fault ? (
        <Banner
          tone="error"
          title={titleOf(fault, context)}
          text={trans.__('What you see is its last answer.')}
          actions={faultActions(fault, context, () => model.refresh())}
        />
      ) : null}
      {failure && actions.length ? (
        <Banner tone="error" title={trans.__('The latest run failed')} text={failureText(failure, trans)} actions={actions} />
      ) : null}
    </>
  );
}

function Fault({ fault, model, context }: IContentProps & { readonly fault: Fault }): React.ReactElement {
  return (
    <Empty
      title={titleOf(fault, context)}
      text={fault.message.split('\n')[0]}
      remedy={fault.remedy && sentence(fault.remedy)}
      actions={faultActions(fault, context, () => model.refresh())}
    />
  );
}

function titleOf(fault: Fault, { trans }: ISectionProps['context']): string {
  return fault.code === 'not-found' ? trans.__('Dagster has no such asset') : faultTitle(fault, trans);
}
