import {
  best0, best1, bestOne, index0, index1, indexOne, nearestOfBlock, nearestOfSample, second0, second1, secondOne,
} from './kmeans-nearest';
import {
  KMeansState, clockOf, decideExactly, exactBest, exactSecond, moveSample, slotAddress,
} from './kmeans-state';

/**
 * Lower bounds are stored rounded down: 2e-7 of (gap + clock) covers the roundings of both and of the clock they are
 * compared with later.
 */
const ROUND_DOWN: f32 = 0.9999998;

/** Fewest samples of a block that must be looked at again for the whole block to be computed at once. */
const DENSE_FROM = 4;

/**
 * Stores one sample's label and gap after its two nearest distances are known; where they are closer than rounding
 * allows to tell, decides in float64 first.
 * @returns 1 when the label changed, else 0
 */
export function settle(state: KMeansState, slot: i32, label: i32, margin: f32, isFirst: bool): i32 {
  const gap = state.gaps + (<usize>slot << 2);
  if (load<i32>(state.rows + (<usize>slot << 2)) < 0) {
    store<f32>(gap, f32.MAX_VALUE);
    return 0;
  }
  if (!(margin > 0)) {
    label = decideExactly(state, slot);
    margin = <f32>((exactSecond - exactBest) * 0.9999999);
  }
  store<f32>(gap, (margin + clockOf(state, label)) * ROUND_DOWN);
  const at = state.labels + (<usize>slot << 1);
  const previous = <i32>load<u16>(at);
  store<u16>(at, <u16>label);
  if (isFirst) return 1;
  if (previous == label) return 0;
  moveSample(state, slot, previous, label);
  return 1;
}

/** Margins of the 8 samples of the last `nearestOfBlock`: lower bounds of second nearest − nearest distance. */
@inline
function margin(state: KMeansState, best: v128, second: v128): v128 {
  const up = f32x4.splat(1 + state.relativeError), down = f32x4.splat(1 - state.relativeError);
  return f32x4.sub(
    f32x4.sub(f32x4.mul(f32x4.sqrt(second), down), f32x4.mul(f32x4.sqrt(best), up)),
    f32x4.splat(state.absoluteError),
  );
}

/**
 * Settles the 8 samples of a block after `nearestOfBlock`. `order` maps indices to labels; 0 when they are the labels.
 * @returns labels changed
 */
export function settleBlock(state: KMeansState, block: i32, order: usize, isFirst: bool): i32 {
  const margin0 = margin(state, best0, second0), margin1 = margin(state, best1, second1);
  const lanes = state.gaps + (<usize>block << 5);
  v128.store(lanes, margin0);
  v128.store(lanes, margin1, 16);
  const indices = i16x8.narrow_i32x4_u(index0, index1);
  let changed = 0;
  let low = i64x2.extract_lane(indices, 0);
  const high = i64x2.extract_lane(indices, 1);
  for (let lane = 0; lane < 8; lane++) {
    if (lane == 4) low = high;
    let label = <i32>(low & 0xffff);
    low >>>= 16;
    if (order) label = load<i32>(order + (<usize>label << 2));
    changed += settle(state, (block << 3) + lane, label, load<f32>(lanes + (<usize>lane << 2)), isFirst);
  }
  return changed;
}

/** Bits 0–7: samples of the block whose label may have changed since it was last decided. */
@inline
export function staleSamples(state: KMeansState, block: i32): i32 {
  const labels = state.labels + (<usize>block << 4);
  const clocks = state.clocks;
  const gaps = state.gaps + (<usize>block << 5);
  const first = load<u16>(labels);
  let t0 = v128.load32_splat(clocks + (<usize>first << 2));
  let t1 = t0;
  if (!i16x8.all_true(i16x8.eq(v128.load(labels), i16x8.splat(first)))) {
    t0 = v128.load_lane<f32>(clocks + (<usize>load<u16>(labels, 2) << 2), t0, 1);
    t0 = v128.load_lane<f32>(clocks + (<usize>load<u16>(labels, 4) << 2), t0, 2);
    t0 = v128.load_lane<f32>(clocks + (<usize>load<u16>(labels, 6) << 2), t0, 3);
    t1 = v128.load_lane<f32>(clocks + (<usize>load<u16>(labels, 8) << 2), t1, 0);
    t1 = v128.load_lane<f32>(clocks + (<usize>load<u16>(labels, 10) << 2), t1, 1);
    t1 = v128.load_lane<f32>(clocks + (<usize>load<u16>(labels, 12) << 2), t1, 2);
    t1 = v128.load_lane<f32>(clocks + (<usize>load<u16>(labels, 14) << 2), t1, 3);
  }
  return (
    i32x4.bitmask(f32x4.le(v128.load(gaps), t0)) | (i32x4.bitmask(f32x4.le(v128.load(gaps, 16), t1)) << 4)
  );
}

/**
 * Labels and gaps of every sample of blocks [first, last), computed from scratch; `isFirst` when there are no labels
 * yet (sums and counts then stay as they are, see `kmeans_accumulate_f32`).
 * Ties: lowest cluster index, decided in float64. Cost: one read of the blocks, nBlocks × k × nFeatures × 2 vector
 * multiply-adds.
 * @returns labels changed
 */
export function kmeans_assign_f32(stateAddress: usize, first: i32, last: i32, isFirst: i32): i32 {
  const state = changetype<KMeansState>(stateAddress);
  const nFeatures = state.nFeatures;
  const blockBytes = <usize>nFeatures << 5;
  const groups = (state.nClusters + 3) >>> 2;
  let changed = 0;
  for (let block = first; block < last; block++) {
    state.tiles += nearestOfBlock(state.packed + <usize>block * blockBytes, nFeatures, state.centersBy4, groups, 0);
    changed += settleBlock(state, block, 0, isFirst != 0);
  }
  return changed;
}

/**
 * As `kmeans_assign_f32` for the samples whose gap no longer exceeds their cluster's clock; the others keep their
 * labels, which are still right (one bound per sample: Hamerly, "Making k-means even faster", SDM 2010, with the
 * bound stored once as a clock instead of updated at every iteration).
 * Cost: one read of labels and gaps, plus the samples looked at.
 * @returns labels changed
 */
export function kmeans_reassign_f32(stateAddress: usize, first: i32, last: i32): i32 {
  const state = changetype<KMeansState>(stateAddress);
  const nFeatures = state.nFeatures;
  const blockBytes = <usize>nFeatures << 5;
  const groupsOf4 = (state.nClusters + 3) >>> 2, groupsOf8 = (state.nClusters + 7) >>> 3;
  let changed = 0;
  for (let block = first; block < last; block++) {
    let stale = staleSamples(state, block);
    if (!stale) continue;
    if (popcnt(stale) >= DENSE_FROM) {
      state.tiles += nearestOfBlock(state.packed + <usize>block * blockBytes, nFeatures, state.centersBy4, groupsOf4, 0);
      changed += settleBlock(state, block, 0, false);
      continue;
    }
    do {
      const slot = (block << 3) + ctz(stale);
      stale &= stale - 1;
      nearestOfSample(slotAddress(state, slot), nFeatures, state.centersBy8, groupsOf8);
      const gap =
        sqrt(secondOne) * (1 - state.relativeError) - sqrt(bestOne) * (1 + state.relativeError) - state.absoluteError;
      changed += settle(state, slot, indexOne, gap, false);
    } while (stale);
  }
  return changed;
}

/**
 * Adds the samples of blocks [first, last) to the sums and counts of their clusters. Exact in any order.
 * Cost: one read of the blocks.
 */
export function kmeans_accumulate_f32(stateAddress: usize, first: i32, last: i32): void {
  const state = changetype<KMeansState>(stateAddress);
  const nFeatures = state.nFeatures;
  const rowBytes = <usize>nFeatures << 3;
  const sums = state.sums;
  const whole = nFeatures & ~3;
  for (let block = first; block < last; block++) {
    for (let half = 0; half < 2; half++) {
      const slot = (block << 3) + (half << 2);
      const rows = state.rows + (<usize>slot << 2), labels = state.labels + (<usize>slot << 1);
      let at = slotAddress(state, slot);
      const c0 = <usize>load<u16>(labels), c1 = <usize>load<u16>(labels, 2);
      const c2 = <usize>load<u16>(labels, 4), c3 = <usize>load<u16>(labels, 6);
      for (let lane = 0; lane < 4; lane++) {
        if (load<i32>(rows + (<usize>lane << 2)) < 0) continue;
        const count = state.counts + (<usize>load<u16>(labels + (<usize>lane << 1)) << 2);
        store<i32>(count, load<i32>(count) + 1);
      }
      // Slots without a row hold zeros, so adding them changes nothing.
      let s0 = sums + c0 * rowBytes, s1 = sums + c1 * rowBytes, s2 = sums + c2 * rowBytes, s3 = sums + c3 * rowBytes;
      for (let j = 0; j < whole; j += 4) {
        const f0 = v128.load(at), f1 = v128.load(at, 32), f2 = v128.load(at, 64), f3 = v128.load(at, 96);
        const low01 = v128.shuffle<f32>(f0, f1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(f0, f1, 2, 6, 3, 7);
        const low23 = v128.shuffle<f32>(f2, f3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(f2, f3, 2, 6, 3, 7);
        addPair(s0, low01, 0);
        addPair(s0, low23, 16);
        addPair(s1, v128.shuffle<f32>(low01, low01, 2, 3, 2, 3), 0);
        addPair(s1, v128.shuffle<f32>(low23, low23, 2, 3, 2, 3), 16);
        addPair(s2, high01, 0);
        addPair(s2, high23, 16);
        addPair(s3, v128.shuffle<f32>(high01, high01, 2, 3, 2, 3), 0);
        addPair(s3, v128.shuffle<f32>(high23, high23, 2, 3, 2, 3), 16);
        at += 128;
        s0 += 32;
        s1 += 32;
        s2 += 32;
        s3 += 32;
      }
      for (let j = whole; j < nFeatures; j++) {
        store<f64>(s0, load<f64>(s0) + <f64>load<f32>(at));
        store<f64>(s1, load<f64>(s1) + <f64>load<f32>(at, 4));
        store<f64>(s2, load<f64>(s2) + <f64>load<f32>(at, 8));
        store<f64>(s3, load<f64>(s3) + <f64>load<f32>(at, 12));
        at += 32;
        s0 += 8;
        s1 += 8;
        s2 += 8;
        s3 += 8;
      }
    }
  }
}

/** Adds the two low lanes to two float64 sums. */
@inline
function addPair(sums: usize, lanes: v128, offset: usize): void {
  const at = sums + offset;
  v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(lanes)));
}
