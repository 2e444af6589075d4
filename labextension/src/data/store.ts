/** What the server knows, as one immutable state that follows its events. */

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';
import type { Asset, Fault, Pair, Run, Status } from '../model/asset';
import { type AssetChange, type IAssetsChange, type IMarimoChange, type IPairChange, type RunProgress, type ServerEvent, withChanges, withPair, withRun } from '../model/events';
import { follow } from '../model/follow';
import { type Api, faultOf } from './api';
import { Coalesced } from './coalesced';
import { type Connection, EventStream } from './events';

const GAP_MILLISECONDS = 1_000;
const EMIT_MILLISECONDS = 50;
const WELL_MILLISECONDS = 60_000;
const UNWELL_MILLISECONDS = 5_000;
const RUN_MILLISECONDS = 15_000;
/** Runs that are remembered, unless more are in progress. */
const MOST_RUNS = 200;
/** Pages of pairs that aren't in sync. */
const MOST_PAGES = 5;
const OUT_OF_SYNC = ['py-ahead', 'ipynb-ahead', 'both-ahead', 'conflict', 'half', 'unpaired', 'invalid'] as const;

export interface IWorkspace {
  /** Sorted by key; null until the first answer. */
  readonly assets: readonly Asset[] | null;
  readonly status: Status | null;
  /** Why the last question failed; the assets are then those of an earlier answer. */
  readonly fault: Fault | null;
  /** The pairs that are not in sync, by the path of either half. */
  readonly pairs: ReadonlyMap<string, Pair>;
  /** Whether the server has told of them at all. */
  readonly pairsKnown: boolean;
  /** The runs that are in progress, or ended while this page was open; the latest news come last. */
  readonly runs: ReadonlyMap<string, RunProgress>;
  readonly connection: Connection;
}

export class WorkspaceStore implements IDisposable {
  constructor(
    private readonly api: Api,
    private readonly stream: EventStream = new EventStream(api)
  ) {
    stream.happened.connect((_, event) => this.take(event));
    stream.reset.connect(() => {
      this.change({ runs: new Map([...this._state.runs].filter(([, run]) => run.final)) });
      void this.refresh();
      this._missed.emit();
    });
    stream.connectionChanged.connect((_, connection) => {
      if (connection === 'lost' || this._state.connection === 'lost') {
        void this.statusReload.ask(); // the server is away, or back
      }
      this.change({ connection });
    });
    // Events tell of assets and runs; that a daemon is missing, or a configuration was corrected, only the status does.
    this.poll = new Poll({
      auto: false,
      factory: () => this.statusReload.ask(),
      frequency: { interval: WELL_MILLISECONDS, backoff: false },
      name: 'daglab:status',
      standby: 'when-hidden'
    });
  }

  /** The state; another object after each change. */
  get state(): IWorkspace {
    return this._state;
  }

  /** The state has changed; told at most every 50 milliseconds. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A run has changed; told at once. */
  get runChanged(): ISignal<this, RunProgress> {
    return this._runChanged;
  }

  /** A pair was synced, or is in conflict; told at once. */
  get pairChanged(): ISignal<this, IPairChange> {
    return this._pairChanged;
  }

  /** marimo has started or ended, or other notebooks are open in it; told at once. */
  get marimoChanged(): ISignal<this, IMarimoChange> {
    return this._marimoChanged;
  }

  /** Events may have been missed, also those that only signals tell. */
  get missed(): ISignal<this, void> {
    return this._missed;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  start(): void {
    this.stream.start();
    void this.poll.start();
  }

  asset(key: string): Asset | null {
    if (this.byKey.assets !== this._state.assets) {
      const { assets } = this._state;
      this.byKey = { assets, map: new Map(assets?.map(asset => [asset.key, asset])) };
    }
    return this.byKey.map.get(key) ?? null;
  }

  /** The pair of the notebook at a path, if it is not in sync. */
  pair(path: string): Pair | null {
    return this._state.pairs.get(path) ?? null;
  }

  /** Ask the server for everything now. */
  async refresh(): Promise<void> {
    await Promise.all([this.statusReload.ask(), this.assetsReload.ask(), this.pairsReload.ask()]);
  }

  /** Follow a run to its end; `onState` is told of each change, the answer is its final state. */
  followRun(id: string, onState: (run: Run) => void): Promise<Run> {
    return follow({
      ask: () => this.api.get('/runs/{run_id}', { path: { run_id: id } }),
      onState,
      pause: () => this.runNews(id),
      patience: 10
    });
  }

  dispose(): void {
    this.poll.dispose();
    this.stream.dispose();
    clearTimeout(this.emission);
    Signal.clearData(this);
  }

  private take(event: ServerEvent): void {
    switch (event.topic) {
      case 'assets': {
        const { changed } = event.data as unknown as IAssetsChange;
        const { assets } = this._state;
        if (changed === null) {
          void this.assetsReload.ask();
        } else if (assets) {
          this.meanwhile = { ...this.meanwhile, ...changed };
          this.change({ assets: withChanges(assets, changed) });
        }
        break;
      }
      case 'runs':
        this.takeRun(event.data as unknown as RunProgress);
        break;
      case 'pairs':
        this.takePair(event.data as unknown as IPairChange);
        break;
      case 'marimo':
        this._marimoChanged.emit(event.data as unknown as IMarimoChange);
        break;
      case 'locations':
      case 'dagster':
        void this.statusReload.ask();
    }
  }

  private takeRun(run: RunProgress): void {
    this.change({ runs: withRun(this._state.runs, run, MOST_RUNS) });
    this._runChanged.emit(run);
  }

  private takePair(change: IPairChange): void {
    this.change({ pairs: withPair(this._state.pairs, change) });
    this._pairChanged.emit(change);
  }

  /** Resolves when the run has news, and after some seconds in any case. */
  private runNews(id: string): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer);
        this._runChanged.disconnect(hear);
        resolve();
      };
      const hear = (_: unknown, run: RunProgress): void => (run.id === id ? done() : undefined);
      const timer = setTimeout(done, RUN_MILLISECONDS);
      this._runChanged.connect(hear);
    });
  }

  private async loadStatus(): Promise<void> {
    let well = false;
    try {
      const status = await this.api.get('/status', {});
      const { dagster } = status;
      well = dagster.problems.length === 0;
      const before = this._state;
      if (dagster.reachable) {
        this.change({ status });
        if ((before.fault || !before.assets) && !this.assetsReload.busy) {
          void this.assetsReload.ask();
        }
      } else {
        this.change({ status, fault: dagster.problems[0] ?? dagster.error ?? null });
      }
    } catch (error) {
      this.change({ fault: faultOf(error) });
    }
    const interval = well ? WELL_MILLISECONDS : UNWELL_MILLISECONDS;
    if (!this.isDisposed && interval !== this.poll.frequency.interval) {
      this.poll.frequency = { ...this.poll.frequency, interval };
    }
  }

  private async loadAssets(): Promise<void> {
    try {
      this.meanwhile = {};
      const { answer, etag } = await this.api.assets(this._state.assets ? this.etag : null);
      this.etag = etag;
      // The answer may be older than what was told while it was on its way.
      this.change({ fault: null, ...(answer ? { assets: withChanges(answer.assets, this.meanwhile) } : {}) });
    } catch (error) {
      this.change({ fault: this.saidByStatus(faultOf(error)) });
    }
  }

  private async loadPairs(): Promise<void> {
    const pairs = new Map<string, Pair>();
    try {
      let after = '';
      for (let page = 0; page < MOST_PAGES; page++) {
        const answer = await this.api.get('/pairs', { query: { state: OUT_OF_SYNC, after, limit: 1000 } });
        for (const pair of answer.pairs) {
          pairs.set(pair.py, pair).set(pair.ipynb, pair);
        }
        if (answer.next === null) {
          break;
        }
        after = answer.next;
      }
      this.change({ pairs, pairsKnown: true });
    } catch {
      // Without word of pairs the assets are shown all the same; status and assets tell why the server fails.
    }
  }

  /** The status knows better why Dagster does not answer: that it starts, for example. */
  private saidByStatus(fault: Fault): Fault {
    const { status } = this._state;
    return (status && !status.dagster.reachable && status.dagster.problems[0]) || fault;
  }

  private change(part: Partial<IWorkspace>): void {
    this._state = { ...this._state, ...part };
    this.emission ??= setTimeout(() => {
      this.emission = undefined;
      this._changed.emit();
    }, EMIT_MILLISECONDS);
  }

  private readonly poll: Poll;
  private readonly statusReload = new Coalesced(() => this.loadStatus(), GAP_MILLISECONDS);
  private readonly assetsReload = new Coalesced(() => this.loadAssets(), GAP_MILLISECONDS);
  private readonly pairsReload = new Coalesced(() => this.loadPairs(), GAP_MILLISECONDS);
  private etag: string | null = null;
  private meanwhile: Readonly<Record<string, AssetChange>> = {};
  private emission: ReturnType<typeof setTimeout> | undefined;
  private byKey: { assets: readonly Asset[] | null; map: ReadonlyMap<string, Asset> } = { assets: null, map: new Map() };
  private readonly _changed = new Signal<this, void>(this);
  private readonly _runChanged = new Signal<this, RunProgress>(this);
  private readonly _pairChanged = new Signal<this, IPairChange>(this);
  private readonly _marimoChanged = new Signal<this, IMarimoChange>(this);
  private readonly _missed = new Signal<this, void>(this);
  private _state: IWorkspace = {
    ...{ assets: null, status: null, fault: null, connection: 'connecting' },
    ...{ pairs: new Map(), pairsKnown: false, runs: new Map() }
  };
}
