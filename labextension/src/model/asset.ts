/** What the REST API answers; docs/rest-reference.md describes the fields. */

import type { components } from '../api.types';

type Schemas = components['schemas'];

export type Asset = Schemas['AssetModel'];
export type AssetDetails = Schemas['AssetDetailsModel'];
export type AssetStatus = Schemas['AssetStatus'];
export type Fault = Pick<Schemas['Fault'], 'code' | 'message' | 'remedy'>;
export type Pair = Schemas['PairModel'];
export type PairState = Pair['state'];
export type Run = Schemas['RunModel'];
export type Status = Schemas['StatusModel'];

/** Whether a run can make the asset from here: not one made elsewhere, and not one that needs a partition. */
export function canMaterialize(asset: Asset): boolean {
  return asset.materializable && !asset.partitioned;
}
