import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import { describe, expect, it, vi } from 'vitest';
import type { Api } from '../src/data/api';
import { EventStream } from '../src/data/events';
import { WorkspaceStore } from '../src/data/store';
import type { Notebook } from '../src/model/asset';
import { choices } from '../src/model/choices';
import { documentState } from '../src/model/document';
import { OpenDocuments } from '../src/pairs/documents';
import { NotebookFolders } from '../src/pairs/folders';
import { until } from './make';

const NOTEBOOK: Notebook = { py: 'n/a.py', ipynb: 'n/a.ipynb', paired: true };

/** A document as JupyterLab has it open, with the file behind it. */
class Context {
  path = 'n/a.ipynb';
  loaded = 0;
  isDisposed = false;
  isReady = true;
  text = '';
  ready = Promise.resolve();
  contentsModel = { type: 'notebook', hash: 'h0', last_modified: 't0' };
  saveState = new Signal<this, string>(this);
  fileChanged = new Signal<this, void>(this);
  pathChanged = new Signal<this, string>(this);
  model = {
    ...{ dirty: false, toJSON: () => ({}), toString: () => this.text, fromString: (text: string) => this.type(text) },
    stateChanged: new Signal<object, { name: string }>({}),
    contentChanged: new Signal<object, void>({}),
    metadataChanged: new Signal<object, { key: string; oldValue: unknown; newValue: unknown }>({})
  };
  disk = 'h0';
  /** What a load waits for. */
  served = Promise.resolve();

  async revert(): Promise<void> {
    this.loaded += 1;
    const hash = this.disk;
    await this.served;
    this.text = 'theirs';
    this.contentsModel = { ...this.contentsModel, hash };
  }

  /** What somebody does while it is saved. */
  meanwhile = (): void => undefined;
  saves = 0;

  /** Save as JupyterLab does: what is typed meanwhile counts as saved too. */
  async save(): Promise<void> {
    this.saves += 1;
    this.saveState.emit('started');
    await Promise.resolve();
    this.meanwhile();
    this.become(false);
    this.saveState.emit('completed');
  }

  type(text: string): void {
    this.text = text;
    this.edit();
  }

  edit(): void {
    this.model.contentChanged.emit();
    this.become(true);
  }

  become(dirty: boolean): void {
    this.model.dirty = dirty;
    this.model.stateChanged.emit({ name: 'dirty' });
  }
}

/** The node of a widget; `typing` answers whether it takes what is typed. */
function widgetNode() {
  const target = new EventTarget();
  return Object.assign(target, {
    ...{ querySelector: () => null, contains: () => false, ownerDocument: {} },
    ...{ setAttribute: () => undefined, removeAttribute: () => undefined },
    typing: () => target.dispatchEvent(new Event('keydown', { cancelable: true }))
  });
}

async function opened(syncs = true, context = new Context()) {
  const asked: string[] = [];
  const others: string[] = [];
  const api = {
    get: async (path: string, { query }: { query: { folder: string } }) => {
      if (path === '/notebooks') {
        asked.push(query.folder);
        return { notebooks: [NOTEBOOK] };
      }
      others.push(path);
      const config = { jupyter: { sync_on_save: syncs } };
      return { pairs: [], next: null, dagster: { problems: [], reachable: false }, read_only: false, config };
    },
    assets: async () => ({ answer: null, etag: null })
  } as unknown as Api;
  const stream = new EventStream(api);
  const store = new WorkspaceStore(api, stream);
  await store.refresh();
  const folders = new NotebookFolders(api, store);
  const saved: Partial<Contents.IModel>[] = [];
  const contents = {
    save: async (_: string, model: Partial<Contents.IModel>) => void saved.push(model),
    get: async () => ({ ...context.contentsModel, hash: context.disk, last_modified: context.disk }),
    driveName: (path: string) => path.split(':').slice(0, -1).join(),
    localPath: (path: string) => path.split(':').at(-1)
  };
  const documents = new OpenDocuments(store, folders, contents as unknown as Contents.IManager);
  const node = widgetNode();
  const ends = documents.add({ node } as unknown as Widget, context as unknown as DocumentRegistry.Context);
  await until(() => asked.length > 0);
  await new Promise(resolve => setTimeout(resolve));
  const written = (hash: string, state = 'in-sync', reload = true): void => {
    context.disk = hash;
    const files = [{ path: 'n/a.ipynb', hash, reload }];
    const data = { py: 'n/a.py', ipynb: 'n/a.ipynb', cause: 'disk', state, reason: '', written: files, conflicts: [], error: null };
    (stream.happened as unknown as { emit: (event: unknown) => void }).emit({ topic: 'pairs', data });
  };
  const [document] = documents.at('n/a.ipynb');
  const miss = (): void => (stream.reset as unknown as { emit: (value: undefined) => void }).emit(undefined);
  return { asked, others, miss, context, document, documents, ends, folders, node, saved, written };
}

describe('an open document', () => {
  it('follows its file', async () => {
    const { context, written, documents, document } = await opened();
    written('h1');
    await until(() => context.loaded === 1);
    written('h1');
    written('h2', 'in-sync', false);
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(context.loaded).toBe(1);
    expect(document && documents.view(document)?.state).toBe('in-sync');
  });

  it('with unsaved edits is not touched, and follows when they are gone', async () => {
    const { context, written, documents, document } = await opened();
    const told: unknown[] = [];
    documents.outdated.connect((_, one) => told.push(one));
    context.edit();
    expect(document && documents.view(document)?.state).toBe('edited');
    written('h1');
    await until(() => document?.outdated === true);
    written('h2');
    await new Promise(resolve => setTimeout(resolve, 10));
    expect([context.loaded, told.length]).toEqual([0, 1]);
    expect(document && documents.view(document)?.state).toBe('outdated');
    context.become(false);
    await until(() => context.loaded === 1);
    await until(() => document?.outdated === false);
  });

  it('looks at its file when events were missed', async () => {
    const { context, miss } = await opened();
    context.contentsModel.last_modified = 'h0';
    miss();
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(context.loaded).toBe(0);
    context.disk = 'h1';
    miss();
    await until(() => context.loaded === 1);
  });

  it('of another drive is none of the server’s', async () => {
    const { context, document, documents, written } = await opened();
    context.path = 'RTC:n/a.ipynb';
    expect(document && documents.view(document)?.path).toBe('n/a.ipynb');
    context.path = 's3:n/a.ipynb';
    written('h1');
    await new Promise(resolve => setTimeout(resolve, 10));
    expect([document && documents.view(document), context.loaded]).toEqual([null, 0]);
  });

  it('has no unsaved edits when its kernel tells what it is', async () => {
    const { context, written, documents, document } = await opened();
    const newValue = { name: 'python', version: '3.11.2' };
    context.model.metadataChanged.emit({ key: 'language_info', oldValue: { name: 'python' }, newValue });
    context.edit();
    expect(document && documents.view(document)?.state).toBe('in-sync');
    written('h1');
    await until(() => context.loaded === 1);
    context.model.metadataChanged.emit({ key: 'kernelspec', oldValue: { name: 'a' }, newValue: { name: 'b' } });
    context.edit();
    expect(document && documents.view(document)?.state).toBe('edited');
  });

  it('that was edited before anybody followed it is edited', async () => {
    const context = new Context();
    context.edit();
    const { document, written } = await opened(true, context);
    expect(document?.edited).toBe(true);
    written('h1');
    await until(() => document?.outdated === true);
    expect(context.loaded).toBe(0);
  });

  it('is edited by what is typed while it is saved', async () => {
    const { context, document, written } = await opened();
    context.edit();
    context.meanwhile = () => context.edit();
    await context.save();
    context.meanwhile = () => undefined;
    expect([document?.edited, context.model.dirty]).toEqual([true, true]);
    written('h1');
    await until(() => document?.outdated === true);
    expect(context.loaded).toBe(0);
    await context.save();
    expect(document?.edited).toBe(false);
  });

  it('is outdated though a save was cancelled in JupyterLab’s dialog, which tells nobody', async () => {
    const { context, document, written } = await opened();
    context.edit();
    context.saveState.emit('started');
    written('h1');
    vi.useFakeTimers({ now: Date.now() + 6_000, toFake: ['Date'] });
    context.edit();
    vi.useRealTimers();
    await until(() => document?.outdated === true);
  });

  it('takes nothing that is typed while it is loaded', async () => {
    const { context, node, written } = await opened();
    let serve = (): void => undefined;
    context.served = new Promise(resolve => (serve = resolve));
    expect(node.typing()).toBe(true);
    written('h1');
    await until(() => context.loaded === 1);
    expect(node.typing()).toBe(false);
    serve();
    await until(() => node.typing());
  });

  it('is loaded again where its file was written while it was loaded', async () => {
    const { context, document, written } = await opened();
    let serve = (): void => undefined;
    context.served = new Promise(resolve => (serve = resolve));
    written('h1');
    await until(() => context.loaded === 1);
    written('h2');
    serve();
    await until(() => context.contentsModel.hash === 'h2');
    expect([context.loaded, document?.outdated]).toEqual([2, false]);
  });

  it('is merged by the server when it is saved outdated, and a .py keeps what is in the editor', async () => {
    const { context, document, node, saved, written } = await opened();
    context.edit();
    written('h1');
    await until(() => document?.outdated === true);
    const saving = document?.save();
    expect(node.typing()).toBe(false);
    await saving;
    expect([saved.length, context.loaded, document?.edited, node.typing()]).toEqual([1, 1, false, true]);

    context.path = 'n/a.py';
    context.contentsModel = { ...context.contentsModel, type: 'file' };
    context.edit();
    document?.written('h2');
    context.disk = 'h2';
    await until(() => document?.outdated === true);
    context.text = 'mine';
    await document?.save();
    expect([context.text, context.contentsModel.hash, context.loaded, document?.edited]).toEqual(['mine', 'h2', 2, false]);
  });

  it('is saved in daglab’s way by whatever saves it while it is outdated, once at a time, and else in JupyterLab’s', async () => {
    const { context, document, documents, ends, written } = await opened();
    const asked: unknown[] = [];
    let answer = (): void => undefined;
    documents.saveOutdated = one => {
      asked.push(one);
      return new Promise((_, reject) => (answer = () => reject(new Error('cancelled'))));
    };
    context.edit();
    await context.save();
    expect([asked.length, context.saves]).toEqual([0, 1]);
    context.edit();
    written('h1');
    await until(() => document?.outdated === true);
    const saves = [context.save(), context.save()].map(one => one.catch((error: Error) => error.message));
    answer();
    expect([await Promise.all(saves), asked, context.saves]).toEqual([['cancelled', 'cancelled'], [document], 1]);
    void context.save().catch(() => undefined);
    expect(asked.length).toBe(2);
    ends.dispose();
    await context.save();
    expect([asked.length, context.saves]).toEqual([2, 2]);
  });

  it('waits for a save that is being done', async () => {
    const { context, written } = await opened();
    context.saveState.emit('started');
    written('h1');
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(context.loaded).toBe(0);
    context.saveState.emit('completed');
    await until(() => context.loaded === 1);
  });

  it('asks where its pair stands when it was saved and nothing is synced', async () => {
    for (const syncs of [true, false]) {
      const { context, others } = await opened(syncs);
      const before = others.length;
      context.saveState.emit('completed');
      await new Promise(resolve => setTimeout(resolve, 1_200));
      expect(others.slice(before).includes('/pairs')).toBe(!syncs);
    }
  });

  it('is forgotten with its last widget', async () => {
    const { context, documents, ends, written } = await opened();
    ends.dispose();
    written('h1');
    await new Promise(resolve => setTimeout(resolve, 10));
    expect([documents.at('n/a.ipynb').length, context.loaded]).toEqual([0, 0]);
  });
});

describe('what can be done', () => {
  const facts = { notebook: NOTEBOOK, pair: null, edited: false, outdated: false, fault: false };

  it('depends on where the notebook stands', () => {
    expect(documentState(facts)).toBe('in-sync');
    expect(documentState({ ...facts, edited: true })).toBe('edited');
    expect(documentState({ ...facts, edited: true, pair: 'conflict' })).toBe('conflict');
    expect(documentState({ ...facts, outdated: true, pair: 'conflict' })).toBe('outdated');
    expect(documentState({ ...facts, notebook: { ...NOTEBOOK, paired: false }, edited: true })).toBe('unpaired');
    expect(documentState({ ...facts, fault: true })).toBe('fault');
  });

  it('names the half that each command takes', () => {
    expect(choices('in-sync', 'py', NOTEBOOK).map(one => `${one.command} ${one.path}`)).toEqual([
      'daglab:sync-pair n/a.py',
      'daglab:compare-pair n/a.py',
      'daglab:open-in-marimo n/a.py',
      'daglab:open-in-jupyter n/a.ipynb'
    ]);
    expect(choices('outdated', 'ipynb', NOTEBOOK).map(one => one.command)).toEqual([
      'daglab:keep-jupyter-half',
      'daglab:keep-marimo-half',
      'daglab:compare-pair',
      'daglab:open-in-marimo'
    ]);
    expect(choices('unpaired', 'ipynb', { ...NOTEBOOK, py: null }).map(one => one.command)).toEqual(['daglab:create-pair']);
  });
});
