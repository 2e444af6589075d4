/** What the REST API answers; docs/rest-reference.md describes the fields. */

import type { components } from '../data/api.types';

type Schemas = components['schemas'];

export type Asset = Schemas['AssetModel'];
export type AssetDetails = Schemas['AssetDetailsModel'];
export type AssetEvent = Schemas['AssetEventModel'];
export type AssetStatus = Schemas['AssetStatus'];
export type Backfill = Schemas['BackfillModel'];
export type Check = Schemas['CheckModel'];
export type EventError = Schemas['EventErrorModel'];
export type Fault = Pick<Schemas['Fault'], 'code' | 'message' | 'remedy'>;
export type Metadata = Schemas['MetadataModel'];
export type Partitions = Schemas['PartitionsModel'];
export type Pair = Schemas['PairModel'];
export type PairState = Pair['state'];
export type Run = Schemas['RunModel'];
export type RunEvent = Schemas['RunEventModel'];
export type Status = Schemas['StatusModel'];

/** Which half of a notebook: marimo's, or Jupyter's. */
export type Side = 'py' | 'ipynb';
export type Conflict = Schemas['ConflictModel'];
export type Notebook = Schemas['NotebookModel'];
export type PairChanges = Schemas['PairDetailModel']['changes'];
export type PairDetail = Schemas['PairDetailModel'];
