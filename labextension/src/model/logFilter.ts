/** Which lines of a log are shown. */

import { type ILine, type Level, LEVELS } from './runLog';

export interface ILogFilter {
  /** Lines below it are left out. */
  readonly level: Level;
  /** Only lines with this text, in any case. */
  readonly search: string;
  /** Only lines of this step. */
  readonly step: string | null;
}

export const ALL_LINES: ILogFilter = { level: 'DEBUG', search: '', step: null };

export function filterLines(lines: readonly ILine[], filter: ILogFilter): readonly ILine[] {
  const search = filter.search.trim().toLowerCase();
  const levels = new Set(LEVELS.slice(LEVELS.indexOf(filter.level)));
  if (levels.size === LEVELS.length && !search && filter.step === null) {
    return lines;
  }
  return lines.filter(
    line =>
      levels.has(line.level) &&
      (filter.step === null || line.step === filter.step) &&
      (!search || line.text.toLowerCase().includes(search))
  );
}

/** A text cut where the search occurs: every second part is what was searched for. */
export function parts(text: string, search: string): readonly string[] {
  const wanted = search.trim().toLowerCase();
  const lower = text.toLowerCase();
  // A few characters are longer in lower case, and the places would not be those of the text.
  if (!wanted || lower.length !== text.length) {
    return [text];
  }
  const found: string[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    found.push(text.slice(from, at), text.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  return [...found, text.slice(from)];
}

/** Lines as text to be copied. */
export function linesText(lines: readonly ILine[]): string {
  return lines
    .map(line => {
      const head = `${new Date(line.at * 1000).toISOString()} ${line.level.padEnd(8)} ${line.step ?? '-'}  `;
      return line.first ? head + line.text : ' '.repeat(head.length) + line.text;
    })
    .join('\n');
}
