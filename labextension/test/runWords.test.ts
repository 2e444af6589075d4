import { describe, expect, it } from 'vitest';
import type { Check } from '../src/model/asset';
import { checkWords, duration, runWords } from '../src/model/runWords';
import { trans } from './make';

function check(status: string | null, severity: string | null = 'ERROR'): Check {
  const outcome = { run_id: 'r', timestamp: 0, description: null, metadata: [] };
  return { name: 'c', description: null, blocking: false, latest: status === null ? null : { ...outcome, status, severity } };
}

describe('checkWords', () => {
  it.each([
    [null, 'Not run', 'never'],
    ['SUCCEEDED', 'Passed', 'materialized'],
    ['FAILED', 'Failed', 'failed'],
    ['EXECUTION_FAILED', 'Could not be run', 'failed'],
    ['IN_PROGRESS', 'Running', 'running'],
    ['SKIPPED', 'Skipped', 'never']
  ])('tells %s', (status, text, icon) => expect(checkWords(check(status), trans)).toEqual({ text, icon }));

  it('tells a warning from an error', () => {
    expect(checkWords(check('FAILED', 'WARN'), trans)).toEqual({ text: 'Failed (warning)', icon: 'failed-checks' });
  });
});

describe('runWords', () => {
  it.each([
    ['QUEUED', 'Queued'],
    ['NOT_STARTED', 'Starting'],
    ['STARTED', 'Running'],
    ['CANCELING', 'Canceling'],
    ['CANCELED', 'Canceled'],
    ['FAILURE', 'Failed'],
    ['SUCCESS', 'Succeeded']
  ])('tells %s', (status, text) => expect(runWords(status, trans).text).toBe(text));
});

describe('duration', () => {
  it.each([
    [0.04, '0 s'],
    [1.26, '1.3 s'],
    [59.4, '59 s'],
    [61, '1 min 1 s'],
    [7380, '2 h 3 min']
  ])('of %s seconds', (seconds, text) => expect(duration(seconds, trans)).toBe(text));
});
