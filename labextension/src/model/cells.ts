/** The cells of a notebook as a step's log tells them; daglab's runtime writes these lines. */

/** `stopped`: `mo.stop` ended it before it was through. */
export type CellState = 'waiting' | 'running' | 'run' | 'stopped' | 'failed';

export interface ICell {
  /** `cell 'orders'`, or `cell 3` of one without a name. */
  readonly label: string;
  readonly state: CellState;
  /** When it began, in seconds since the epoch; null before. */
  readonly since: number | null;
  /** How long it took; null before its end. */
  readonly seconds: number | null;
}

const LABEL = String.raw`cell (?:'[^']+'|\d+)`;
// What a cell prints has ` | ` behind its label, and so is none of these.
const PLAN = new RegExp(String.raw`^runs (${LABEL}(?:, ${LABEL})*)(?:; leaves out .*)?$`, 'u');
const CHANGE = new RegExp(String.raw`^(${LABEL}): (?:starts|(run|stopped|failed) in ([\d.]+) s(?:, peak memory \d+ MB)?)$`, 'u');

/** The cells after a line of the log; the same ones where it doesn't tell of them. */
export function withLine(cells: readonly ICell[], line: string, at: number): readonly ICell[] {
  const plan = cells.length === 0 ? PLAN.exec(line)?.[1] : undefined;
  if (plan) {
    return plan.split(', ').map(label => ({ label, state: 'waiting', since: null, seconds: null }));
  }
  const [, label, state, seconds] = CHANGE.exec(line) ?? [];
  if (label === undefined) {
    return cells;
  }
  const before = cells.find(cell => cell.label === label);
  const cell: ICell =
    state === undefined
      ? { label, state: 'running', since: at, seconds: null }
      : { label, state: state as CellState, since: before?.since ?? null, seconds: Number(seconds) };
  return before ? cells.map(one => (one === before ? cell : one)) : [...cells, cell];
}

/** The name of a cell, or its 1-based number, out of its label. */
export function cellOf(label: string): string {
  return label.replace(/^cell /, '').replace(/^'(.*)'$/, '$1');
}
