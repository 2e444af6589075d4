import { describe, expect, it } from 'vitest';
import type { AssetDetails, Partitions } from '../src/model/asset';
import { follow } from '../src/model/follow';
import { formSchema, joinedKeys, needsConfig, partitionsOf, runConfigOf } from '../src/model/launch';
import { run } from './make';

const dimension = (name: string, keys: string[]): Partitions['dimensions'][number] => ({
  ...{ name, kind: 'static', total: keys.length, keys, dynamic_name: null }
});

describe('partitions', () => {
  it('are offered the latest first, with their statuses', () => {
    const partitions: Partitions = {
      ...{ description: '', counts: {}, statuses: { '2026-01-01': 'failed' } },
      dimensions: [dimension('day', ['2026-01-01', '2026-01-02'])]
    };
    expect(partitionsOf(partitions, 0)).toEqual([
      { key: '2026-01-02', status: 'missing' },
      { key: '2026-01-01', status: 'failed' }
    ]);
    expect(partitionsOf(partitions, 1)).toEqual([]);
  });

  it('of two dimensions are each with each', () => {
    expect(joinedKeys([['a', 'b'], ['x', 'y']])).toEqual(['a|x', 'a|y', 'b|x', 'b|y']);
    expect(joinedKeys([['a'], []])).toEqual([]);
    expect(joinedKeys([['a', 'b']])).toEqual(['a', 'b']);
    expect(joinedKeys([])).toEqual([]);
  });
});

describe('configuration', () => {
  it('is needed where something in it is required', () => {
    expect(needsConfig({ type: 'object', required: ['limit'] })).toBe(true);
    expect(needsConfig({ type: 'object', required: [] })).toBe(false);
    expect(needsConfig(null)).toBe(false);
  });

  it('is the op’s', () => {
    const details = { op_names: ['sales__orders'] } as unknown as AssetDetails;
    expect(runConfigOf(details, { limit: 3 })).toEqual({ ops: { sales__orders: { config: { limit: 3 } } } });
    expect(runConfigOf(details, {})).toBeNull();
    expect(runConfigOf(details, null)).toBeNull();
  });

  it('has fields that may stay empty, not choices between a type and nothing', () => {
    const env = { type: 'object', properties: { env: { type: 'string' } }, additionalProperties: false };
    const properties = {
      limit: { anyOf: [{ type: 'integer' }, env], description: 'Rows' },
      note: { anyOf: [{ anyOf: [{ type: 'string' }, env] }, { type: 'null' }], default: null },
      either: { anyOf: [{ type: 'string' }, { type: 'integer' }] }
    };
    expect(formSchema({ type: 'object', properties, required: ['limit'] })).toEqual({
      type: 'object',
      properties: {
        limit: { type: 'integer', description: 'Rows' },
        note: { type: ['string', 'null'], default: null },
        either: properties.either
      },
      required: ['limit']
    });
  });
});

describe('follow', () => {
  const options = { onState: () => undefined, pause: () => new Promise(resolve => setTimeout(resolve, 1)) };

  it('bears lost answers and ends with the final state', async () => {
    const answers = [run(), new Error('lost'), run({ steps_done: 1 }), run({ final: true, status: 'SUCCESS' })];
    const seen: string[] = [];
    const ask = async (): Promise<ReturnType<typeof run>> => {
      const next = answers.shift();
      if (next === undefined || next instanceof Error) {
        throw next;
      }
      return next;
    };
    const last = await follow({ ...options, ask, onState: state => seen.push(state.status), patience: 1 });
    expect(last.status).toBe('SUCCESS');
    expect(seen).toEqual(['STARTED', 'STARTED', 'SUCCESS']);
  });

  it('gives up after too many lost answers in a row', async () => {
    let asked = 0;
    const ask = async (): Promise<ReturnType<typeof run>> => {
      asked += 1;
      throw new Error('gone');
    };
    await expect(follow({ ...options, ask, patience: 2 })).rejects.toThrow('gone');
    expect(asked).toBe(3);
  });
});
