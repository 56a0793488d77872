import {
  nearestByProducts, productBest0, productBest1, productIndex0, productIndex1, productSecond0, productSecond1,
} from './kmeans-products';
import { ROUND_DOWN, settle } from './kmeans-settle';
import { KMeansState } from './kmeans-state';
import { upperBound } from './kmeans-tile';
import { loadTile } from './rows';

/**
 * Labels and gaps of 8 samples in a row, whatever their clusters: where several must be decided again, that is cheaper
 * than to gather others of their clusters. A sample that stays with its cluster stays in its shell, which has grown by
 * all its center moved.
 * @param sample a multiple of 8, with 7 more samples after it
 * @param clocks0,clocks1 clocks of the samples' shells
 * @returns labels changed
 */
export function settleBlock(state: KMeansState, sample: i32, clocks0: v128, clocks1: v128): i32 {
  state.decisions++;
  const tile = state.tile;
  loadTile(state.rows, state.nFeatures, blockOf(state, sample), tile);
  nearestByProducts(
    tile, state.nFeatures, state.squaredNorms + (<usize>sample << 2), state.centersBy4, state.halfNorms, state.nGroups,
    state.largestNorm, state.productError,
  );
  state.tiles += state.nGroups;
  const index0 = productIndex0, index1 = productIndex1;
  const upper0 = upperBound(state, productBest0), upper1 = upperBound(state, productBest1);
  const down = f32x4.splat(1 - state.relativeError);
  const margin0 = f32x4.sub(f32x4.mul(f32x4.sqrt(productSecond0), down), upper0);
  const margin1 = f32x4.sub(f32x4.mul(f32x4.sqrt(productSecond1), down), upper1);
  const gaps = state.gaps + (<usize>sample << 2);
  const labels = v128.load(state.labels + (<usize>sample << 1));
  const clusters = i16x8.shr_u(labels, 2);
  const zero = f32x4.splat(0);
  const kept0 = v128.and(
    f32x4.gt(margin0, zero), i32x4.eq(index0, i32x4.extend_low_i16x8_u(clusters)),
  );
  const kept1 = v128.and(
    f32x4.gt(margin1, zero), i32x4.eq(index1, i32x4.extend_high_i16x8_u(clusters)),
  );
  const roundDown = f32x4.splat(ROUND_DOWN);
  v128.store(gaps, f32x4.mul(f32x4.add(margin0, clocks0), roundDown));
  v128.store(gaps, f32x4.mul(f32x4.add(margin1, clocks1), roundDown), 16);
  let others = 0xff ^ (i32x4.bitmask(kept0) | (i32x4.bitmask(kept1) << 4));
  if (others == 0) return 0;
  v128.store(tile, margin0);
  v128.store(tile, margin1, 16);
  v128.store(tile, index0, 32);
  v128.store(tile, index1, 48);
  v128.store(tile, upper0, 64);
  v128.store(tile, upper1, 80);
  let changed = 0;
  do {
    const lane = ctz(others);
    others &= others - 1;
    const at = tile + (<usize>lane << 2);
    changed += settle(state, sample + lane, load<i32>(at, 32), load<f32>(at), load<f32>(at, 64), false);
  } while (others);
  return changed;
}

/** Row numbers of 8 samples in a row. */
@inline
function blockOf(state: KMeansState, sample: i32): usize {
  const samples = state.squares;
  for (let lane = 0; lane < 8; lane++) store<i32>(samples + (<usize>lane << 2), sample + lane);
  return samples;
}
