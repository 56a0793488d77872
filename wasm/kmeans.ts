import { settleTileByGroups } from './kmeans-bounds';
import { KMeansState, clocksOf, labelOf } from './kmeans-state';
import { settleTile } from './kmeans-tile';
import { touch } from './rows';

@inline
function settleAny(state: KMeansState, samples: usize, count: i32, own: i32): i32 {
  if (state.bounds) return settleTileByGroups(state, samples, count, own, false);
  return settleTile(state, samples, count, own);
}

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
  const rowBytes = <usize>state.nFeatures << 2;
  const boundsBytes = <usize>((state.nGroups + 3) & ~3) << 2;
  let changed = 0, stales = 0;
  let touched: i32 = 0;
  for (let sample = first; sample < last; sample += 8) {
    const labels = state.labels + (<usize>sample << 1), gaps = state.gaps + (<usize>sample << 2);
    const clocks0 = clocksOf(state.clocks, labels), clocks1 = clocksOf(state.clocks, labels + 8);
    let stale =
      i32x4.bitmask(f32x4.le(v128.load(gaps), clocks0)) | (i32x4.bitmask(f32x4.le(v128.load(gaps, 16), clocks1)) << 4);
    if (!stale) continue;
    stales += popcnt(stale);
    touched += touch(state.rows + <usize>sample * rowBytes, rowBytes << 3);
    if (state.bounds) touched += touch(state.bounds + <usize>sample * boundsBytes, boundsBytes << 3);
    while (stale) {
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
    }
  }
  state.staleSamples += stales;
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
