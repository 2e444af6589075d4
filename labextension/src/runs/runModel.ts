/** One run as it is now, with its log, followed to its end. */

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';
import { type Api, faultOf } from '../data/api';
import { Coalesced } from '../data/coalesced';
import type { WorkspaceStore } from '../data/store';
import type { Fault, Run } from '../model/asset';
import type { RunProgress } from '../model/events';
import { EMPTY_LOG, type IRunLog, withEvents } from '../model/runLog';

/** Events tell of statuses and steps; that a cell has printed something, only the log does. */
const LOG_MILLISECONDS = 2_000;
/** Why a run is still queued may change without an event. */
const RUN_MILLISECONDS = 10_000;
const PAGE = 1_000;
/** A run that has ended may still write its last lines. */
const LAST_LOOKS = 2;

export interface IRunView {
  /** null until the first answer. */
  readonly run: Run | null;
  readonly log: IRunLog;
  /** Whether the log is read up to what was logged last. */
  readonly complete: boolean;
  /** Why the last question failed. */
  readonly fault: Fault | null;
}

export class RunModel implements IDisposable {
  constructor(
    readonly id: string,
    private readonly api: Pick<Api, 'get'>,
    private readonly store: WorkspaceStore,
    pause = LOG_MILLISECONDS
  ) {
    this.reading = new Coalesced(() => this.read(), pause / 4);
    store.runChanged.connect(this.onRun, this);
    store.changed.connect(this.onWorkspace, this);
    this.poll = new Poll({
      auto: false,
      factory: () => this.reading.ask(),
      frequency: { interval: pause, backoff: true, max: 30_000 },
      name: `daglab:run-${id}`,
      standby: 'when-hidden'
    });
  }

  get view(): IRunView {
    return this._view;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  /** Whether anybody sees it; what nobody sees isn't asked for. */
  set visible(visible: boolean) {
    this._visible = visible;
    if (this.isDisposed) {
      return;
    }
    if (!visible) {
      void this.poll.stop();
    } else if (this.looksLeft > 0) {
      void this.poll.start();
    }
  }

  /** Ask now. */
  async reload(): Promise<void> {
    this.looksLeft = LAST_LOOKS;
    this.askedAt = -Infinity;
    await this.reading.ask().catch(() => undefined); // told by the view
    if (!this.isDisposed && this._visible) {
      void this.poll.start();
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.poll.dispose();
      Signal.clearData(this);
    }
  }

  private async read(): Promise<void> {
    if (this.isDisposed || !this._visible) {
      return;
    }
    try {
      if (Date.now() - this.askedAt > RUN_MILLISECONDS) {
        this.askedAt = Date.now();
        this.change({ run: await this.api.get('/runs/{run_id}', { path: { run_id: this.id } }) });
      }
      const isRead = await this.readLog();
      this.change({ fault: null });
      if (isRead && this._view.run?.final) {
        this.looksLeft -= 1;
      }
    } catch (error) {
      const fault = faultOf(error);
      this.askedAt = -Infinity;
      this.change({ fault });
      if (fault.code !== 'not-found') {
        throw error; // the next question comes later
      }
      this.looksLeft = 0;
    }
    if (this.looksLeft <= 0 && !this.isDisposed) {
      void this.poll.stop();
    }
  }

  /** Answers whether it was read to its end: it isn't where the panel was hidden meanwhile. */
  private async readLog(): Promise<boolean> {
    let more = true;
    while (more && this._visible && !this.isDisposed) {
      const page = await this.api.get('/runs/{run_id}/logs', {
        path: { run_id: this.id },
        query: { cursor: this.cursor, limit: PAGE }
      });
      this.cursor = page.cursor;
      more = page.has_more;
      this.change({ log: withEvents(this._view.log, page.events), complete: !more });
    }
    return !more;
  }

  private onRun(_: WorkspaceStore, news: RunProgress): void {
    const { run } = this._view;
    if (news.id !== this.id || !run || run.final) {
      return;
    }
    const { status, steps_done } = news;
    this.change({ run: { ...run, status, steps_done, steps_total: news.steps_total || run.steps_total } });
    void this.reload();
  }

  private onWorkspace(): void {
    const { assets, connection, fault, status } = this.store.state;
    const known = `${assets !== null} ${status?.read_only}`;
    if (known !== this.known) {
      this.known = known;
      this._changed.emit(); // what leads to notebooks, and what may be done
    }
    const well = (connection === 'live' || connection === 'polling') && !fault;
    if (well && !this.wasWell && this._view.fault && this._visible) {
      void this.reload(); // Dagster, or the server, is back
    }
    this.wasWell = well;
  }

  private change(part: Partial<IRunView>): void {
    const differs = Object.entries(part).some(([name, value]) => this._view[name as keyof IRunView] !== value);
    if (differs && !this.isDisposed) {
      this._view = { ...this._view, ...part };
      this._changed.emit();
    }
  }

  private readonly poll: Poll;
  private readonly reading: Coalesced;
  private cursor: string | null = null;
  private askedAt = -Infinity;
  private looksLeft = LAST_LOOKS;
  private known = '';
  private wasWell = false;
  private _visible = false;
  private _view: IRunView = { run: null, log: EMPTY_LOG, complete: false, fault: null };
  private readonly _changed = new Signal<this, void>(this);
}
