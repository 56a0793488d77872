import { enqueue, settleAny, touchSamples } from './kmeans-queue';
import { KMeansState, clocksOf } from './kmeans-state';

/**
 * Decides again the samples of [first, last) whose gap no longer exceeds their shell's clock; the others keep their
 * labels, which are still right (one bound per sample: Hamerly, "Making k-means even faster", SDM 2010, stored once as a
 * clock instead of updated at every iteration). Samples wait until 8 of one cluster are together; `kmeans_flush_f32`
 * takes those left over.
 * Cost: one read of labels and gaps, plus the rows looked at.
 * @param first a multiple of 8
 * @returns labels changed
 */
export function kmeans_reassign_f32(stateAddress: usize, first: i32, last: i32): i32 {
  const state = changetype<KMeansState>(stateAddress);
  let changed = 0;
  let touched: i32 = 0;
  for (let sample = first; sample < last; sample += 8) {
    const labels = state.labels + (<usize>sample << 1), gaps = state.gaps + (<usize>sample << 2);
    const clocks0 = clocksOf(state.clocks, labels), clocks1 = clocksOf(state.clocks, labels + 8);
    const stale =
      i32x4.bitmask(f32x4.le(v128.load(gaps), clocks0)) | (i32x4.bitmask(f32x4.le(v128.load(gaps, 16), clocks1)) << 4);
    if (!stale) continue;
    touched += touchSamples(state, sample);
    changed += enqueue(state, sample, stale);
  }
  // Keeps the loads above from being dropped; never both true.
  if (touched == 0x7fffffff && changed < 0) unreachable();
  return changed;
}

/** Decides the samples still waiting. @returns labels changed */
export function kmeans_flush_f32(stateAddress: usize): i32 {
  const state = changetype<KMeansState>(stateAddress);
  let changed = 0;
  for (let label = 0; label < state.nClusters; label++) {
    const length = state.queueLengths + (<usize>label << 2);
    const waiting = load<i32>(length);
    if (waiting == 0) continue;
    store<i32>(length, 0);
    changed += settleAny(state, state.queues + (<usize>label << 5), waiting, label);
  }
  return changed;
}
