/** What the panel of one asset shows, and when it is asked for. */

import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import { type Api, faultOf } from '../data/api';
import { Coalesced } from '../data/coalesced';
import type { WorkspaceStore } from '../data/store';
import type { Asset, AssetDetails, Fault, PairState, Run } from '../model/asset';
import type { RunProgress } from '../model/events';
import { type ILineage, lineageOf, sameLineage } from '../model/lineage';

const DETAILS_GAP_MILLISECONDS = 1_000;
/** Dagster looks through many runs to find those of an asset. */
const RUNS_GAP_MILLISECONDS = 5_000;
const MOST_RUNS = 10;

/** All that a rendering needs, immutable; parts that have not changed are the same objects. */
export interface IAssetView {
  /** As the workspace has it, else as it was told with the details; null before either. */
  readonly asset: Asset | null;
  readonly details: AssetDetails | null;
  /** Why the details can't be told; they are then those of an earlier answer. */
  readonly fault: Fault | null;
  /** The latest runs, newest first; null until they are told. */
  readonly runs: readonly Run[] | null;
  readonly runsFault: Fault | null;
  /** The run by which the asset failed. */
  readonly failure: Run | null;
  /** Where its notebook's pair stands; null without a notebook. */
  readonly pair: PairState | null;
  readonly lineage: ILineage;
  readonly readOnly: boolean;
}

export class AssetModel implements IDisposable {
  constructor(
    readonly key: string,
    private readonly api: Api,
    private readonly store: WorkspaceStore
  ) {
    this.centre = key;
    this.told = JSON.stringify(store.asset(key));
    this._view = this.made({ details: null, fault: null, runs: null, runsFault: null, failure: null });
    store.changed.connect(this.onWorkspace, this);
    store.runChanged.connect(this.onRun, this);
    store.missed.connect(this.refresh, this);
  }

  get view(): IAssetView {
    return this._view;
  }

  /** Told while the panel is visible. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** A hidden panel asks for nothing; once it is seen again, for what has changed meanwhile. */
  set visible(visible: boolean) {
    this.isVisible = visible;
    if (visible) {
      this.update({});
      this.askOutdated();
    }
  }

  /** Put another asset in the middle of the lineage. */
  walkTo(key: string): void {
    this.centre = key;
    this.update({});
  }

  /** Ask for everything now. */
  refresh(): void {
    this.outdated = { details: true, runs: true };
    this.askOutdated();
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private onWorkspace(): void {
    const asset = this.store.asset(this.key);
    const fault = this.store.state.fault !== null;
    // Assets are read anew as other objects, of which most say what they said before.
    const told = JSON.stringify(asset);
    const news = this.told === 'null' ? this._view.fault !== null : told !== this.told;
    if (news || (this.hadFault && !fault)) {
      const known = asset?.run_id == null || this._view.runs?.some(run => run.id === asset.run_id);
      this.outdated = { details: true, runs: this.outdated.runs || !known };
    }
    this.told = told;
    this.hadFault = fault;
    if (this.isVisible) {
      this.update({});
      this.askOutdated();
    }
  }

  private onRun(_: unknown, run: RunProgress): void {
    const known = this._view.runs?.find(one => one.id === run.id);
    if (known ? run.final !== known.final : run.assets.includes(this.key)) {
      this.outdated = { ...this.outdated, runs: true };
      this.askOutdated();
    }
  }

  private askOutdated(): void {
    if (!this.isVisible || this._isDisposed) {
      return;
    }
    const { details, runs } = this.outdated;
    this.outdated = { details: false, runs: false };
    if (details) {
      void this.detailsReload.ask();
    }
    if (runs) {
      void this.runsReload.ask();
    }
  }

  private async loadDetails(): Promise<void> {
    if (this._isDisposed) {
      return;
    }
    try {
      const details = await this.api.get('/assets/{key}', { path: { key: this.key } });
      this.update({ details, fault: null, failure: await this.failureOf(details) });
    } catch (error) {
      this.update({ fault: faultOf(error) });
    }
  }

  private async failureOf({ status, run_id }: AssetDetails): Promise<Run | null> {
    if (status !== 'failed' || run_id === null) {
      return null;
    }
    const { failure } = this._view;
    return failure?.id === run_id
      ? failure
      : this.api.get('/runs/{run_id}', { path: { run_id } }).catch(() => null);
  }

  private async loadRuns(): Promise<void> {
    if (this._isDisposed) {
      return;
    }
    try {
      const { runs } = await this.api.get('/runs', { query: { asset: this.key, limit: MOST_RUNS } });
      this.update({ runs, runsFault: null });
    } catch (error) {
      this.update({ runsFault: faultOf(error) });
    }
  }

  private update(part: Partial<Told>): void {
    if (!this._isDisposed) {
      this._view = this.made({ ...this._view, ...part });
      if (this.isVisible) {
        this._changed.emit();
      }
    }
  }

  private made(told: Told): IAssetView {
    const { assets, status, runs: progress, pairs } = this.store.state;
    const asset = this.store.asset(this.key) ?? told.details;
    const lineage = lineageOf(assets ?? [], key => this.store.asset(key), this.centre);
    this.lineage = this.lineage && sameLineage(this.lineage, lineage) ? this.lineage : lineage;
    const runs = told.runs?.map(run => {
      const news = progress.get(run.id);
      return news && !run.final && news.status !== run.status ? { ...run, status: news.status, final: news.final } : run;
    });
    const sameRuns = runs?.every((run, at) => run === told.runs?.[at]);
    return {
      ...told,
      ...{ asset, lineage: this.lineage, readOnly: status?.read_only ?? false },
      runs: runs && !sameRuns ? runs : told.runs,
      pair: asset?.notebook == null ? null : (pairs.get(asset.notebook)?.state ?? 'in-sync')
    };
  }

  private readonly detailsReload = new Coalesced(() => this.loadDetails(), DETAILS_GAP_MILLISECONDS);
  private readonly runsReload = new Coalesced(() => this.loadRuns(), RUNS_GAP_MILLISECONDS);
  private outdated = { details: true, runs: true };
  private told: string;
  private hadFault = false;
  private isVisible = false;
  private centre: string;
  private lineage: ILineage | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private _view: IAssetView;
}

type Told = Pick<IAssetView, 'details' | 'fault' | 'runs' | 'runsFault' | 'failure'>;
