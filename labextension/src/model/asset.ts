/** What the REST API answers; the fields are described in docs/rest-api.md. */

export type AssetStatus = 'running' | 'failed' | 'never' | 'stale' | 'materialized' | 'external';

export interface IAsset {
  readonly key: string;
  readonly group: string;
  readonly kinds: readonly string[];
  readonly description: string | null;
  readonly dependencies: readonly string[];
  readonly location: string;
  readonly materializable: boolean;
  readonly partitioned: boolean;
  readonly status: AssetStatus;
  /** Seconds since the epoch. */
  readonly materialized_at: number | null;
  readonly run_id: string | null;
  /** Path of the notebook that makes it, relative to the server's root. */
  readonly notebook: string | null;
}

export interface IFault {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export interface ILocation {
  readonly name: string;
  readonly loading: boolean;
  readonly error: string | null;
}

export interface IStatus {
  readonly version: string;
  readonly read_only: boolean;
  readonly dagster: {
    readonly reachable: boolean;
    readonly address: string | null;
    readonly version: string | null;
    readonly locations: readonly ILocation[];
    readonly launch_problem: string | null;
    readonly error: IFault | null;
  };
}

export interface IRun {
  readonly id: string;
  readonly status: string;
  readonly final: boolean;
  readonly assets: readonly string[];
  readonly steps_total: number;
  readonly steps_done: number;
  readonly failures: readonly { step: string | null; message: string; cause: string | null }[];
  /** Why a queued run is not going to start. */
  readonly problem: string | null;
}

/** Whether a run can make the asset from here: not one made elsewhere, and not one that needs a partition. */
export function canMaterialize(asset: IAsset): boolean {
  return asset.materializable && !asset.partitioned;
}
