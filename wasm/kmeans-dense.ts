import { LIST_LENGTH } from './kmeans-list';
import { findMargins, margin0, margin1, storeMargins, upper0, upper1 } from './kmeans-margins';
import { listMove, moveListed } from './kmeans-moves';
import {
  findNearest, nearest0, nearest1, nearestByProducts, ownKeys, productBest0, productBest1, productSecond0, productSecond1,
  roundingOf, storeSquaredNorms,
} from './kmeans-products';
import { fillGaps, keepInRow, placeLabel, settledLabel, startLabels } from './kmeans-settle';
import { KMeansState, decideExactly, labelOf, openGroup, rowAddress } from './kmeans-state';
import { addSamples, moveLane } from './kmeans-sums';
import { loadBlock, loadTile, squares_f64 } from './rows';

/** Address of the packed block of 8 samples in a row, or of the scratch tile where none are kept. */
@inline
function blockOf(state: KMeansState, sample: i32): usize {
  return state.blocks ? state.blocks + (<usize>sample * <usize>state.nFeatures << 2) : state.tile;
}

/** Transposes 8 samples in a row; of the last block the last sample fills the rest. */
@inline
function loadSamples(state: KMeansState, sample: i32, tile: usize): void {
  if (sample + 8 <= state.nSamples) {
    loadBlock(rowAddress(state, sample), state.nFeatures, tile);
    return;
  }
  const samples = state.squares;
  for (let lane = 0; lane < 8; lane++) {
    store<i32>(samples + (<usize>lane << 2), min(sample + lane, state.nSamples - 1));
  }
  loadTile(state.rows, state.nFeatures, samples, tile);
}

/** Settles lanes one by one; sums of first labels are left to the caller. @returns labels changed */
function settleLanes(state: KMeansState, sample: i32, tile: usize, lanes: i32, isFirst: bool): i32 {
  const scratch = state.squares;
  storeMargins(scratch, nearest0, nearest1);
  let changed = 0;
  do {
    const lane = ctz(lanes), current = sample + lane;
    lanes &= lanes - 1;
    const at = scratch + (<usize>lane << 2);
    const own = placeLabel(state, current, load<i32>(at, 64), load<f32>(at), load<f32>(at, 32));
    if (isFirst || settledLabel == own) continue;
    changeCluster(state, current, tile, lane, own, settledLabel);
    changed++;
  } while (lanes);
  return changed;
}

/** As `settleLanes`, leaving gaps of the others as they are. @param sure lanes that float32 can tell the nearest center of */
function relabelLanes(state: KMeansState, sample: i32, tile: usize, lanes: i32, sure: i32): i32 {
  const scratch = state.squares;
  v128.store(scratch, nearest0);
  v128.store(scratch, nearest1, 16);
  let changed = 0;
  do {
    const lane = ctz(lanes), current = sample + lane;
    lanes &= lanes - 1;
    const own = labelOf(state, current);
    const label = sure & (1 << lane) ? load<i32>(scratch + (<usize>lane << 2)) : decideExactly(state, current);
    if (label == own) continue;
    // The last shell holds every sample, and a gap of 0 no clock.
    store<u16>(state.labels + (<usize>current << 1), <u16>((label << 2) | 3));
    store<f32>(state.gaps + (<usize>current << 2), 0);
    changeCluster(state, current, tile, lane, own, label);
    changed++;
  } while (lanes);
  return changed;
}

/** Moves a lane of a tile between the sums of clusters. Where rows are packed, their places in the table are cache misses. */
@inline
function changeCluster(state: KMeansState, sample: i32, tile: usize, lane: i32, from: i32, to: i32): void {
  if (state.blocks) moveLane(state, sample, tile, lane, from, to);
  else listMove(state, sample, from);
  // The center left behind becomes one of the others: its group's bound no longer holds.
  if (state.bounds) openGroup(state, sample, from >>> 2);
}

/** First labels and gaps of 8 samples in a row, of which those before `last` count. */
@inline
function assignEight(state: KMeansState, sample: i32, last: i32): void {
  const nFeatures = state.nFeatures, zero = f32x4.splat(0), tile = blockOf(state, sample);
  if (sample + 8 < last) loadSamples(state, sample, tile);
  else {
    // Whole vectors would reach into the next call's first block.
    loadSamples(state, sample, state.tile);
    if (tile != state.tile) memory.copy(tile, state.tile, <usize>nFeatures << 5);
  }
  storeSquaredNorms(tile, nFeatures, state.squaredNorms + (<usize>sample << 2));
  nearestByProducts(tile, nFeatures, state.centersBy4, state.halfNorms, state.nGroups, state.keys);
  findNearest(state.keys, state.nClusters, productBest0, productBest1);
  findMargins(state, state.squaredNorms + (<usize>sample << 2));
  const isClear = i32x4.all_true(v128.and(f32x4.gt(margin0, zero), f32x4.gt(margin1, zero)));
  if (isClear && sample + 8 <= last) startLabels(state, sample, nearest0, nearest1, margin0, margin1);
  else settleLanes(state, sample, tile, 0xff >> max(0, sample + 8 - last), true);
}

/** Σ|x|² over some samples in a row, by weight: the same sum whatever their labels. */
@inline
function squaresOf(state: KMeansState, first: i32, last: i32): f64 {
  if (!state.weights) return squares_f64(rowAddress(state, first), (last - first) * state.nFeatures);
  let squares: f64 = 0;
  for (let sample = first; sample < last; sample++) {
    const weight = load<f64>(state.weights + (<usize>sample << 3));
    squares += weight * squares_f64(rowAddress(state, sample), state.nFeatures);
  }
  return squares;
}

/**
 * First labels and gaps of samples [first, last), and their sums and counts; packs them, where blocks are kept.
 * Ties: lowest cluster index, decided in float64. Cost: one read of the rows, ⌈n / 8⌉ × k × nFeatures × 2 vector
 * multiply-adds.
 * @param first a multiple of 8
 * @returns Σ|x|² over the samples, by weight, in float64
 */
export function kmeans_assign_f32(stateAddress: usize, first: i32, last: i32): f64 {
  const state = changetype<KMeansState>(stateAddress);
  let squares: f64 = 0;
  for (let start = first; start < last; start += LIST_LENGTH) {
    const stop = min(start + LIST_LENGTH, last);
    for (let sample = start; sample < stop; sample += 8) {
      assignEight(state, sample, last);
      squares += squaresOf(state, sample, min(sample + 8, stop));
    }
    addSamples(state, start, stop);
  }
  countWork(state, first, last);
  return squares;
}

/**
 * Labels of all samples [first, last) anew, whatever their gaps: where most samples are to be decided again, that is
 * cheaper than to find out which. Where gaps stay, a sample that stays with its cluster stays in its shell, which has grown by
 * all its center moved.
 * Cost: one read of the rows, ⌈n / 8⌉ × k × nFeatures × 2 vector multiply-adds.
 * @param first a multiple of 8
 * @param keepsGaps whether gaps are brought up to date; otherwise those of samples that stay do, too
 * @returns labels changed
 */
export function kmeans_dense_f32(stateAddress: usize, first: i32, last: i32, keepsGaps: bool): i32 {
  const state = changetype<KMeansState>(stateAddress);
  const nFeatures = state.nFeatures, keys = state.keys;
  const centers = state.centersBy4, halfNorms = state.halfNorms, nGroups = state.nGroups;
  const largestSquare = state.largestSquare, productError = state.productError;
  let changed = 0;
  for (let sample = first; sample < last; sample += 8) {
    const tile = blockOf(state, sample);
    if (!state.blocks) loadSamples(state, sample, tile);
    nearestByProducts(tile, nFeatures, centers, halfNorms, nGroups, keys);
    const best0 = productBest0, best1 = productBest1;
    const labels = state.labels + (<usize>sample << 1), norms = state.squaredNorms + (<usize>sample << 2);
    const sure0 = f32x4.gt(f32x4.sub(productSecond0, best0), roundingOf(v128.load(norms), largestSquare, productError));
    const sure1 = f32x4.gt(f32x4.sub(productSecond1, best1), roundingOf(v128.load(norms, 16), largestSquare, productError));
    const kept0 = v128.and(sure0, f32x4.eq(best0, ownKeys(keys, labels)));
    const kept1 = v128.and(sure1, f32x4.eq(best1, ownKeys(keys + 16, labels + 8)));
    if (keepsGaps) {
      findMargins(state, norms);
      // Also those that do not stay: what they are given is overwritten below.
      keepInRow(state, sample, margin0, upper0);
      keepInRow(state, sample + 4, margin1, upper1);
    }
    if (i32x4.all_true(v128.and(kept0, kept1))) continue;
    const others =
      (0xff >> max(0, sample + 8 - last)) & ~(i32x4.bitmask(kept0) | (i32x4.bitmask(kept1) << 4));
    if (others == 0) continue;
    findNearest(keys, state.nClusters, best0, best1);
    if (keepsGaps) changed += settleLanes(state, sample, tile, others, false);
    else changed += relabelLanes(state, sample, tile, others, i32x4.bitmask(sure0) | (i32x4.bitmask(sure1) << 4));
  }
  moveListed(state);
  if (keepsGaps) fillGaps(state, last);
  countWork(state, first, last);
  return changed;
}

@inline
function countWork(state: KMeansState, first: i32, last: i32): void {
  const blocks = (last - first + 7) >>> 3;
  state.decisions += blocks;
  state.tiles += blocks * state.nGroups;
}
