import { describe, expect, it } from 'vitest';
import type { Check } from '../src/model/asset';
import { checkWords } from '../src/model/checkWords';
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
