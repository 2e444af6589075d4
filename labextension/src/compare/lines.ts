/** Texts line by line: what one has that the other doesn't. */

import { diffArrays, diffWordsWithSpace } from 'diff';

/** A stretch of a line; `changed` ones are what differs from the line that it replaces, or is replaced by. */
export interface IPart {
  readonly text: string;
  readonly changed: boolean;
}

export interface ILine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly parts: readonly IPart[];
}

/** Texts that are compared for longer than this are shown as replaced altogether. */
const LONGEST_MILLISECONDS = 100;
const LONGEST_LINE = 2_000;

/** The lines of both texts, those that are gone before those that have come in their place. */
export function changedLines(before: string, after: string): readonly ILine[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const changes = diffArrays(old, now, { timeout: LONGEST_MILLISECONDS });
  if (!changes) {
    return [...old.map(text => whole('removed', text)), ...now.map(text => whole('added', text))];
  }
  const lines: ILine[] = [];
  for (let place = 0; place < changes.length; place++) {
    const change = changes[place];
    const next = changes[place + 1];
    if (!change) {
      continue;
    }
    if (change.removed && next?.added) {
      lines.push(...replaced(change.value, next.value));
      place += 1;
    } else {
      lines.push(...change.value.map(text => whole(change.added ? 'added' : change.removed ? 'removed' : 'same', text)));
    }
  }
  return lines;
}

/**
 * One version of a cell, with marks: against what it was at the last sync, or, where nobody remembers that, at what the
 * other version (null: there is none) doesn't have.
 */
export function versionLines(own: string, base: string | null, other: string | null): readonly ILine[] {
  if (base !== null) {
    return changedLines(base, own);
  }
  return other === null
    ? own.split('\n').map(text => whole('same', text))
    : changedLines(other, own).filter(line => line.kind !== 'removed');
}

/** The lines of a unified diff; those that only name places are left out, but for a gap between two stretches. */
export function diffLines(diff: string): readonly (ILine | null)[] {
  const lines: (ILine | null)[] = [];
  for (const text of diff.split('\n').slice(2)) {
    if (text.startsWith('@@')) {
      if (lines.length > 0) {
        lines.push(null);
      }
    } else {
      lines.push(whole(text.startsWith('+') ? 'added' : text.startsWith('-') ? 'removed' : 'same', text.slice(1)));
    }
  }
  return lines;
}

function whole(kind: ILine['kind'], text: string): ILine {
  return { kind, parts: [{ text, changed: false }] };
}

/** Lines in place of others: as many as there are on both sides are compared word by word. */
function replaced(old: readonly string[], now: readonly string[]): readonly ILine[] {
  const words = old.map((text, place) => wordsOf(text, now[place]));
  return [
    ...old.map((text, place): ILine => {
      const found = words[place];
      return found ? { kind: 'removed', parts: found.old } : whole('removed', text);
    }),
    ...now.map((text, place): ILine => {
      const found = words[place];
      return found ? { kind: 'added', parts: found.now } : whole('added', text);
    })
  ];
}

function wordsOf(old: string, now: string | undefined): { old: readonly IPart[]; now: readonly IPart[] } | null {
  if (now === undefined || Math.max(old.length, now.length) > LONGEST_LINE) {
    return null;
  }
  const changes = diffWordsWithSpace(old, now);
  if (!changes.some(change => !change.added && !change.removed && change.value.trim())) {
    return null;
  }
  const parts = (without: 'added' | 'removed'): readonly IPart[] =>
    changes
      .filter(change => !change[without])
      .map(change => ({ text: change.value, changed: change.added || change.removed }));
  return { old: parts('added'), now: parts('removed') };
}
