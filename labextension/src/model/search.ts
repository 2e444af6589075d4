/** The search field: words, `field:value`, or Dagster's selection syntax, which the server reads. */

import type { Asset } from './asset';

/** What is searched for: assets whose text holds all `words`, and one value of each field. */
export interface IPlainSearch {
  readonly words: readonly string[];
  readonly fields: ReadonlyMap<Field, readonly string[]>;
}

export type Search = { readonly selection: string } | IPlainSearch;

const FIELDS = {
  group: asset => [asset.group],
  kind: asset => asset.kinds,
  tag: asset => Object.entries(asset.tags).map(([name, value]) => (value ? `${name}=${value}` : name)),
  owner: asset => asset.owners,
  location: asset => [asset.location],
  status: asset => (asset.failed_checks.length ? [asset.status, 'failed-checks'] : [asset.status])
} satisfies Record<string, (asset: Asset) => readonly string[]>;

export type Field = keyof typeof FIELDS;

/** What the selection syntax has, and no words that one would search for. */
const OPERATORS = /[()"*]|^\d*\+|\+\d*$|\s\+|\+\s|\bkey:/;
const CONNECTED = /\w:.*(^|\s)(and|or)\s|(^|\s)(and|or|not)\s.*\w:/i;

/** Read the search field. */
export function parseSearch(text: string): Search {
  const trimmed = text.trim();
  if (OPERATORS.test(trimmed) || CONNECTED.test(trimmed)) {
    return { selection: trimmed };
  }
  const words: string[] = [];
  const fields = new Map<Field, string[]>();
  for (const part of trimmed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const [, name, value] = /^(\w+):(.*)$/.exec(part) ?? [];
    if (name !== undefined && Object.hasOwn(FIELDS, name)) {
      const field = name as Field;
      fields.set(field, [...(fields.get(field) ?? []), value ?? '']);
    } else {
      words.push(part);
    }
  }
  return { words, fields };
}

/** The assets that match; whatever the case. */
export function searchAssets(assets: readonly Asset[], search: IPlainSearch): readonly Asset[] {
  const { words, fields } = search;
  if (words.length === 0 && fields.size === 0) {
    return assets;
  }
  const wanted = [...fields];
  return assets.filter(
    asset =>
      words.every(word => textOf(asset).includes(word)) &&
      wanted.every(([field, values]) => {
        const found = FIELDS[field](asset).map(one => one.toLowerCase());
        return values.some(value => found.some(one => one.includes(value)));
      })
  );
}

/** All assets that are made before, or after, those with these keys, and these: in Dagster's selection syntax. */
export function lineageSelection(keys: readonly string[], direction: 'upstream' | 'downstream'): string {
  return keys
    .map(key => `key:"${key.replace(/["\\]/g, '\\$&')}"`)
    .map(key => (direction === 'upstream' ? `+${key}` : `${key}+`))
    .join(' or ');
}

const texts = new WeakMap<Asset, string>();

function textOf(asset: Asset): string {
  let text = texts.get(asset);
  if (text === undefined) {
    const tags = FIELDS.tag(asset);
    text = [asset.key, asset.group, asset.description, ...asset.kinds, ...tags, ...asset.owners].join('\n').toLowerCase();
    texts.set(asset, text);
  }
  return text;
}
