/** Why a step failed: the cell, its line, and the user's own error without Dagster's words around it. */

import type { Asset, EventError, RunEvent } from './asset';

export interface IFailure {
  /** null: of the run itself. */
  readonly step: string | null;
  /** `cell 'orders'`; null where it was no cell of a notebook. */
  readonly cell: string | null;
  /** `orders.py:31`, where a notebook failed. */
  readonly place: string | null;
  /** What happened, in one line. */
  readonly headline: string;
  /** All of it: the traceback. */
  readonly text: string;
}

const CHAINED = '\nThe above exception was the direct cause of the following exception:\n\n';
const DAGSTERS_FRAME = /File "[^"]*[/\\]dagster[/\\]_/;
const DAGLABS_FRAME = /File "[^"]*[/\\]daglab[/\\]runtime[/\\]/;

/** The failure that an event of the kind STEP_FAILURE or RUN_FAILURE tells. */
export function failureOf(event: RunEvent): IFailure {
  const { step } = event;
  const [cell, place] = [entry(event, 'cell'), entry(event, 'line')];
  const text = errorText(event).replace(`${cell} failed at ${place}: `, '');
  const headline = headlineOf(text);
  // daglab's own failures say what happened before the traceback.
  return { step, cell, place, headline, text: text.replace(`${headline}\n\nTraceback`, 'Traceback') };
}

/** The error of an event as Python prints it, of the user's own frames alone; its message where it has none. */
export function errorText(event: RunEvent): string {
  let { error } = event;
  if (error === null) {
    return event.message;
  }
  if (error.class_name?.startsWith('Dagster') && error.cause) {
    error = error.cause;
  }
  if (error.class_name === 'Failure' && DAGLABS_FRAME.test(error.stack.at(-1) ?? '')) {
    // It says all, a cell's traceback included.
    return error.message.slice(error.message.indexOf(': ') + 2).trim();
  }
  return tracebacks(error).join(CHAINED).trim();
}

/** The notebook in which a step failed: of the assets that it makes, that with the file's name, else any. */
export function notebookOf(failure: IFailure, assets: readonly Asset[]): string | null {
  const paths = assets.flatMap(asset => asset.notebook ?? []);
  const name = failure.place?.replace(/:\d+\b.*$/, '');
  return paths.find(path => name !== undefined && `/${path}`.endsWith(`/${name}`)) ?? paths[0] ?? null;
}

function tracebacks(error: EventError): string[] {
  const first = error.stack.findIndex(frame => !DAGSTERS_FRAME.test(frame));
  const frames = first < 0 ? [] : error.stack.slice(first);
  const head = frames.length ? 'Traceback (most recent call last):\n' : '';
  return [...(error.cause ? tracebacks(error.cause) : []), `${head}${frames.join('')}${error.message.trim()}\n`];
}

/** A traceback says what happened at its end, all else at its beginning. */
function headlineOf(text: string): string {
  const lines = text.split('\n').filter(line => line.trim());
  const said = lines[0]?.startsWith('Traceback ') ? lines.filter(line => /^\S/.test(line)).at(-1) : lines[0];
  return said ?? '';
}

function entry(event: RunEvent, label: string): string | null {
  const value = event.metadata.find(one => one.label === label)?.value;
  return typeof value === 'string' ? value : null;
}
