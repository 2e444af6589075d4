/** Times and durations that stay true. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import * as React from 'react';
import { duration, elapsed } from '../model/runTexts';
import { age } from '../model/words';
import { useNow } from './now';

interface ITimeProps {
  readonly trans: IRenderMime.TranslationBundle;
}

/** A point in time: how long ago, or with `exact` as the clock showed it. */
export function When(props: ITimeProps & { readonly at: number; readonly exact?: boolean }): React.ReactElement {
  const now = useNow();
  const date = new Date(props.at * 1000);
  const exact = date.toLocaleString();
  return (
    <time dateTime={date.toISOString()} title={exact}>
      {props.exact ? exact : age(props.at, now, props.trans)}
    </time>
  );
}

/** How long something took, or takes until now; both in seconds since the epoch. */
export function Took(props: ITimeProps & { readonly from: number; readonly to: number | null }): React.ReactElement {
  const { from, to, trans } = props;
  return to === null ? <Running from={from} trans={trans} /> : <>{duration(to - from, trans)}</>;
}

function Running({ from, trans }: ITimeProps & { readonly from: number }): React.ReactElement {
  const now = useNow(1);
  return <>{elapsed(now - from, trans)}</>;
}
