/** Partitions and configuration of what is launched. */

import type { JSONObject } from '@lumino/coreutils';
import type { AssetDetails, Partitions } from './asset';

/** The keys that are offered, the latest first, with the status of each where it is known. */
export interface IPartition {
  readonly key: string;
  readonly status: 'materialized' | 'failed' | 'materializing' | 'missing' | null;
}

/** The keys of one dimension, the latest first; statuses are told where there is no other dimension. */
export function partitionsOf(partitions: Partitions, dimension: number): readonly IPartition[] {
  const single = partitions.dimensions.length === 1;
  const keys = partitions.dimensions[dimension]?.keys ?? [];
  return [...keys].reverse().map(key => ({
    key,
    status: single ? ((partitions.statuses[key] ?? 'missing') as IPartition['status']) : null
  }));
}

/** The keys of partitions of several dimensions: each with each. */
export function joinedKeys(chosen: readonly (readonly string[])[]): readonly string[] {
  const [first, ...others] = chosen;
  return others.reduce<readonly string[]>(
    (keys, more) => keys.flatMap(key => more.map(other => `${key}|${other}`)),
    first ?? []
  );
}

/** Whether a run can't be launched without a configuration. */
export function needsConfig(schema: AssetDetails['config_schema']): boolean {
  const required = schema?.['required'];
  return Array.isArray(required) && required.length > 0;
}

/** The run configuration that gives an asset its own; null for none. */
export function runConfigOf(details: AssetDetails, config: JSONObject | null): JSONObject | null {
  const [op] = details.op_names;
  return op === undefined || config === null || Object.keys(config).length === 0 ? null : { ops: { [op]: { config } } };
}

/**
 * The schema as forms show it best: a value that may be null, or the name of an environment variable, is one field that
 * may stay empty, not a choice between types.
 */
export function formSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) {
    return schema.map(formSchema);
  }
  if (typeof schema !== 'object' || schema === null) {
    return schema;
  }
  const { anyOf, ...others } = schema as ISchema;
  const plain = anyOf?.filter(one => one.type !== 'null' && !(one.properties && 'env' in one.properties));
  const [only] = plain ?? [];
  if (anyOf && plain?.length === 1 && only) {
    const nullable = anyOf.some(one => one.type === 'null');
    const merged = { ...(formSchema(only) as ISchema), ...others };
    return nullable && typeof merged.type === 'string' ? { ...merged, type: [merged.type, 'null'] } : merged;
  }
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, formSchema(value)]));
}

interface ISchema {
  readonly type?: unknown;
  readonly properties?: object;
  readonly anyOf?: readonly ISchema[];
}
