/** The parts that the sections of an asset's panel are built from. */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import * as React from 'react';
import type { IContext } from '../actions/context';
import { CommandIDs } from '../commands';
import { statusIcons } from '../icons';
import { shortId } from '../model/runTexts';
import type { ShownStatus } from '../model/words';
import { Icon } from '../sidebar/icon';
import { LinkButton } from '../sidebar/linkButton';

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
