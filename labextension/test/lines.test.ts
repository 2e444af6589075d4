import { describe, expect, it } from 'vitest';
import { changedLines, diffLines, type ILine, versionLines } from '../src/compare/lines';

/** Lines as a unified diff has them; what differs within a line is in brackets. */
function shown(lines: readonly (ILine | null)[]): string[] {
  const signs = { added: '+', removed: '-', same: ' ' };
  const text = (line: ILine): string => line.parts.map(part => (part.changed ? `[${part.text}]` : part.text)).join('');
  return lines.map(line => (line ? signs[line.kind] + text(line) : '...'));
}

describe('lines', () => {
  it('are told apart, and words within them', () => {
    expect(shown(changedLines('a = 1\nb = sum(x)\nc', 'a = 1\nb = max(x)\nc'))).toEqual([
      ' a = 1',
      '-b = [sum](x)',
      '+b = [max](x)',
      ' c'
    ]);
  });

  it('have no words in common that are worth a mark', () => {
    expect(shown(changedLines('import x', 'y'))).toEqual(['-import x', '+y']);
    expect(shown(changedLines('a', 'a\nb'))).toEqual([' a', '+b']);
    expect(shown(changedLines('a\nb', 'a'))).toEqual([' a', '-b']);
    expect(shown(changedLines('', ''))).toEqual([' ']);
  });

  it('of a version show what has changed since the last sync', () => {
    expect(shown(versionLines('b', 'a', 'c'))).toEqual(['-a', '+b']);
    expect(shown(versionLines('a', 'a', null))).toEqual([' a']);
  });

  it('of a version that nobody remembers show what the other one lacks', () => {
    expect(shown(versionLines('x\ny', null, 'x\nz'))).toEqual([' x', '+y']);
    expect(shown(versionLines('x', null, null))).toEqual([' x']);
  });

  it('of long texts come soon', () => {
    const [one, other] = ['a', 'b'].map(word => Array.from({ length: 20_000 }, (_, n) => `${word}${n * 7}`).join('\n'));
    const began = performance.now();
    expect(changedLines(one ?? '', other ?? '')).toHaveLength(40_000);
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it('come from a unified diff', () => {
    const diff = '--- now\n+++ then\n@@ -1,2 +1,2 @@\n a\n-b\n+<img src=x>\n@@ -9 +9 @@\n z';
    expect(shown(diffLines(diff))).toEqual([' a', '-b', '+<img src=x>', '...', ' z']);
  });
});
