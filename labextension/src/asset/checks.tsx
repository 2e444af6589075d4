/** The checks of an asset, each with how it went. */

import * as React from 'react';
import type { Check } from '../model/asset';
import { checkWords } from '../model/checkWords';
import { When } from '../sidebar/time';
import { MetadataList } from './metadata';
import { type ISectionProps, RunLink, Section, Status } from './section';

interface IChecksProps extends ISectionProps {
  readonly checks: readonly Check[];
  /** Why Dagster cannot tell them. */
  readonly error: string | null;
}

export const Checks = React.memo(ChecksSection);

function ChecksSection(props: IChecksProps): React.ReactElement | null {
  const { checks, error, context } = props;
  const { trans } = context;
  if (checks.length === 0 && error === null) {
    return null;
  }
  return (
    <Section title={trans.__('Checks')} note={checks.length ? checks.length : undefined}>
      {error === null ? null : <p className="jp-Daglab-hint">{error}</p>}
      <ul className="jp-Daglab-items">
        {checks.map(check => (
          <li key={check.name}>
            <CheckItem {...props} check={check} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function CheckItem(props: ISectionProps & { readonly check: Check }): React.ReactElement {
  const { check, context } = props;
  const { latest } = check;
  const { trans } = context;
  return (
    <>
      <div className="jp-Daglab-itemName">{check.name}</div>
      <div className="jp-Daglab-itemLine">
        <Status {...checkWords(check, trans)} />
        {latest ? <When at={latest.timestamp} trans={trans} /> : null}
        {latest?.run_id ? <RunLink id={latest.run_id} context={context} /> : null}
        {check.blocking ? (
          <span className="jp-Daglab-kind" title={trans.__('Assets downstream are not made when it fails')}>
            {trans.__('blocking')}
          </span>
        ) : null}
      </div>
      {check.description ? <p className="jp-Daglab-hint">{check.description}</p> : null}
      {latest?.description ? <p className="jp-Daglab-plain">{latest.description}</p> : null}
      {latest?.metadata.length ? <MetadataList {...props} entries={latest.metadata} /> : null}
    </>
  );
}
