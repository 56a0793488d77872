import { hasRoom, listChanged, listSamples, settleList } from './kmeans-list';
import { enqueue, settleAny, touchSamples } from './kmeans-queue';
import { ROUND_DOWN } from './kmeans-settle';
import { KMeansState, leadOf, staleOf } from './kmeans-state';
import { horizontalMin } from './simd';

/** Samples in a row that are left out together. */
const BLOCK: i32 = 64;
const FAR: f32 = 3.0e38;

/** Whether no gap of a block's samples can have expired. */
@inline
function isQuiet(state: KMeansState, block: i32): bool {
  return load<f32>(state.blockGaps + (<usize>(block >> 6) << 2)) > state.clock;
}

/** Takes down the gap of a block none of whose samples is out of date. */
function keepBlockGap(state: KMeansState, block: i32, end: i32): void {
  let lead = f32x4.splat(FAR);
  for (let sample = block; sample < end; sample += 8) {
    lead = f32x4.pmin(lead, f32x4.pmin(leadOf(state, sample), leadOf(state, sample + 4)));
  }
  const least = f32x4.extract_lane(horizontalMin(lead), 0);
  store<f32>(state.blockGaps + (<usize>(block >> 6) << 2), (least + state.clock) * ROUND_DOWN);
}

/**
 * Decides again the samples of [first, last) whose gap no longer exceeds their shell's clock; the others keep their
 * labels, which are still right (one bound per sample: Hamerly, "Making k-means even faster", SDM 2010, stored once as a
 * clock instead of updated at every iteration). Where centers are ordered or bounds kept, samples wait until 8 of one
 * cluster are together; `kmeans_flush_f32` takes those left over.
 * Cost: one read of labels and gaps, plus the rows looked at.
 * @param first a multiple of 64
 * @param byBlocks whether to leave out blocks of samples none of which can be out of date: gains where few samples are
 * @returns labels changed
 */
export function kmeans_reassign_f32(stateAddress: usize, first: i32, last: i32, byBlocks: bool): i32 {
  const state = changetype<KMeansState>(stateAddress);
  const areListed = !state.order && !state.bounds;
  const step = byBlocks ? BLOCK : last - first;
  let changed = 0, listed = 0;
  let touched: i32 = 0;
  for (let start = first; start < last; start += step) {
    if (byBlocks && isQuiet(state, start)) continue;
    const end = min(start + step, last);
    let isStale = false;
    for (let sample = start; sample < end; sample += 8) {
      const stale = staleOf(state, sample);
      if (!stale) continue;
      isStale = true;
      if (!areListed) {
        touched += touchSamples(state, sample, 8);
        changed += enqueue(state, sample, stale);
        continue;
      }
      listed = listSamples(state, sample, stale, listed);
      if (hasRoom(listed, 8)) continue;
      listed = settleList(state, listed, false);
      changed += listChanged;
    }
    if (byBlocks && !isStale) keepBlockGap(state, start, end);
  }
  if (!areListed) {
    state.touched = touched;
    return changed;
  }
  settleList(state, listed, true);
  return changed + listChanged;
}

/**
 * How many samples `kmeans_reassign_f32` would decide again, counted over some blocks of 8: those at `first` and every `step`
 * samples further.
 * @param step a multiple of 8
 * Cost: one read of their labels and gaps.
 */
export function kmeans_stale_f32(stateAddress: usize, first: i32, last: i32, step: i32): i32 {
  const state = changetype<KMeansState>(stateAddress);
  let stale = 0;
  for (let sample = first; sample < last; sample += step) stale += popcnt(staleOf(state, sample));
  return stale;
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

/**
 * Turns the labels of a fit that is over into plain clusters, in place: shells are dropped.
 * Cost: one read and one write of the labels.
 */
export function kmeans_clusters_u16(stateAddress: usize): void {
  const state = changetype<KMeansState>(stateAddress);
  const end = state.labels + (<usize>((state.nSamples + 7) & ~7) << 1);
  for (let at = state.labels; at < end; at += 16) v128.store(at, i16x8.shr_u(v128.load(at), 2));
}

/**
 * Renames clusters.
 * @param labels IN u16 [count]
 * @param ranks IN i32 [k] new name of each cluster
 * @param target OUT i32 [count]
 */
export function rank_labels_i32(labels: usize, count: i32, ranks: usize, target: usize): void {
  const end = labels + (<usize>count << 1);
  for (let at = labels, to = target; at < end; at += 2, to += 4) {
    store<i32>(to, load<i32>(ranks + (<usize>load<u16>(at) << 2)));
  }
}
