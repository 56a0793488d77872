import { settleTileByGroups } from './kmeans-bounds';
import { KMeansState, labelOf } from './kmeans-state';
import { settleTile } from './kmeans-tile';

/** Labels, gaps and bounds of up to 8 samples of one cluster. @returns labels changed */
@inline
export function settleAny(state: KMeansState, samples: usize, count: i32, own: i32): i32 {
  if (state.bounds) return settleTileByGroups(state, samples, count, own);
  return settleTile(state, samples, count, own);
}

/**
 * Puts a sample to those of its cluster that wait to be decided again, and decides 8 once they are together.
 * @returns labels changed
 */
@inline
export function enqueue(state: KMeansState, sample: i32): i32 {
  const label = labelOf(state, sample);
  const queue = state.queues + (<usize>label << 5), length = state.queueLengths + (<usize>label << 2);
  const waiting = load<i32>(length);
  store<i32>(queue + (<usize>waiting << 2), sample);
  if (waiting < 7) {
    store<i32>(length, waiting + 1);
    return 0;
  }
  store<i32>(length, 0);
  return settleAny(state, queue, 8, label);
}
