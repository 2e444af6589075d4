/** Which files are notebooks, and which belong together: asked of the server folder by folder, and remembered. */

import { PathExt } from '@jupyterlab/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import type { Api } from '../data/api';
import { Coalesced } from '../data/coalesced';
import type { WorkspaceStore } from '../data/store';
import type { Notebook } from '../model/asset';
import type { IPairChange } from '../model/events';

const GAP_MILLISECONDS = 1_000;
const MOST_FOLDERS = 50;

interface IFolder {
  /** What the folder looked like when the server was last asked. */
  sign: string | null;
  notebooks: Map<string, Notebook>;
  readonly question: Coalesced;
}

export class NotebookFolders implements IDisposable {
  constructor(
    private readonly api: Api,
    store: WorkspaceStore
  ) {
    store.pairChanged.connect(this.hear, this);
    store.missed.connect(this.forget, this);
  }

  /** Other notebooks are known. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The notebook of which the file at a path is a half; null where it is none, or nobody has looked. */
  find(path: string): Notebook | null {
    return this.folders.get(PathExt.dirname(path))?.notebooks.get(path) ?? null;
  }

  /** Ask what is in a folder, unless that is known of a folder with this sign. */
  async look(path: string, sign: string | null = null): Promise<void> {
    const folder = this.folder(path);
    if (sign !== null && folder.sign === sign) {
      return;
    }
    folder.sign = sign;
    await folder.question.ask();
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private folder(path: string): IFolder {
    const known = this.folders.get(path);
    if (known) {
      return known;
    }
    const made: IFolder = {
      ...{ sign: null, notebooks: new Map() },
      question: new Coalesced(() => this.ask(path, made), GAP_MILLISECONDS)
    };
    this.folders.set(path, made);
    for (const other of [...this.folders.keys()].slice(0, -MOST_FOLDERS)) {
      this.folders.delete(other);
    }
    return made;
  }

  private async ask(path: string, folder: IFolder): Promise<void> {
    try {
      const { notebooks } = await this.api.get('/notebooks', { query: { folder: path } });
      const halves = notebooks.flatMap(one => [one.py, one.ipynb].map(half => [half, one] as const));
      folder.notebooks = new Map(halves.flatMap(([half, one]) => (half === null ? [] : [[half, one] as const])));
    } catch {
      folder.sign = null; // asked again when somebody looks
    }
    this.emit();
  }

  private hear(_: unknown, { py, ipynb, state }: IPairChange): void {
    if (py === null || ipynb === null || state === 'unpaired' || state === 'half') {
      for (const half of [py, ipynb]) {
        if (half !== null && this.find(half)?.paired) {
          void this.look(PathExt.dirname(half));
        }
      }
      return;
    }
    for (const half of [py, ipynb]) {
      this.folders.get(PathExt.dirname(half))?.notebooks.set(half, { py, ipynb, paired: true });
    }
    this.emit();
  }

  private forget(): void {
    for (const folder of this.folders.values()) {
      folder.sign = null;
    }
  }

  private emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly folders = new Map<string, IFolder>();
  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}
