import { settleTileByGroups } from './kmeans-bounds';
import { KMeansState, labelOf, rowAddress } from './kmeans-state';
import { settleTile } from './kmeans-tile';
import { touch } from './rows';

/** Labels, gaps and bounds of up to 8 samples of one cluster. @returns labels changed */
@inline
export function settleAny(state: KMeansState, samples: usize, count: i32, own: i32): i32 {
  if (state.bounds) return settleTileByGroups(state, samples, count, own);
  return settleTile(state, samples, count, own);
}

/** All rows are read where at least one in so many is listed. */
const STREAM_SPAN: i32 = 16;
/** Values of rows up to which a core's own caches hold them. */
const CACHED_VALUES: i32 = 262_144;

/**
 * Puts some of 8 samples in a row to those of their clusters that wait to be decided again, and decides 8 of one cluster
 * once they are together.
 * @param stale bit l for sample + l; not 0
 * @returns labels changed
 */
@inline
export function enqueue(state: KMeansState, sample: i32, stale: i32): i32 {
  let changed = 0;
  do {
    const next = sample + ctz(stale);
    stale &= stale - 1;
    const label = labelOf(state, next);
    const queue = state.queues + (<usize>label << 5), length = state.queueLengths + (<usize>label << 2);
    const waiting = load<i32>(length);
    store<i32>(queue + (<usize>waiting << 2), next);
    if (waiting == 7) {
      store<i32>(length, 0);
      changed += settleAny(state, queue, 8, label);
    } else store<i32>(length, waiting + 1);
  } while (stale);
  return changed;
}

/** Loads ahead the rows of samples in a row, and their bounds. The result keeps the loads from being dropped. */
@inline
export function touchSamples(state: KMeansState, first: i32, count: i32): i32 {
  const touched = touch(rowAddress(state, first), <usize>(count * state.nFeatures) << 2);
  if (!state.bounds) return touched;
  const width = (state.nGroups + 3) & ~3;
  return touched + touch(state.bounds + (<usize>first * <usize>width << 2), <usize>(count * width) << 2);
}

/**
 * Loads ahead the rows of samples listed in ascending order, one right after the other: the processor fetches many from memory
 * at a time, which it cannot while it works on them. Where many rows in a row are listed, those in between are read too:
 * memory is read fastest without gaps. Rows that the core's own caches hold are at hand already.
 * @param first IN i32 the list, of which every `stride` bytes hold a sample
 */
export function touchListed(state: KMeansState, first: usize, end: usize, stride: usize): void {
  if (state.nSamples * state.nFeatures <= CACHED_VALUES) return;
  const sample = load<i32>(first), span = load<i32>(end - stride) + 1 - sample;
  let touched: i32 = 0;
  if (<i32>((end - first) / stride) * STREAM_SPAN >= span) touched = touchSamples(state, sample, span);
  else for (let at = first; at < end; at += stride) touched += touchSamples(state, load<i32>(at), 1);
  state.touched = touched;
}
