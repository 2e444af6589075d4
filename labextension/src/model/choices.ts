/** What can be done with the notebook of a document, by where it stands: the likeliest first. */

import { CommandIDs } from '../commands';
import type { Notebook, Side } from './asset';
import type { DocumentState } from './document';

export interface IChoice {
  readonly command: string;
  /** The half that the command is given. */
  readonly path: string;
}

export function choices(state: DocumentState, half: Side, notebook: Notebook): readonly IChoice[] {
  const { py, ipynb } = notebook;
  const own = half === 'py' ? py : ipynb;
  if (own === null) {
    return [];
  }
  const decide = [CommandIDs.keepJupyterHalf, CommandIDs.keepMarimoHalf, CommandIDs.comparePair];
  const open = [
    ...(py === null ? [] : [{ command: CommandIDs.openInMarimo, path: py }]),
    ...(ipynb === null || half === 'ipynb' ? [] : [{ command: CommandIDs.openInJupyter, path: ipynb }])
  ];
  return [...about(state, decide).map(command => ({ command, path: own })), ...open];
}

function about(state: DocumentState, decide: readonly string[]): readonly string[] {
  switch (state) {
    case 'conflict':
    case 'outdated':
      return decide;
    case 'half':
    case 'unpaired':
      return [CommandIDs.createPair];
    case 'invalid':
      return [CommandIDs.comparePair];
    default:
      return [CommandIDs.syncPair, CommandIDs.comparePair];
  }
}
