/** A document that is open in Jupyter: it follows its file, which the other half's edits are written to. */

import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import { holdingInput, keepingPlaces } from './places';
import { servedPath } from './served';

/** A save that goes on for longer, while somebody types, was cancelled in JupyterLab's dialog, which tells nobody. */
const LONGEST_SAVE_MILLISECONDS = 5_000;

export class OpenDocument implements IDisposable {
  constructor(
    readonly context: DocumentRegistry.Context,
    private readonly contents: Contents.IManager,
    saveOutdated: (document: OpenDocument) => Promise<void>
  ) {
    this.saveContext = context.save.bind(context);
    // Menu, toolbar, shortcut, autosave and a tab that closes all end here. JupyterLab's own would ask whether to drop the edits.
    context.save = () => (this._outdated ? (this.saving ??= this.once(saveOutdated)) : this.saveContext());
    context.saveState.connect(this.onSave, this);
    context.fileChanged.connect(this.look, this);
    context.pathChanged.connect(this.onPath, this);
    context.model.stateChanged.connect(this.onState, this);
    context.model.contentChanged.connect(this.onContent, this);
    if (hasMetadata(context.model)) {
      context.model.metadataChanged.connect(this.onMetadata, this);
    }
    if (context.isReady) {
      this.touched = context.model.dirty;
    } else {
      void context.ready.then(() => (this.touched = false)).catch(() => undefined); // JupyterLab tells why
    }
  }

  /** What shows it. */
  readonly widgets = new Set<Widget>();

  /** Its path as the server knows it; empty where it is no file of the server's. */
  get path(): string {
    return servedPath(this.contents, this.context.path) ?? '';
  }

  /** Whether somebody's edits aren't saved; a room saves by itself, and what the kernel says of itself is no edit. */
  get edited(): boolean {
    return this.touched && this.context.model.dirty && !this.isShared;
  }

  /** Whether there are, and the file was written meanwhile. */
  get outdated(): boolean {
    return this._outdated;
  }

  /** Anything of this is another. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Its path is another. */
  get moved(): ISignal<this, void> {
    return this._moved;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The file was written, and has this sha256 now: show it, unless there are edits here. */
  written(hash: string): void {
    this.told = hash;
    this.look();
  }

  /** Ask for the file's hash: events may have been missed. */
  async ask(): Promise<void> {
    const { hash, last_modified } = await this.contents.get(this.context.path, { content: false, hash: true });
    if (hash && last_modified !== this.context.contentsModel?.last_modified) {
      this.written(hash);
    }
  }

  /**
   * Save the edits, also over a file that was written meanwhile.
   *
   * The server merges both, cell by cell, where it is an .ipynb, which says what its edits are based on. What a .py
   * holds by then is replaced.
   */
  async save(): Promise<void> {
    const { context } = this;
    if (!this._outdated) {
      return this.saveContext();
    }
    await holdingInput(this.widgets, async () => {
      const { model } = context;
      if (this.path.endsWith('.ipynb')) {
        await this.contents.save(context.path, { type: 'notebook', format: 'json', content: model.toJSON() });
        return this.load();
      }
      const restore = restoring(context);
      await this.load(); // JupyterLab asks before it saves over a file that it doesn't know
      restore();
      await this.saveContext();
    });
  }

  /** Show the file as it stands, and drop edits. */
  async load(): Promise<void> {
    const { told } = this;
    this.loading = true;
    try {
      await holdingInput(this.widgets, () => keepingPlaces(this.widgets, () => this.context.revert()));
      this.context.model.dirty = false;
      this.touched = false;
    } finally {
      this.loading = false;
    }
    this.become(false);
    if (this.told === told) {
      this.told = null;
    } else {
      this.look(); // it was written once more meanwhile
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this.context.save = this.saveContext;
    Signal.clearData(this);
  }

  /** Autosave comes again while somebody is asked. */
  private async once(save: (document: OpenDocument) => Promise<void>): Promise<void> {
    try {
      await save(this);
    } finally {
      this.saving = null;
    }
  }

  private get isShared(): boolean {
    return this.context.model.collaborative === true;
  }

  private look(): void {
    void this.follow().catch(() => undefined); // JupyterLab has told why the file can't be read
  }

  private async follow(): Promise<void> {
    const { context } = this;
    await context.ready;
    if (this.told === null || this.savingSince !== null || this.loading || this.isShared || this._isDisposed) {
      return;
    }
    if (context.contentsModel?.hash === this.told) {
      this.told = null;
      this.become(false);
    } else if (this.edited) {
      this.become(true);
    } else {
      await this.load();
    }
  }

  private onSave(_: unknown, state: DocumentRegistry.SaveState): void {
    if (state === 'started') {
      this.savingSince = Date.now();
      this.editedInSave = false;
      return;
    }
    this.savingSince = null;
    if (state === 'completed' && this.editedInSave) {
      this.context.model.dirty = true; // what was saved is what stood there when it began
    }
    this.touched = this.touched && this.context.model.dirty;
    this.look();
    this._changed.emit();
  }

  private onPath(): void {
    this._moved.emit();
    this._changed.emit();
  }

  private onState(_: unknown, change: { readonly name: string }): void {
    if (change.name === 'dirty') {
      this.look();
      this._changed.emit();
    }
  }

  private onMetadata(_: unknown, { key, oldValue, newValue }: IMetadataChange): void {
    const name = (value: unknown): unknown => (value as { readonly name?: unknown } | undefined)?.name;
    this.byKernel = key === 'language_info' || (key === 'kernelspec' && name(oldValue) === name(newValue));
  }

  private onContent(): void {
    if (this.byKernel) {
      this.byKernel = false; // told of right after the metadata
      return;
    }
    if (this.loading) {
      return;
    }
    this.editedInSave = true;
    if (this.savingSince !== null && Date.now() - this.savingSince > LONGEST_SAVE_MILLISECONDS) {
      this.savingSince = null;
      this.look();
    }
    if (!this.touched) {
      this.touched = true;
      this._changed.emit();
    }
  }

  private become(outdated: boolean): void {
    if (outdated !== this._outdated) {
      this._outdated = outdated;
      this._changed.emit();
    }
  }

  /** JupyterLab's own save. */
  private readonly saveContext: () => Promise<void>;
  /** The save of what is outdated that goes on. */
  private saving: Promise<void> | null = null;
  private told: string | null = null;
  /** The next change of the content is that of metadata which a kernel sets when it starts. */
  private byKernel = false;
  private touched = false;
  /** When the save that goes on began. */
  private savingSince: number | null = null;
  private editedInSave = false;
  private loading = false;
  private _outdated = false;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _moved = new Signal<this, void>(this);
}

interface IMetadataChange {
  readonly key: string;
  readonly oldValue: unknown;
  readonly newValue: unknown;
}

function hasMetadata(model: object): model is { readonly metadataChanged: ISignal<object, IMetadataChange> } {
  return 'metadataChanged' in model;
}

/** What gives a document the content again that it has now. */
function restoring({ contentsModel, model }: DocumentRegistry.Context): () => void {
  if (contentsModel?.type === 'notebook') {
    const content = model.toJSON();
    return () => model.fromJSON(content);
  }
  const content = model.toString();
  return () => model.fromString(content);
}
