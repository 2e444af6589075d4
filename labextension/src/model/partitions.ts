/** The partitions of an asset as one list. */

import type { Partitions } from './asset';
import { type IPartition, joinedKeys, partitionsOf } from './launch';

/** Keys of several dimensions are joined up to this number. */
const MOST_KEYS = 10_000;

/** All partitions, the latest first; null where several dimensions have too many to be listed. */
export function allPartitions(partitions: Partitions): readonly IPartition[] | null {
  const { dimensions, statuses } = partitions;
  if (dimensions.length === 1) {
    return partitionsOf(partitions, 0);
  }
  if (dimensions.reduce((product, dimension) => product * dimension.total, 1) > MOST_KEYS) {
    return null;
  }
  return joinedKeys(dimensions.map(dimension => [...dimension.keys].reverse())).map(key => ({
    key,
    status: (statuses[key] ?? 'missing') as IPartition['status']
  }));
}
