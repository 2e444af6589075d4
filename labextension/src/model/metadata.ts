/** Metadata by its kind, as the panel shows it; what is not as its kind promises is shown as JSON. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { AssetEvent, Metadata } from './asset';

type Trans = IRenderMime.TranslationBundle;

/** Rows of a table that are shown. */
export const MOST_ROWS = 50;

export type Shown =
  | { readonly kind: 'text' | 'markdown' | 'json' | 'path' | 'asset' | 'run'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly url: string }
  | { readonly kind: 'number' | 'time'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'nothing' }
  | ITable
  | { readonly kind: 'lineage'; readonly columns: readonly IColumnSource[] }
  | { readonly kind: 'code'; readonly places: readonly ICodePlace[] };

export interface ITable {
  readonly kind: 'table';
  readonly columns: readonly string[];
  /** Of these at most MOST_ROWS. */
  readonly rows: readonly (readonly string[])[];
  readonly total: number;
}

export interface IColumnSource {
  readonly column: string;
  readonly from: readonly { readonly asset: string; readonly column: string }[];
}

export interface ICodePlace {
  readonly text: string;
  readonly url: string | null;
}

/** The values of one label over the latest materializations, the oldest first. */
export interface ISeries {
  readonly label: string;
  readonly points: readonly { readonly time: number; readonly value: number; readonly partition: string | null }[];
}

/** What an entry shows. */
export function shownValue({ kind, value }: Pick<Metadata, 'kind' | 'value'>, trans: Trans): Shown {
  switch (kind) {
    case 'text':
    case 'markdown':
    case 'path':
    case 'asset':
    case 'run':
      return typeof value === 'string' ? { kind, text: value } : asJson(value);
    case 'notebook':
      return typeof value === 'string' ? { kind: 'path', text: value } : asJson(value);
    case 'pool':
      return typeof value === 'string' ? { kind: 'text', text: value } : asJson(value);
    case 'url': {
      const url = webAddress(value);
      return url === null ? { kind: 'text', text: String(value) } : { kind: 'link', text: String(value), url };
    }
    case 'int':
    case 'float':
      return typeof value === 'number' ? { kind: 'number', value } : { kind: 'text', text: String(value) };
    case 'timestamp':
      return typeof value === 'number' ? { kind: 'time', value } : asJson(value);
    case 'bool':
      return typeof value === 'boolean' ? { kind, value } : asJson(value);
    case 'null':
      return { kind: 'nothing' };
    case 'table':
      return tableOf(value) ?? asJson(value);
    case 'table_schema':
      return schemaOf(value, trans) ?? asJson(value);
    case 'column_lineage':
      return lineageOf(value) ?? asJson(value);
    case 'code_references':
      return placesOf(value) ?? asJson(value);
    default:
      return asJson(value);
  }
}

/** The address where it is one of the web's; null for anything else, which is no link. */
export function webAddress(value: unknown): string | null {
  try {
    const url = new URL(String(value));
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
  } catch {
    return null;
  }
}

/** The numbers that at least two of the latest materializations have reported, by label. */
export function seriesOf(events: readonly AssetEvent[]): ReadonlyMap<string, ISeries> {
  const found = new Map<string, ISeries['points'][number][]>();
  for (const { kind, timestamp, partition, metadata } of [...events].reverse()) {
    for (const { label, value, kind: type } of kind === 'materialization' ? metadata : []) {
      if ((type === 'int' || type === 'float') && typeof value === 'number') {
        found.set(label, [...(found.get(label) ?? []), { time: timestamp, value, partition }]);
      }
    }
  }
  const enough = [...found].filter(([, points]) => points.length > 1);
  return new Map(enough.map(([label, points]) => [label, { label, points }]));
}

function asJson(value: unknown): Shown {
  return { kind: 'json', text: JSON.stringify(value, null, 2) ?? '' };
}

function tableOf(value: unknown): ITable | null {
  const { columns, records } = (value ?? {}) as { columns?: unknown; records?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(records)) {
    return null;
  }
  const names = columns.map(column => text((column as { name?: unknown } | null)?.name));
  const rows = records
    .slice(0, MOST_ROWS)
    .map(record => names.map(name => text((record as Readonly<Record<string, unknown>> | null)?.[name])));
  return { kind: 'table', columns: names, rows, total: records.length };
}

function schemaOf(value: unknown, trans: Trans): ITable | null {
  if (!Array.isArray(value)) {
    return null;
  }
  const rows = value.map(one => {
    const { name, type, description, nullable, unique, constraints } = (one ?? {}) as Record<string, unknown>;
    const rules = [nullable === false ? trans.__('not null') : '', unique === true ? trans.__('unique') : ''];
    const others = Array.isArray(constraints) ? constraints.map(text) : [];
    return [text(name), text(type), [...rules, ...others].filter(Boolean).join(', '), text(description)];
  });
  const titles = [trans.__('column'), trans.__('type'), trans.__('constraints'), trans.__('description')];
  const wanted = [0, 1, 2, 3].filter(at => at < 2 || rows.some(row => row[at]));
  return {
    kind: 'table',
    columns: wanted.map(at => titles[at] ?? ''),
    rows: rows.map(row => wanted.map(at => row[at] ?? '')),
    total: rows.length
  };
}

function lineageOf(value: unknown): Shown | null {
  if (!Array.isArray(value)) {
    return null;
  }
  const columns = value.map(one => {
    const { column, from } = (one ?? {}) as { column?: unknown; from?: unknown };
    const sources = (Array.isArray(from) ? from : []) as readonly { asset?: unknown; column?: unknown }[];
    return {
      column: text(column),
      from: sources.map(source => ({ asset: text(source?.asset), column: text(source?.column) }))
    };
  });
  return { kind: 'lineage', columns };
}

function placesOf(value: unknown): Shown | null {
  if (!Array.isArray(value)) {
    return null;
  }
  const places = value.map(one => {
    const { file, line, url, label } = (one ?? {}) as Record<string, unknown>;
    const place = typeof file === 'string' ? `${file}${typeof line === 'number' ? `:${line}` : ''}` : text(url);
    return { text: text(label) || place, url: webAddress(url) };
  });
  return { kind: 'code', places };
}

function text(value: unknown): string {
  return value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
}
