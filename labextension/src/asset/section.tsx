/** The parts that the sections of an asset's panel are built from. */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import type { IContext } from '../actions/context';
import { CommandIDs } from '../commands';
import { statusIcons } from '../icons';
import { shortId } from '../model/runTexts';
import { age, type ShownStatus } from '../model/words';
import { Icon } from '../sidebar/icon';
import { useNow } from '../sidebar/now';

/** What all sections work with. */
export interface ISectionProps {
  readonly context: IContext;
  /** null where JupyterLab renders nothing: markdown is then shown as it is written. */
  readonly rendermime: IRenderMimeRegistry | null;
}

/** A section under its own heading. */
export function Section(props: {
  readonly title: string;
  /** Beside the title. */
  readonly note?: React.ReactNode;
  readonly children: React.ReactNode;
}): React.ReactElement {
  const id = React.useId();
  return (
    <section className="jp-Daglab-section" aria-labelledby={id}>
      <div className="jp-Daglab-sectionHead">
        <h3 id={id}>{props.title}</h3>
        {props.note ? <span className="jp-Daglab-sectionNote">{props.note}</span> : null}
      </div>
      {props.children}
    </section>
  );
}

/** A status as icon and word. */
export function Status(props: { readonly icon: ShownStatus; readonly text: string }): React.ReactElement {
  return (
    <span className="jp-Daglab-statusWord">
      <Icon icon={statusIcons[props.icon]} className={`jp-Daglab-status jp-mod-${props.icon}`} />
      {props.text}
    </span>
  );
}

/** How long ago something was, with the time itself for who points at it. */
export function Ago(props: {
  /** Seconds since the epoch. */
  readonly time: number;
  readonly trans: IRenderMime.TranslationBundle;
}): React.ReactElement {
  const date = new Date(props.time * 1000);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {age(props.time, useNow(), props.trans)}
    </time>
  );
}

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

/** The way to a run. */
export function RunLink({ id, context }: { readonly id: string; readonly context: IContext }): React.ReactElement {
  const label = shortId(id);
  return (
    <LinkButton
      label={label}
      name={context.trans.__('Open run %1', label)}
      onClick={() => void context.commands.execute(CommandIDs.openRun, { id })}
    />
  );
}

/** The way to another asset. */
export function AssetLink({ assetKey, context }: { readonly assetKey: string; readonly context: IContext }): React.ReactElement {
  return (
    <LinkButton
      label={assetKey}
      onClick={() => void context.commands.execute(CommandIDs.openAsset, { key: assetKey })}
    />
  );
}
