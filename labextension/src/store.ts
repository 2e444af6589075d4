/** What the sidebar shows: assets and Dagster's state from the server, and what the user chose to see. */

import type { IStateDB } from '@jupyterlab/statedb';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';
import { type Api, faultOf } from './api';
import type { Asset, Fault, Status } from './model/asset';
import { buildRows, filterAssets, type Row } from './model/tree';

const STATE_KEY = 'daglab:sidebar';
const IDLE_MILLISECONDS = 10_000;
const RUNNING_MILLISECONDS = 2_000;

interface ISaved {
  readonly collapsed: string[];
  readonly search: string;
  readonly active: string | null;
}

/** All that a rendering needs, immutable. */
export interface ISnapshot {
  /** null until the first answer. */
  readonly assets: readonly Asset[] | null;
  readonly rows: readonly Row[];
  readonly status: Status | null;
  /** Why the last question failed; the assets are then those of an earlier answer. */
  readonly fault: Fault | null;
  readonly search: string;
  /** Id of the row that has the keyboard, and is selected. */
  readonly active: string | null;
}

export class AssetStore implements IDisposable {
  constructor(
    private readonly api: Api,
    private readonly state: IStateDB | null
  ) {
    this.poll = new Poll({
      auto: false,
      factory: () => this.load(),
      frequency: { interval: IDLE_MILLISECONDS, backoff: true, max: 60_000 },
      name: 'daglab:assets',
      standby: 'when-hidden'
    });
  }

  /** Restore what the user chose, then begin to ask the server. */
  async start(): Promise<void> {
    const saved = (await this.state?.fetch(STATE_KEY)) as Partial<ISaved> | undefined;
    this.collapsed = new Set(saved?.collapsed ?? []);
    this.change({ search: saved?.search ?? '', active: saved?.active ?? null });
    await this.poll.start();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get snapshot(): ISnapshot {
    return this._snapshot;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  /** The selected asset. */
  get selected(): Asset | null {
    const { active, assets } = this._snapshot;
    return assets?.find(asset => `asset:${asset.key}` === active) ?? null;
  }

  asset(key: string): Asset | null {
    return this._snapshot.assets?.find(asset => asset.key === key) ?? null;
  }

  /** Ask the server now. */
  async refresh(): Promise<void> {
    await this.poll.refresh();
    await this.poll.tick;
  }

  search(text: string): void {
    this.change({ search: text });
    this.save();
  }

  activate(id: string): void {
    if (id !== this._snapshot.active) {
      this.change({ active: id });
      this.save();
    }
  }

  setExpanded(id: string, expanded: boolean): void {
    if (expanded ? this.collapsed.delete(id) : !this.collapsed.has(id) && this.collapsed.add(id)) {
      this.change({});
      this.save();
    }
  }

  dispose(): void {
    this.poll.dispose();
    Signal.clearData(this);
  }

  private async load(): Promise<void> {
    try {
      const status = await this.api.get('/status', {});
      if (!status.dagster.reachable) {
        this.change({ status, fault: status.dagster.error ?? null });
        return;
      }
      const { answer, etag } = await this.api.assets(this.etag);
      const assets = answer?.assets ?? this._snapshot.assets ?? [];
      this.etag = etag;
      this.change({ status, assets, fault: null });
      const running = assets.some(asset => asset.status === 'running');
      const interval = running ? RUNNING_MILLISECONDS : IDLE_MILLISECONDS;
      if (interval !== this.poll.frequency.interval) {
        this.poll.frequency = { ...this.poll.frequency, interval };
      }
    } catch (error) {
      this.change({ fault: faultOf(error) });
    }
  }

  private change(part: Partial<ISnapshot>): void {
    const next = { ...this._snapshot, ...part };
    // While searching, everything that matches is shown: a collapsed folder would hide it.
    const collapsed = next.search.trim() ? new Set<string>() : this.collapsed;
    this._snapshot = { ...next, rows: buildRows(filterAssets(next.assets ?? [], next.search), collapsed) };
    this._changed.emit();
  }

  private save(): void {
    const { search, active } = this._snapshot;
    void this.state?.save(STATE_KEY, { collapsed: [...this.collapsed], search, active });
  }

  private etag: string | null = null;
  private collapsed = new Set<string>();
  private readonly poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
  private _snapshot: ISnapshot = { assets: null, rows: [], status: null, fault: null, search: '', active: null };
}
