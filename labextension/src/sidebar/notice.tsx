/** What is wrong or missing, with its cause and its remedy. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import { daglabIcon } from '../icons';
import type { Fault } from '../model/asset';

interface IEmptyProps {
  readonly title: string;
  readonly text?: string | undefined;
  readonly remedy?: string | undefined;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** In place of the tree. */
export function Empty(props: IEmptyProps): React.ReactElement {
  return (
    <div className="jp-Daglab-empty" role="status">
      <daglabIcon.react tag="span" className="jp-Daglab-emptyIcon" height="40px" width="40px" />
      <h3>{props.title}</h3>
      {props.text ? <p className="jp-Daglab-cause">{props.text}</p> : null}
      {props.remedy ? <p className="jp-Daglab-remedy">{sentence(props.remedy)}</p> : null}
      {props.action ? (
        <button type="button" className="jp-Daglab-button" onClick={props.action.run}>
          {props.action.label}
        </button>
      ) : null}
    </div>
  );
}

/** Above the tree. */
export function Banner(props: {
  readonly tone: 'warning' | 'error';
  readonly title: string;
  readonly text?: string | undefined;
}): React.ReactElement {
  return (
    <div className={`jp-Daglab-banner jp-mod-${props.tone}`} role="status">
      <strong>{props.title}</strong>
      {props.text ? <span>{props.text}</span> : null}
    </div>
  );
}

/** A fault without any assets to show. */
export function FaultState(props: {
  readonly fault: Fault;
  readonly trans: IRenderMime.TranslationBundle;
  readonly onRetry: () => void;
}): React.ReactElement {
  const { fault, trans } = props;
  const action = { label: trans.__('Try again'), run: props.onRetry };
  if (fault.code === 'server-missing') {
    return (
      <Empty
        title={trans.__('The server half of daglab is missing')}
        text={trans.__('This Jupyter server does not have the extension daglab.server.')}
        remedy={trans.__('Run `pip install "daglab[jupyter]"` in its environment and restart it.')}
        action={action}
      />
    );
  }
  return <Empty title={faultTitle(fault, trans)} text={fault.message} remedy={fault.remedy} action={action} />;
}

/** What a fault means, in a few words. */
export function faultTitle(fault: Fault, trans: IRenderMime.TranslationBundle): string {
  switch (fault.code) {
    case 'dagster-unreachable':
    case 'dagster-answer-lost':
    case 'dagster-busy':
    case 'dagster-slow':
      return trans.__('Dagster does not answer');
    case 'dagster-starting':
    case 'dagster-restarting':
      return trans.__('Dagster is starting');
    case 'dagster-failed':
      return trans.__('Dagster could not be started');
    case 'not-dagster':
      return trans.__('Somebody else answers at the address of Dagster');
    case 'dagster-authentication':
      return trans.__('Dagster refuses the credentials');
    case 'config':
      return trans.__('The configuration is wrong');
    case 'network':
      return trans.__('The Jupyter server does not answer');
    default:
      return trans.__('Something went wrong');
  }
}

/** Remedies come as half sentences with `code` in them. */
function sentence(text: string): React.ReactNode[] {
  const whole = text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
  return whole.split('`').map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part));
}
