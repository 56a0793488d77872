import { findMargins, findMarginsOfSquares, margin0, margin1, storeMargins, upper0, upper1 } from './kmeans-margins';
import { index0, index1, nearestOfBlock } from './kmeans-nearest';
import {
  findNearest, nearest0, nearest1, nearestByProducts, productBest0, productBest1, storeSquaredNorms,
} from './kmeans-products';
import { placeLabel, settledLabel, shellsPassed, storeFour } from './kmeans-settle';
import { KMeansState, openGroup } from './kmeans-state';
import { moveSample } from './kmeans-sums';
import { loadTile } from './rows';

/** The first of the shells of a sample's cluster: cluster × 4. */
@inline
function shellsOf(labels: usize, sample: usize): usize {
  return <usize>(load<u16>(labels + (sample << 1)) & ~3);
}

/** Clusters of four samples. */
function clustersOf(state: KMeansState, samples: usize): v128 {
  const labels = state.labels;
  let shells = i32x4.splat(<i32>shellsOf(labels, <usize>load<i32>(samples)));
  shells = i32x4.replace_lane(shells, 1, <i32>shellsOf(labels, <usize>load<i32>(samples, 4)));
  shells = i32x4.replace_lane(shells, 2, <i32>shellsOf(labels, <usize>load<i32>(samples, 8)));
  shells = i32x4.replace_lane(shells, 3, <i32>shellsOf(labels, <usize>load<i32>(samples, 12)));
  return i32x4.shr_u(shells, 2);
}

/** Keys of the clusters of four samples. @param keys rows of 8, from the first of the four on */
@inline
function keysOf(state: KMeansState, samples: usize, keys: usize): v128 {
  const labels = state.labels;
  let own = v128.load32_zero(keys + (shellsOf(labels, <usize>load<i32>(samples)) << 3));
  own = v128.load_lane<f32>(keys + (shellsOf(labels, <usize>load<i32>(samples, 4)) << 3) + 4, own, 1);
  own = v128.load_lane<f32>(keys + (shellsOf(labels, <usize>load<i32>(samples, 8)) << 3) + 8, own, 2);
  return v128.load_lane<f32>(keys + (shellsOf(labels, <usize>load<i32>(samples, 12)) << 3) + 12, own, 3);
}

/** Stores the gaps of four samples that stay with their clusters, and which of the cluster's shells they are in now. */
@inline
function keepFour(state: KMeansState, samples: usize, margin: v128, upper: v128): void {
  const labels = state.labels;
  const own0 = shellsOf(labels, <usize>load<i32>(samples)), own1 = shellsOf(labels, <usize>load<i32>(samples, 4));
  const own2 = shellsOf(labels, <usize>load<i32>(samples, 8)), own3 = shellsOf(labels, <usize>load<i32>(samples, 12));
  const passed = shellsPassed(state, own0, own1, own2, own3, upper);
  const q0 = own0 - i32x4.extract_lane(passed, 0), q1 = own1 - i32x4.extract_lane(passed, 1);
  const q2 = own2 - i32x4.extract_lane(passed, 2), q3 = own3 - i32x4.extract_lane(passed, 3);
  storeFour(state, samples, q0, q1, q2, q3, margin);
}

/**
 * Labels and gaps of up to 8 samples of any clusters, by the distances to all centers: from scalar products, which take half
 * the instructions of differences, or where these cannot tell from differences, which keep more digits.
 * @param samples INOUT i32 [8]; entries from `count` on are filled up
 * @returns labels changed
 */
export function settleMixed(state: KMeansState, samples: usize, count: i32): i32 {
  for (let lane = count; lane < 8; lane++) store<i32>(samples + (<usize>lane << 2), load<i32>(samples));
  state.decisions++;
  state.tiles += state.nGroups;
  const nFeatures = state.nFeatures, tile = state.tile, keys = state.keys, zero = f32x4.splat(0);
  loadTile(state.rows, nFeatures, samples, tile);
  storeSquaredNorms(tile, nFeatures, state.squares);
  nearestByProducts(tile, nFeatures, state.centersBy4, state.halfNorms, state.nGroups, keys);
  const product0 = productBest0, product1 = productBest1;
  findMargins(state, state.squares);
  const isClear = i32x4.all_true(v128.and(f32x4.gt(margin0, zero), f32x4.gt(margin1, zero)));
  let kept0: v128, kept1: v128;
  if (isClear) {
    kept0 = f32x4.eq(product0, keysOf(state, samples, keys));
    kept1 = f32x4.eq(product1, keysOf(state, samples + 16, keys + 16));
  } else {
    nearestOfBlock(tile, nFeatures, state.centersBy4, state.nGroups, 0, 0);
    findMarginsOfSquares(state);
    kept0 = v128.and(f32x4.gt(margin0, zero), i32x4.eq(index0, clustersOf(state, samples)));
    kept1 = v128.and(f32x4.gt(margin1, zero), i32x4.eq(index1, clustersOf(state, samples + 16)));
  }
  // Also those that do not stay: what they are given is overwritten below.
  keepFour(state, samples, margin0, upper0);
  keepFour(state, samples + 16, margin1, upper1);
  const others = (0xff >> (8 - count)) & ~(i32x4.bitmask(kept0) | (i32x4.bitmask(kept1) << 4));
  if (others == 0) return 0;
  if (!isClear) return settleLanes(state, samples, others, index0, index1);
  findNearest(keys, state.nClusters, product0, product1);
  return settleLanes(state, samples, others, nearest0, nearest1);
}

/** Settles lanes that do not stay as they are, or may not. @returns labels changed */
function settleLanes(state: KMeansState, samples: usize, others: i32, nearest0: v128, nearest1: v128): i32 {
  const scratch = state.squares;
  storeMargins(scratch, nearest0, nearest1);
  let lanes = others;
  let changed = 0;
  do {
    const lane = ctz(lanes), at = scratch + (<usize>lane << 2);
    lanes &= lanes - 1;
    const sample = load<i32>(samples + (<usize>lane << 2));
    const own = placeLabel(state, sample, load<i32>(at, 64), load<f32>(at), load<f32>(at, 32));
    if (settledLabel == own) continue;
    moveSample(state, sample, own, settledLabel);
    // The center left behind becomes one of the others: its group's bound no longer holds.
    if (state.bounds) openGroup(state, sample, own >>> 2);
    changed++;
  } while (lanes);
  return changed;
}
