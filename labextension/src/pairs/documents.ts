/** The documents that are open in Jupyter, where each stands as half of a pair, and that they follow their files. */

import { PathExt } from '@jupyterlab/coreutils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import type { WorkspaceStore } from '../data/store';
import type { Fault, Notebook, Side } from '../model/asset';
import { type DocumentState, documentState } from '../model/document';
import type { IPairChange } from '../model/events';
import type { NotebookFolders } from './folders';
import { OpenDocument } from './openDocument';

export interface IDocumentView {
  readonly path: string;
  readonly half: Side;
  readonly notebook: Notebook;
  readonly state: DocumentState;
  /** Why it is so, where the server says it. */
  readonly reason: string;
}

export class OpenDocuments implements IDisposable {
  constructor(
    private readonly store: WorkspaceStore,
    private readonly folders: NotebookFolders,
    private readonly contents: Contents.IManager
  ) {
    store.pairChanged.connect(this.hear, this);
    store.missed.connect(this.catchUp, this);
    store.changed.connect(this.emit, this);
    folders.changed.connect(this.emit, this);
  }

  /** How a document is saved whose file was written meanwhile. */
  saveOutdated = (document: OpenDocument): Promise<void> => document.save();

  /** A document is another, or stands elsewhere. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Edits that aren't saved are in the way of a file that was written. */
  get outdated(): ISignal<this, OpenDocument> {
    return this._outdated;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Follow the document that a widget shows; ends when what is answered is disposed, as with the widget. */
  add(widget: Widget, context: DocumentRegistry.Context): IDisposable {
    const document = this.documents.get(context) ?? this.open(context);
    document.widgets.add(widget);
    return new DisposableDelegate(() => {
      document.widgets.delete(widget);
      if (document.widgets.size === 0) {
        document.dispose();
        this.documents.delete(context);
        this.emit();
      }
    });
  }

  /** The document that a widget shows; null where it shows none that can be a notebook. */
  of(widget: Widget | null): OpenDocument | null {
    return (widget && [...this.documents.values()].find(one => one.widgets.has(widget))) ?? null;
  }

  /** Those that show a file. */
  at(path: string): readonly OpenDocument[] {
    return [...this.documents.values()].filter(one => one.path === path);
  }

  /** Those that show either half of the notebook that a file is half of. */
  ofNotebook(path: string): readonly OpenDocument[] {
    const notebook = this.folders.find(path);
    return [...new Set([path, notebook?.ipynb, notebook?.py])].flatMap(half => (half ? this.at(half) : []));
  }

  /** The path of the .ipynb of the notebook that a file is half of; the file's own where that isn't known. */
  notebookOf(path: string): string {
    return this.folders.find(path)?.ipynb ?? path;
  }

  /** Where a document stands; null where it is no notebook, or that isn't known yet. */
  view(document: OpenDocument): IDocumentView | null {
    const { path, edited, outdated } = document;
    const notebook = this.folders.find(path);
    if (!notebook || !this.store.state.pairsKnown) {
      return null;
    }
    const pair = this.store.pair(path);
    const fault = this.faults.get(path);
    const state = documentState({ notebook, pair: pair?.state ?? null, edited, outdated, fault: !!fault });
    const half = path.endsWith('.py') ? 'py' : 'ipynb';
    return { path, half, notebook, state, reason: (state === 'fault' ? fault?.message : pair?.reason) ?? '' };
  }

  dispose(): void {
    this._isDisposed = true;
    this.documents.forEach(one => one.dispose());
    Signal.clearData(this);
  }

  private open(context: DocumentRegistry.Context): OpenDocument {
    const document = new OpenDocument(context, this.contents, one => this.saveOutdated(one));
    this.documents.set(context, document);
    let outdated = false;
    document.changed.connect(() => {
      if (document.outdated && !outdated) {
        this._outdated.emit(document);
      }
      outdated = document.outdated;
      this.emit();
    });
    document.moved.connect(() => void this.look(document));
    context.saveState.connect((_, state) => {
      if (state === 'completed') {
        this.onSaved(document);
      }
    });
    void context.ready.then(() => this.look(document)).catch(() => undefined); // JupyterLab tells of it
    return document;
  }

  private onSaved(document: OpenDocument): void {
    const { path, context } = document;
    if (this.folders.find(path)) {
      if (!this.syncs) {
        void this.store.refresh(); // no event tells where the pair stands now
      }
    } else if (path.endsWith('.py') && context.model.toString().includes('marimo')) {
      void this.look(document); // it may have become a notebook
    }
  }

  /** Whether the server syncs what is saved. */
  private get syncs(): boolean {
    const { status } = this.store.state;
    const config = status?.config as { readonly jupyter?: { readonly sync_on_save?: boolean } } | null | undefined;
    return !status?.read_only && config?.jupyter?.sync_on_save !== false;
  }

  private async look(document: OpenDocument): Promise<void> {
    const { path } = document;
    if (/\.(py|ipynb)$/.test(path) && !this.folders.find(path) && !document.isDisposed) {
      await this.folders.look(PathExt.dirname(path));
    }
  }

  private hear(_: unknown, change: IPairChange): void {
    for (const half of [change.py, change.ipynb]) {
      if (half !== null && change.error) {
        this.faults.set(half, change.error);
      } else if (half !== null) {
        this.faults.delete(half);
      }
    }
    for (const { path, hash, reload } of change.written) {
      if (path !== null && reload) {
        this.at(path).forEach(one => one.written(hash));
      }
    }
    this.emit();
  }

  private catchUp(): void {
    for (const document of this.documents.values()) {
      if (this.folders.find(document.path)?.paired) {
        void document.ask().catch(() => undefined); // the sidebar tells that the server is away
      }
    }
  }

  private emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly documents = new Map<DocumentRegistry.Context, OpenDocument>();
  private readonly faults = new Map<string, Fault>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _outdated = new Signal<this, OpenDocument>(this);
  private _isDisposed = false;
}
