import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** The classes that a sheet gives a look of their own, wherever they stand. */
function styled(sheet: string): ReadonlySet<string> {
  const css = readFileSync(`style/${sheet}`, 'utf8').replace(/\/\*.*?\*\//gs, '');
  const selectors = [...css.matchAll(/(?:^|[}{])([^{}@;]+)\{/g)].flatMap(match => (match[1] ?? '').split(','));
  return new Set(selectors.map(selector => selector.trim()).filter(selector => /^\.jp-Daglab-\w+$/.test(selector)));
}

describe('buttons', () => {
  it('are none with `disabled`: one that is focused would lose the focus to the page', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.tsx'));
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter(name => /[^-]disabled=/.test(readFileSync(`src/${name}`, 'utf8')))).toEqual([]);
  });
});

describe('style sheets', () => {
  it('give each class a look in one of them alone: all are loaded at once', () => {
    const sheets = readdirSync('style').filter(name => name.endsWith('.css') && name !== 'index.css');
    expect(sheets.length).toBeGreaterThan(2);
    const twice = sheets.flatMap((one, i) =>
      sheets.slice(i + 1).flatMap(other => [...styled(one)].filter(name => styled(other).has(name)))
    );
    expect(twice).toEqual([]);
  });
});
