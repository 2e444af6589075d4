/** The runs that the list shows, as Dagster has them now. */

import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import { type Api, faultOf } from '../data/api';
import { Coalesced } from '../data/coalesced';
import type { WorkspaceStore } from '../data/store';
import type { Fault, Run } from '../model/asset';
import type { RunProgress } from '../model/events';
import { ALL_RUNS, changesList, type IRunFilter, RUN_GROUPS, withProgress } from '../model/runList';

const PAGE = 25;
/** Of one answer. */
const MOST_AT_ONCE = 200;
const GAP_MILLISECONDS = 1_000;

export interface IRunsView {
  /** Newest first; null until the first answer. */
  readonly runs: readonly Run[] | null;
  readonly filter: IRunFilter;
  /** Whether there are more runs than are shown. */
  readonly more: boolean;
  readonly loadingMore: boolean;
  /** Why the last question failed; the runs are then those of an earlier answer. */
  readonly fault: Fault | null;
  /** The jobs that can be chosen; null until they are told. */
  readonly jobs: readonly string[] | null;
}

export class RunsModel implements IDisposable {
  constructor(
    private readonly api: Pick<Api, 'get'>,
    private readonly store: WorkspaceStore,
    filter: IRunFilter = ALL_RUNS,
    gap = GAP_MILLISECONDS
  ) {
    this.reloading = new Coalesced(() => this.load(), gap);
    this._view = { runs: null, filter, more: false, loadingMore: false, fault: null, jobs: null };
    store.runChanged.connect(this.onRun, this);
    store.changed.connect(this.onWorkspace, this);
    store.missed.connect(this.onMissed, this);
  }

  get view(): IRunsView {
    return this._view;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether anybody sees it; what nobody sees isn't asked for. */
  set visible(visible: boolean) {
    this._visible = visible;
    if (visible && this.outdated) {
      void this.reload();
    }
  }

  setFilter(part: Partial<IRunFilter>): void {
    const before = this._view.filter;
    const filter = { ...before, ...part };
    if (filter.status === before.status && filter.job === before.job && filter.asset === before.asset) {
      return;
    }
    this.cursor = null;
    this.change({ filter, runs: null, more: false, fault: null });
    void this.reload();
  }

  /** Ask for the runs, as many as are shown. */
  async reload(): Promise<void> {
    await this.reloading.ask();
  }

  /** Ask for the next page. */
  async loadMore(): Promise<void> {
    const { runs, filter, more, loadingMore } = this._view;
    if (runs === null || !more || loadingMore) {
      return;
    }
    this.change({ loadingMore: true });
    try {
      const page = await this.ask(filter, PAGE, this.cursor);
      if (filter === this._view.filter) {
        const known = new Set(this._view.runs?.map(run => run.id));
        const found = page.runs.filter(run => !known.has(run.id));
        this.cursor = page.cursor;
        this.change({ runs: [...(this._view.runs ?? []), ...found], more: page.cursor !== null, fault: null });
      }
    } catch (error) {
      this.change({ fault: faultOf(error) });
    }
    this.change({ loadingMore: false });
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private async load(): Promise<void> {
    if (this._isDisposed) {
      return;
    }
    if (!this._visible) {
      this.outdated = true;
      return;
    }
    this.outdated = false;
    const { filter, runs } = this._view;
    try {
      const shown = runs?.length ?? 0;
      const page = await this.ask(filter, Math.min(MOST_AT_ONCE, Math.max(PAGE, shown)), null);
      if (filter !== this._view.filter) {
        return; // the next answer is for that one
      }
      const [oldest] = page.runs.slice(-1);
      // What is shown beyond this answer stays.
      const older = oldest && page.cursor !== null ? (runs ?? []).filter(run => isOlder(run, oldest)) : [];
      if (older.length === 0) {
        this.cursor = page.cursor;
      }
      this.change({ runs: [...page.runs.map(run => this.now(run)), ...older], more: this.cursor !== null, fault: null });
    } catch (error) {
      if (filter === this._view.filter) {
        this.change({ fault: faultOf(error) });
      }
    }
    if (this._view.jobs === null) {
      await this.loadJobs();
    }
  }

  private async loadJobs(): Promise<void> {
    try {
      const { jobs } = await this.api.get('/jobs', {});
      this.change({ jobs: [...new Set(jobs.map(job => job.name))] });
    } catch {
      // The list of runs tells what is wrong.
    }
  }

  private ask(filter: IRunFilter, limit: number, cursor: string | null): Promise<{ runs: readonly Run[]; cursor: string | null }> {
    const { status, job, asset } = filter;
    return this.api.get('/runs', { query: { limit, cursor, job, asset, status: status === null ? [] : RUN_GROUPS[status] } });
  }

  /** The answer may be older than what was told while it was on its way. */
  private now(run: Run): Run {
    return withProgress(run, this.store.state.runs.get(run.id));
  }

  private onRun(_: WorkspaceStore, news: RunProgress): void {
    const { runs, filter } = this._view;
    if (runs?.some(run => run.id === news.id && !run.final)) {
      this.change({ runs: runs.map(run => (run.id === news.id ? withProgress(run, news) : run)) });
    }
    if (changesList(runs ?? [], filter, news)) {
      void this.reload();
    }
  }

  private onMissed(): void {
    void this.reload();
  }

  private onWorkspace(): void {
    const { assets, connection, fault, status } = this.store.state;
    if (assets?.length !== this.assets) {
      this.assets = assets?.length;
      this._changed.emit(); // the filter offers them
    }
    const well = connection !== 'lost' && connection !== 'connecting' && !fault && status?.dagster.reachable !== false;
    if (well && !this.wasWell) {
      void this.reload(); // it was started, or is back
    }
    this.wasWell = well;
  }

  private change(part: Partial<IRunsView>): void {
    if (!this._isDisposed) {
      this._view = { ...this._view, ...part };
      this._changed.emit();
    }
  }

  private readonly reloading: Coalesced;
  private cursor: string | null = null;
  private outdated = true;
  private assets: number | undefined;
  private wasWell = false;
  private _visible = false;
  private _isDisposed = false;
  private _view: IRunsView;
  private readonly _changed = new Signal<this, void>(this);
}

function isOlder(run: Run, than: Run): boolean {
  return run.created_at < than.created_at && run.id !== than.id;
}
