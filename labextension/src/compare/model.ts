/** What the view of one pair shows: where both halves stand, and what was chosen so far. */

import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import { type Api, faultOf } from '../data/api';
import { Coalesced } from '../data/coalesced';
import type { WorkspaceStore } from '../data/store';
import type { Conflict, Fault, PairChanges, PairDetail, Side } from '../model/asset';
import type { IPairChange } from '../model/events';

const GAP_MILLISECONDS = 300;

export interface ICompareView {
  /** Null until the first answer. */
  readonly detail: PairDetail | null;
  /** Why the last request failed. */
  readonly fault: Fault | null;
  /** The half that was chosen, by cell. */
  readonly choices: ReadonlyMap<string, Side>;
  /** What the choices would write; null where nobody has asked. */
  readonly preview: PairChanges | null;
  /** The files have changed since they were looked at, or are in sync by what was chosen here. */
  readonly news: 'moved' | 'resolved' | null;
  readonly busy: boolean;
}

export class CompareModel implements IDisposable {
  constructor(
    /** The path of either half. */
    readonly path: string,
    private readonly api: Api,
    store: WorkspaceStore
  ) {
    store.pairChanged.connect(this.hear, this);
    store.missed.connect(this.onMissed, this);
    void this.load();
  }

  get view(): ICompareView {
    return this._view;
  }

  /** The view is another one. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether each conflict is decided. */
  get isDecided(): boolean {
    const { detail, choices } = this._view;
    return !!detail?.conflicts.length && detail.conflicts.every(conflict => choices.has(conflict.cell));
  }

  /** Look at both files again. */
  load(): Promise<void> {
    return this.loading.ask();
  }

  choose(cell: string, side: Side): void {
    this.change({ choices: new Map(this._view.choices).set(cell, side), preview: null, news: null });
  }

  chooseAll(side: Side): void {
    const cells = this._view.detail?.conflicts.map(conflict => conflict.cell) ?? [];
    this.change({ choices: new Map(cells.map(cell => [cell, side])), preview: null, news: null });
  }

  /** Ask what the choices would write. */
  async look(): Promise<void> {
    await this.patch(true);
  }

  /** Write what was chosen, unless the files have changed since they were shown; answers whether it is done. */
  async apply(): Promise<boolean> {
    return this.patch(false);
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private async patch(dry: boolean): Promise<boolean> {
    const { detail, choices, busy } = this._view;
    if (!detail || busy) {
      return false;
    }
    this.change({ busy: true, fault: null });
    try {
      const body = { resolve: Object.fromEntries(choices), expected: detail.hashes, dry_run: dry };
      const answer = await this.api.patch('/pairs/{path}', { path: { path: this.path }, body });
      const done = !dry && answer.state === 'in-sync';
      this.isNew = done;
      this.change({ busy: false, preview: dry ? answer.changes : null, news: done ? 'resolved' : null });
      if (!dry) {
        await this.load();
      }
      return done;
    } catch (error) {
      const fault = faultOf(error);
      const moved = fault.code === 'file-moved';
      this.isNew = moved;
      this.change({ busy: false, ...(moved ? { news: 'moved' } : { fault }) });
      if (moved) {
        await this.load();
      }
      return false;
    }
  }

  private async read(): Promise<void> {
    try {
      const detail = await this.api.get('/pairs/{path}', { path: { path: this.path } });
      const before = this._view;
      const choices = stillValid(before.choices, before.detail?.conflicts ?? [], detail.conflicts);
      const { py, ipynb } = before.detail?.hashes ?? {};
      const news = this.isNew || (py === detail.hashes.py && ipynb === detail.hashes.ipynb) ? before.news : null;
      this.isNew = false;
      const lost = choices.size < before.choices.size && detail.conflicts.length > 0;
      this.change({ detail, fault: null, choices, preview: null, news: lost ? 'moved' : news });
    } catch (error) {
      this.change({ fault: faultOf(error) });
    }
  }

  private onMissed(): void {
    void this.load();
  }

  private hear(_: unknown, change: IPairChange): void {
    const { detail } = this._view;
    const ours = [this.path, ...(detail ? [detail.py, detail.ipynb] : [])];
    if ([change.py, change.ipynb].some(half => half !== null && ours.includes(half))) {
      void this.load();
    }
  }

  private change(part: Partial<ICompareView>): void {
    if (!this._isDisposed) {
      this._view = { ...this._view, ...part };
      this._changed.emit();
    }
  }

  /** The news are of what is read next; of files that have changed once more they aren't. */
  private isNew = false;
  private readonly loading = new Coalesced(() => this.read(), GAP_MILLISECONDS);
  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _view: ICompareView = {
    ...{ detail: null, fault: null, choices: new Map(), preview: null, news: null, busy: false }
  };
}

/** The choices about cells of which both versions are as they were when they were chosen. */
function stillValid(
  choices: ReadonlyMap<string, Side>,
  before: readonly Conflict[],
  now: readonly Conflict[]
): ReadonlyMap<string, Side> {
  const same = (cell: string): boolean => {
    const [old, fresh] = [before, now].map(all => all.find(one => one.cell === cell));
    return !!old && !!fresh && old.py === fresh.py && old.ipynb === fresh.ipynb;
  };
  return new Map([...choices].filter(([cell]) => same(cell)));
}
