import { describe, expect, it } from 'vitest';
import packageJson from '../package.json';
import type { PairState } from '../src/model/asset';
import { dagsterPage } from '../src/model/links';
import { age, failureText, pairText, runTitle, sentence, type ShownStatus, shownStatus, statusText } from '../src/model/words';
import { VERSION } from '../src/version';
import { asset, run, trans } from './make';

describe('words', () => {
  it('has another word for each status', () => {
    const all: ShownStatus[] = ['running', 'failed', 'never', 'stale', 'materialized', 'external', 'failed-checks'];
    expect(new Set(all.map(status => statusText(status, trans))).size).toBe(all.length);
  });

  it('tells each state of a pair', () => {
    const all: PairState[] = ['in-sync', 'py-ahead', 'ipynb-ahead', 'both-ahead', 'conflict', 'half', 'invalid'];
    expect(new Set(all.map(state => pairText(state, trans))).size).toBe(all.length);
  });

  it('shows failed checks of what was made', () => {
    const failed_checks = ['c'];
    expect(shownStatus(asset('a', { status: 'materialized', failed_checks }))).toBe('failed-checks');
    expect(shownStatus(asset('a', { status: 'running', failed_checks }))).toBe('running');
    expect(shownStatus(asset('a', { status: 'stale' }))).toBe('stale');
  });

  it.each([
    [0, 'just now'],
    [-5, 'just now'],
    [61, '1 min ago'],
    [3599, '59 min ago'],
    [7200, '2 h ago'],
    [86_400, '1 day ago'],
    [200_000, '2 days ago']
  ])('%i seconds are %s', (seconds, text) => {
    expect(age(1000, 1000 + seconds, trans)).toBe(text);
  });

  it('names the failing step and the innermost cause, in one line', () => {
    const failures = [{ step: 'orders', message: 'outer', cause: "KeyError: 'x'\nmore" }];
    expect(failureText(run({ status: 'FAILURE', failures }), trans)).toBe("Step orders: KeyError: 'x'");
    expect(failureText(run({ status: 'CANCELED' }), trans)).toContain('canceled');
    expect(failureText(run({ status: 'FAILURE' }), trans)).toContain('no reason');
  });

  it('titles a run by its asset, or by how many', () => {
    expect(runTitle(['sales/orders'], trans)).toBe('orders');
    expect(runTitle(['a', 'b'], trans)).toBe('2 assets');
  });

  it('makes sentences of remedies', () => {
    expect(sentence('start it')).toBe('Start it.');
    expect(sentence('Really?')).toBe('Really?');
  });
});

describe('dagsterPage', () => {
  it('is below Dagster’s address', () => {
    expect(dagsterPage('http://localhost:3000/', 'a/b c')).toBe('http://localhost:3000/assets/a/b%20c');
    expect(dagsterPage(null, 'a')).toBeNull();
  });
});

describe('VERSION', () => {
  it('is that of package.json', () => {
    expect(VERSION).toBe(packageJson.version);
  });
});
