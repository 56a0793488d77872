import { findMarginsOfSquares, margin0, margin1, storeMargins, upper0, upper1 } from './kmeans-margins';
import { index0, index1, nearestOfBlock } from './kmeans-nearest';
import { keepLabels, settle } from './kmeans-settle';
import { KMeansState, rowAddress } from './kmeans-state';
import { loadBlock, loadTile } from './rows';

/**
 * Labels and gaps of up to 8 samples of one cluster (`own`), keeping one bound per sample.
 * @param samples INOUT i32 [8]; entries from `count` on are filled up
 * @returns labels changed
 */
export function settleTile(state: KMeansState, samples: usize, count: i32, own: i32): i32 {
  for (let lane = count; lane < 8; lane++) store<i32>(samples + (<usize>lane << 2), load<i32>(samples));
  loadTile(state.rows, state.nFeatures, samples, state.tile);
  return decideTile(state, samples, count, own);
}

/** As `settleTile`, of 8 samples in a row. */
export function settleBlock(state: KMeansState, first: i32, own: i32): i32 {
  const samples = state.squares;
  for (let lane = 0; lane < 8; lane++) store<i32>(samples + (<usize>lane << 2), first + lane);
  loadBlock(rowAddress(state, first), state.nFeatures, state.tile);
  return decideTile(state, samples, 8, own);
}

/** Decides the tile at hand: where centers are ordered, those too far from `own` to be among the two nearest are left out. */
function decideTile(state: KMeansState, samples: usize, count: i32, own: i32): i32 {
  state.decisions++;
  const nGroups = state.nGroups;
  let order: usize = 0;
  if (state.order) {
    const width = <usize>(own * nGroups) << 4;
    order = state.order + width;
    state.tiles += nearestOfBlock(
      state.tile, state.nFeatures, state.orderedCenters + width * <usize>state.nFeatures, nGroups,
      state.orderedDistances + width, state.absoluteError,
    );
  } else state.tiles += nearestOfBlock(state.tile, state.nFeatures, state.centersBy4, nGroups, 0, 0);
  findMarginsOfSquares(state);
  const zero = f32x4.splat(0), same = i32x4.splat(order ? 0 : own);
  const low = index0, high = index1;
  const stays0 = v128.and(f32x4.gt(margin0, zero), i32x4.eq(low, same));
  const stays1 = v128.and(f32x4.gt(margin1, zero), i32x4.eq(high, same));
  // Also those that do not stay: what they are given is overwritten below.
  keepLabels(state, samples, own, margin0, margin1, upper0, upper1);
  let others = (0xff >> (8 - count)) & ~(i32x4.bitmask(stays0) | (i32x4.bitmask(stays1) << 4));
  if (others == 0) return 0;
  const lanes = state.tile;
  storeMargins(lanes, low, high);
  let changed = 0;
  do {
    const lane = ctz(others), at = lanes + (<usize>lane << 2);
    others &= others - 1;
    let label = load<i32>(at, 64);
    if (order) label = load<i32>(order + (<usize>label << 2));
    changed += settle(state, load<i32>(samples + (<usize>lane << 2)), label, load<f32>(at), load<f32>(at, 32));
  } while (others);
  return changed;
}
