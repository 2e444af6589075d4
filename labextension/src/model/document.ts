/** Where the notebook of an open document stands, in one word and in words. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Notebook, PairState, Side } from './asset';
import { pairText } from './words';

type Trans = IRenderMime.TranslationBundle;

/**
 * `edited`: in sync, but for edits that aren't saved; `outdated`: such edits, and the file was written meanwhile;
 * `fault`: the last sync failed.
 */
export type DocumentState = PairState | 'edited' | 'outdated' | 'fault';

export interface IDocumentFacts {
  readonly notebook: Notebook;
  /** The pair's state, where it is known not to be in sync. */
  readonly pair: PairState | null;
  readonly edited: boolean;
  readonly outdated: boolean;
  readonly fault: boolean;
}

export function documentState({ notebook, pair, edited, outdated, fault }: IDocumentFacts): DocumentState {
  if (outdated) {
    return 'outdated';
  }
  if (!notebook.paired) {
    return pair === 'invalid' ? 'invalid' : 'unpaired';
  }
  if (fault) {
    return 'fault';
  }
  return pair ?? (edited ? 'edited' : 'in-sync');
}

/** The state as users read it. */
export function documentText(state: DocumentState, trans: Trans): string {
  switch (state) {
    case 'edited':
      return trans.__('Pair: unsaved edits');
    case 'outdated':
      return trans.__('Conflict with unsaved edits');
    case 'fault':
      return trans.__('Pair not synced');
    default:
      return pairText(state, trans);
  }
}

/** What the state means for a document that is this half. */
export function documentHint(state: DocumentState, half: Side, trans: Trans): string {
  switch (state) {
    case 'in-sync':
      return trans.__('The notebook and its other half say the same.');
    case 'edited':
      return half === 'ipynb'
        ? trans.__('Saving brings the edits to marimo’s half.')
        : trans.__('Saving brings the edits to Jupyter’s half.');
    case 'outdated':
      return trans.__('The file was written while there are unsaved edits here. Nothing is lost: choose what to keep.');
    case 'fault':
      return trans.__('The last sync failed.');
    case 'py-ahead':
    case 'ipynb-ahead':
    case 'both-ahead':
      return trans.__('A sync brings the edits to the other half.');
    case 'conflict':
      return trans.__('Both halves changed the same cells differently. Nothing is written until you choose.');
    case 'half':
    case 'unpaired':
      return half === 'ipynb'
        ? trans.__('This notebook has no marimo half.')
        : trans.__('This notebook has no Jupyter half.');
    case 'invalid':
      return trans.__('One of both files cannot be read as a notebook.');
  }
}
