/** A cause, its remedy, and the buttons that lead there: in place of the tree, or above it. */

import * as React from 'react';
import { daglabIcon } from '../icons';
import { sentence } from '../model/words';

export interface IAction {
  readonly label: string;
  readonly run: () => void;
}

interface INoticeProps {
  readonly title: string;
  readonly text?: string | undefined;
  readonly remedy?: string | undefined;
  /** The first one is what is most likely wanted. */
  readonly actions?: readonly IAction[];
}

/** In place of the tree. */
export function Empty(props: INoticeProps & { readonly busy?: boolean }): React.ReactElement {
  return (
    <div className="jp-Daglab-empty" role="status">
      <daglabIcon.react
        tag="span"
        className={`jp-Daglab-emptyIcon${props.busy ? ' jp-mod-busy' : ''}`}
        height="40px"
        width="40px"
      />
      <h3>{props.title}</h3>
      {props.text ? <p className="jp-Daglab-cause">{props.text}</p> : null}
      {props.remedy ? <p className="jp-Daglab-remedy">{withCode(sentence(props.remedy))}</p> : null}
      <Actions actions={props.actions} className="jp-Daglab-button" />
    </div>
  );
}

/** Above the tree. */
export function Banner(props: INoticeProps & { readonly tone: 'success' | 'warning' | 'error' }): React.ReactElement {
  return (
    <div className={`jp-Daglab-banner jp-mod-${props.tone}`} role="status">
      <strong>{props.title}</strong>
      {props.text ? <span>{props.text}</span> : null}
      {props.remedy ? <span>{withCode(sentence(props.remedy))}</span> : null}
      <Actions actions={props.actions} className="jp-Daglab-link" />
    </div>
  );
}

function Actions(props: {
  readonly actions: readonly IAction[] | undefined;
  readonly className: string;
}): React.ReactElement | null {
  return props.actions?.length ? (
    <div className="jp-Daglab-actions">
      {props.actions.map((action, index) => (
        <button
          key={action.label}
          type="button"
          className={`${props.className}${index === 0 ? ' jp-mod-primary' : ''}`}
          onClick={action.run}
        >
          {action.label}
        </button>
      ))}
    </div>
  ) : null;
}

/** Texts have `code` in them. */
function withCode(text: string): React.ReactNode[] {
  return text.split('`').map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part));
}
