/** What the sidebar shows: the workspace as the user has searched, unfolded and selected it. */

import type { IStateDB } from '@jupyterlab/statedb';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';
import { type Api, faultOf } from '../data/api';
import type { IWorkspace, WorkspaceStore } from '../data/store';
import type { Asset, Fault } from '../model/asset';
import { parseSearch, searchAssets } from '../model/search';
import {
  extendTo,
  type ISelection,
  NOTHING,
  selectAll,
  selectedAssets,
  selectOnly,
  toggle
} from '../model/selection';
import { buildRows, type Row } from '../model/tree';

const STATE_KEY = 'daglab:sidebar';
const TYPING_MILLISECONDS = 300;
const SAVE_MILLISECONDS = 500;
/** Ids of selected rows. */
const MOST_SAVED = 1000;
const NONE: ReadonlySet<string> = new Set();

interface ISaved {
  readonly collapsed: string[];
  readonly search: string;
  readonly active: string | null;
  readonly selected: string[];
}

/** The answer to a selection in Dagster's syntax. */
interface IFound {
  readonly selection: string;
  /** null until the first answer. */
  readonly keys: ReadonlySet<string> | null;
  /** What is wrong with the selection. */
  readonly fault: Fault | null;
}

/** All that a rendering needs, immutable. */
export interface IView {
  readonly workspace: IWorkspace;
  readonly search: string;
  /** Why the search can't be answered. */
  readonly searchFault: Fault | null;
  /** The assets that match the search. */
  readonly assets: readonly Asset[];
  readonly rows: readonly Row[];
  readonly selection: ISelection;
}

export class SidebarModel implements IDisposable {
  constructor(
    private readonly store: WorkspaceStore,
    private readonly api: Api,
    private readonly database: IStateDB | null
  ) {
    this._view = this.made({ search: '', selection: NOTHING });
    store.changed.connect(this.onWorkspace, this);
  }

  /** Restore what the user chose. */
  async restore(): Promise<void> {
    const saved = (await this.database?.fetch(STATE_KEY)) as Partial<ISaved> | undefined;
    this.collapsed = new Set(saved?.collapsed ?? []);
    const active = saved?.active ?? null;
    this.update({
      search: saved?.search ?? '',
      selection: { active, anchor: active, ids: new Set(saved?.selected ?? []) }
    });
    this.askIfSelection(0);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get view(): IView {
    return this._view;
  }

  /** The selected assets, those below selected folders among them; of these only what matches the search. */
  get selected(): readonly Asset[] {
    const { selection, assets } = this._view;
    if (this.chosen[0] !== selection || this.chosen[1] !== assets) {
      this.chosen = [selection, assets, selectedAssets(selection, assets)];
    }
    return this.chosen[2];
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  search(text: string): void {
    this.update({ search: text });
    this.askIfSelection(TYPING_MILLISECONDS);
  }

  select(id: string): void {
    this.update({ selection: selectOnly(id) });
  }

  toggle(id: string): void {
    this.update({ selection: toggle(this._view.selection, id) });
  }

  extendTo(id: string): void {
    this.update({ selection: extendTo(this._view.selection, this._view.rows, id) });
  }

  selectAll(): void {
    this.update({ selection: selectAll(this._view.selection, this._view.rows) });
  }

  /** Give a row the keyboard, whatever is selected. */
  activate(id: string): void {
    this.update({ selection: { ...this._view.selection, active: id } });
  }

  setExpanded(id: string, expanded: boolean): void {
    const collapsed = new Set(this.collapsed);
    if (expanded) {
      collapsed.delete(id);
    } else {
      collapsed.add(id);
    }
    this.collapsed = collapsed;
    this.update({});
  }

  /** Unfold, or fold, all locations and groups. */
  setAllExpanded(expanded: boolean): void {
    const folders = buildRows(this._view.assets, new Set()).filter(row => row.kind === 'group');
    this.collapsed = new Set(expanded ? [] : folders.map(row => row.id));
    this.update({});
  }

  dispose(): void {
    this._isDisposed = true;
    this.ask.dispose();
    this.save.dispose();
    Signal.clearData(this);
  }

  private onWorkspace(): void {
    const before = this._view.workspace.assets;
    const now = this.store.state.assets;
    // A selection may mean other assets where there are others than before.
    if (before !== now && before?.length !== now?.length) {
      this.askIfSelection(TYPING_MILLISECONDS);
    }
    this._view = this.made(this._view);
    this._changed.emit();
  }

  private update(part: Partial<Pick<IView, 'search' | 'selection'>>): void {
    this._view = this.made({ ...this._view, ...part });
    this._changed.emit();
    void this.save.invoke();
  }

  private made({ search, selection }: Pick<IView, 'search' | 'selection'>): IView {
    const workspace = this.store.state;
    const all = workspace.assets ?? [];
    const parsed = parseSearch(search);
    let assets: readonly Asset[];
    let searchFault: Fault | null = null;
    if ('selection' in parsed) {
      // While a selection is typed, the answer to the one before stays.
      const { keys } = this.found;
      assets = keys ? all.filter(asset => keys.has(asset.key)) : all;
      searchFault = this.found.selection === parsed.selection ? this.found.fault : null;
    } else {
      assets = searchAssets(all, parsed);
    }
    // While searching, everything that matches is shown: a folded folder would hide it.
    const collapsed = search.trim() ? NONE : this.collapsed;
    return { workspace, search, searchFault, assets, rows: this.rowsOf(assets, collapsed), selection };
  }

  private rowsOf(assets: readonly Asset[], collapsed: ReadonlySet<string>): readonly Row[] {
    const [ofAssets, ofCollapsed, rows] = this.built;
    if (ofAssets === assets && ofCollapsed === collapsed) {
      return rows;
    }
    const made = buildRows(assets, collapsed);
    this.built = [assets, collapsed, made];
    return made;
  }

  private askIfSelection(wait: number): void {
    if ('selection' in parseSearch(this._view.search)) {
      void (wait ? this.ask.invoke() : this.find());
    } else {
      this.found = { selection: '', keys: null, fault: null };
    }
  }

  /** Have the server answer the selection that is searched for. */
  private async find(): Promise<void> {
    const parsed = parseSearch(this._view.search);
    if (!('selection' in parsed)) {
      return;
    }
    const { selection } = parsed;
    let found: IFound;
    try {
      const { assets } = await this.api.get('/assets', { query: { selection } });
      found = { selection, keys: new Set(assets.map(asset => asset.key)), fault: null };
    } catch (error) {
      found = { selection, keys: this.found.keys, fault: faultOf(error) };
    }
    const now = parseSearch(this._view.search);
    if (!this._isDisposed && 'selection' in now && now.selection === selection) {
      this.found = found;
      this._view = this.made(this._view);
      this._changed.emit();
    }
  }

  private collapsed: ReadonlySet<string> = new Set();
  private found: IFound = { selection: '', keys: null, fault: null };
  private built: [readonly Asset[], ReadonlySet<string>, readonly Row[]] = [[], NONE, []];
  private chosen: [ISelection, readonly Asset[], readonly Asset[]] = [NOTHING, [], []];
  private _isDisposed = false;
  private readonly ask = new Debouncer(() => this.find(), TYPING_MILLISECONDS);
  private readonly save = new Debouncer(() => {
    const { search, selection } = this._view;
    const { active, ids } = selection;
    const selected = [...ids].slice(0, MOST_SAVED);
    return this.database?.save(STATE_KEY, { collapsed: [...this.collapsed], search, active, selected });
  }, SAVE_MILLISECONDS);
  private readonly _changed = new Signal<this, void>(this);
  private _view: IView;
}
