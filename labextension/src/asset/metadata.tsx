/** Entries of metadata, each shown by its kind. */

import * as React from 'react';
import type { IContext } from '../actions/context';
import type { Metadata } from '../model/asset';
import { type ISeries, type ITable, type Shown, shownValue } from '../model/metadata';
import { Markdown } from './markdown';
import { AssetLink, type ISectionProps, RunLink } from './section';
import { Sparkline } from './sparkline';

interface IMetadataProps extends ISectionProps {
  readonly entries: readonly Metadata[];
  /** Numbers of earlier materializations, by label. */
  readonly series?: ReadonlyMap<string, ISeries>;
}

export const MetadataList = React.memo(List);

function List(props: IMetadataProps): React.ReactElement {
  const { entries, series, context } = props;
  return (
    <dl className="jp-Daglab-entries">
      {entries.map((entry, at) => {
        const numbers = series?.get(entry.label);
        return (
          <div key={at} className="jp-Daglab-entry">
            <dt>
              {entry.label}
              {entry.description ? <span className="jp-Daglab-hint">{entry.description}</span> : null}
            </dt>
            <dd>
              <Value {...props} label={entry.label} shown={shownValue(entry, context.trans)} />
              {numbers ? <Sparkline series={numbers} trans={context.trans} /> : null}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function Value(props: ISectionProps & { readonly label: string; readonly shown: Shown }): React.ReactElement {
  const { shown, label, context, rendermime } = props;
  const { trans } = context;
  switch (shown.kind) {
    case 'text':
      return <Scrolled label={label}>{shown.text}</Scrolled>;
    case 'markdown':
      return <Markdown text={shown.text} rendermime={rendermime} />;
    case 'json':
      return (
        <Scrolled label={label} code>
          {shown.text}
        </Scrolled>
      );
    case 'path':
      return <code>{shown.text}</code>;
    case 'asset':
      return <AssetLink assetKey={shown.text} context={context} />;
    case 'run':
      return <RunLink id={shown.text} context={context} />;
    case 'link':
      return <WebLink text={shown.text} url={shown.url} />;
    case 'number':
      return <span className="jp-Daglab-number">{shown.value.toLocaleString(undefined, { maximumFractionDigits: 6 })}</span>;
    case 'time':
      return <time dateTime={isoTime(shown.value)}>{new Date(shown.value * 1000).toLocaleString()}</time>;
    case 'bool':
      return <span>{shown.value ? trans.__('yes') : trans.__('no')}</span>;
    case 'nothing':
      return <span className="jp-Daglab-faint">{trans.__('nothing')}</span>;
    case 'table':
      return <Table table={shown} label={label} context={context} />;
    case 'code':
      return (
        <ul className="jp-Daglab-plainList">
          {shown.places.map((place, at) => (
            <li key={at}>
              {place.url === null ? <code>{place.text}</code> : <WebLink text={place.text} url={place.url} />}
            </li>
          ))}
        </ul>
      );
    case 'lineage':
      return (
        <ul className="jp-Daglab-plainList">
          {shown.columns.map((column, at) => (
            <li key={at}>
              <code>{column.column}</code>
              {column.from.map((source, number) => (
                <React.Fragment key={number}>
                  {number ? ', ' : ' ← '}
                  <AssetLink assetKey={source.asset} context={context} /> <code>{source.column}</code>
                </React.Fragment>
              ))}
            </li>
          ))}
        </ul>
      );
  }
}

/** A text that scrolls where it is long. */
function Scrolled(props: {
  readonly label: string;
  readonly code?: boolean;
  readonly children: string;
}): React.ReactElement {
  const long = props.children.length > 400 || props.children.split('\n').length > 8;
  const className = `jp-Daglab-value${props.code ? ' jp-mod-code' : ''}${long ? ' jp-mod-long' : ''}`;
  return long ? (
    <div className={className} tabIndex={0} role="region" aria-label={props.label}>
      {props.children}
    </div>
  ) : (
    <div className={className}>{props.children}</div>
  );
}

function Table(props: {
  readonly table: ITable;
  readonly label: string;
  readonly context: IContext;
}): React.ReactElement {
  const { table, label, context } = props;
  const { columns, rows, total } = table;
  return (
    <>
      <div className="jp-Daglab-tableScroller" tabIndex={0} role="region" aria-label={label}>
        <table className="jp-Daglab-table">
          <thead>
            <tr>
              {columns.map((column, at) => (
                <th key={at} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              <tr key={at}>
                {row.map((cell, column) => (
                  <td key={column}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {total > rows.length ? (
        <p className="jp-Daglab-hint">{context.trans.__('The first %1 of %2 rows.', rows.length, total)}</p>
      ) : null}
    </>
  );
}

function WebLink({ text, url }: { readonly text: string; readonly url: string }): React.ReactElement {
  return (
    <a className="jp-Daglab-webLink" href={url} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  );
}

function isoTime(seconds: number): string | undefined {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
