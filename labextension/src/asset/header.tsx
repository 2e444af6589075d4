/** What an asset is and where it stands. */

import { PathExt } from '@jupyterlab/coreutils';
import * as React from 'react';
import { pairIcons } from '../icons';
import type { Asset, AssetDetails, PairState } from '../model/asset';
import { shortName } from '../model/tree';
import { pairText, shownStatus, statusText } from '../model/words';
import { Icon } from '../sidebar/icon';
import { When } from '../sidebar/time';
import { type ISectionProps, Section, Status } from './section';

interface IHeaderProps extends ISectionProps {
  readonly asset: Asset;
}

/** Key, status and age. */
export function Header({ asset, context }: IHeaderProps): React.ReactElement {
  const { trans } = context;
  const status = shownStatus(asset);
  const name = shortName(asset.key);
  const parts = [...asset.kinds, ...(asset.partitioned ? [trans.__('partitioned')] : [])];
  return (
    <header className="jp-Daglab-assetHeader">
      <h2>
        <span className="jp-Daglab-prefix">{asset.key.slice(0, asset.key.length - name.length)}</span>
        {name}
      </h2>
      <div className="jp-Daglab-itemLine">
        <span role="status">
          <Status icon={status} text={statusText(status, trans)} />
        </span>
        {asset.materialized_at === null ? null : <When at={asset.materialized_at} trans={trans} />}
        {parts.map(kind => (
          <span key={kind} className="jp-Daglab-kind">
            {kind}
          </span>
        ))}
      </div>
    </header>
  );
}

interface IAboutProps extends IHeaderProps {
  readonly details: AssetDetails | null;
  readonly pair: PairState | null;
}

export const About = React.memo(AboutSection);

/** Where it belongs, who owns it, what makes it. */
function AboutSection({ asset, details, pair, context }: IAboutProps): React.ReactElement {
  const { trans } = context;
  const tags = Object.entries(asset.tags).map(([name, value]) => (value ? `${name}=${value}` : name));
  const entries: readonly (readonly [string, React.ReactNode])[] = [
    [trans.__('Group'), asset.group],
    [trans.__('Code location'), asset.location],
    [trans.__('Owners'), asset.owners.join(', ')],
    [trans.__('Tags'), tags.length ? <Chips texts={tags} /> : null],
    [
      trans.__('Notebook'),
      asset.notebook === null || pair === null ? null : (
        <>
          <span title={asset.notebook}>{PathExt.basename(asset.notebook)}</span>
          <span className="jp-Daglab-statusWord jp-Daglab-pair">
            <Icon icon={pairIcons[pair]} className={`jp-mod-${pair}`} />
            {pairText(pair, trans)}
          </span>
        </>
      )
    ],
    [trans.__('Automation'), details?.automation],
    [trans.__('Code version'), details?.code_version ? <code>{details.code_version.slice(0, 12)}</code> : null],
    [trans.__('Pools'), details?.pools.join(', ')],
    [trans.__('Stale because'), details?.stale_reasons.length ? <Lines texts={details.stale_reasons} /> : null]
  ];
  return (
    <Section title={trans.__('About')}>
      <dl className="jp-Daglab-about">
        {entries.map(([label, value]) =>
          value ? (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ) : null
        )}
      </dl>
    </Section>
  );
}

function Chips({ texts }: { readonly texts: readonly string[] }): React.ReactElement {
  return (
    <ul className="jp-Daglab-chips">
      {texts.map(text => (
        <li key={text} className="jp-Daglab-kind">
          {text}
        </li>
      ))}
    </ul>
  );
}

function Lines({ texts }: { readonly texts: readonly string[] }): React.ReactElement {
  return (
    <ul className="jp-Daglab-plainList">
      {texts.map((text, at) => (
        <li key={at}>{text}</li>
      ))}
    </ul>
  );
}
