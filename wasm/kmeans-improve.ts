import { best0, best1, nearestOfBlock, second0, second1 } from './kmeans-nearest';
import { KMeansState, moveSample, slotAddress } from './kmeans-state';

/** A move must lower the inertia by more than float64 rounding of the two terms. */
const WORTH_A_MOVE: f64 = 1 - 1e-12;

/**
 * Moves single samples to another cluster wherever that lowers the inertia although the sample's own center is nearer:
 * taking x out of a cluster of n saves n / (n − 1) × |x − center|², putting it into one of m costs m / (m + 1) × it
 * (Hartigan & Wong, "Algorithm AS 136", 1979). Centers follow every move. A cluster's last sample stays.
 *
 * Before the call `centersBy4`, `centers`, sums and counts belong together and labels are the nearest centers; after
 * moves only `centersBy4` and the gaps of others are out of date.
 * @param smallest samples of the smallest cluster
 * @returns moves made, in slot order; 0 means no single move lowers the inertia
 * Cost: that of `kmeans_assign_f32`, plus k float64 distances for each sample float32 cannot rule out.
 */
export function kmeans_improve_f32(stateAddress: usize, first: i32, last: i32, smallest: i32): i32 {
  const state = changetype<KMeansState>(stateAddress);
  const nFeatures = state.nFeatures;
  const blockBytes = <usize>nFeatures << 5;
  const groups = (state.nClusters + 3) >>> 2;
  const cheapest = <f32>(sqrt(<f64>smallest / <f64>(smallest + 1)) * 0.999999) * (1 - state.relativeError);
  const up = f32x4.splat(1 + state.relativeError), error = f32x4.splat(state.absoluteError);
  const scratch = state.gaps;
  let moves = 0;
  for (let block = first; block < last; block++) {
    nearestOfBlock(state.packed + <usize>block * blockBytes, nFeatures, state.centersBy4, groups, 0);
    const lanes = scratch + (<usize>block << 5);
    // Lower bound of the cost of the cheapest cluster to go to, less the error; against what leaving saves.
    const cost0 = f32x4.sub(f32x4.mul(f32x4.sqrt(second0), f32x4.splat(cheapest)), error);
    const cost1 = f32x4.sub(f32x4.mul(f32x4.sqrt(second1), f32x4.splat(cheapest)), error);
    const saved0 = f32x4.mul(f32x4.sqrt(best0), up), saved1 = f32x4.mul(f32x4.sqrt(best1), up);
    v128.store(lanes, f32x4.sub(cost0, f32x4.mul(saved0, leaving(state, block << 3))));
    v128.store(lanes, f32x4.sub(cost1, f32x4.mul(saved1, leaving(state, (block << 3) + 4))), 16);
    for (let lane = 0; lane < 8; lane++) {
      const slot = (block << 3) + lane;
      if (load<f32>(lanes + (<usize>lane << 2)) > 0 || load<i32>(state.rows + (<usize>slot << 2)) < 0) continue;
      moves += moveIfBetter(state, slot);
    }
    // Gaps served as scratch: every sample is looked at in the next pass.
    v128.store(lanes, f32x4.splat(-1));
    v128.store(lanes, f32x4.splat(-1), 16);
  }
  return moves;
}

/** √(n / (n − 1)) of the clusters of 4 slots, rounded up; n as it is now. */
@inline
function leaving(state: KMeansState, slot: i32): v128 {
  let factors = f32x4.splat(0);
  factors = f32x4.replace_lane(factors, 0, leavingFactor(state, slot));
  factors = f32x4.replace_lane(factors, 1, leavingFactor(state, slot + 1));
  factors = f32x4.replace_lane(factors, 2, leavingFactor(state, slot + 2));
  return f32x4.replace_lane(factors, 3, leavingFactor(state, slot + 3));
}

@inline
function leavingFactor(state: KMeansState, slot: i32): f32 {
  const label = <usize>load<u16>(state.labels + (<usize>slot << 1));
  const n = <f32>load<i32>(state.counts + (label << 2));
  return n > 1 ? sqrt(n / (n - 1)) * <f32>1.000001 : 1;
}

function squaredDistance(state: KMeansState, slot: i32, label: i32): f64 {
  let at = slotAddress(state, slot);
  let center = state.centers + (<usize>(label * state.nFeatures) << 3);
  let sum: f64 = 0;
  for (let j = 0; j < state.nFeatures; j++) {
    const difference = <f64>load<f32>(at) - load<f64>(center);
    sum += difference * difference;
    at += 32;
    center += 8;
  }
  return sum;
}

function moveIfBetter(state: KMeansState, slot: i32): i32 {
  const at = state.labels + (<usize>slot << 1);
  const from = <i32>load<u16>(at);
  const n = <f64>load<i32>(state.counts + (<usize>from << 2));
  if (n < 2) return 0;
  let least = squaredDistance(state, slot, from) * (n / (n - 1)) * WORTH_A_MOVE;
  let to = -1;
  for (let c = 0; c < state.nClusters; c++) {
    if (c == from) continue;
    const m = <f64>load<i32>(state.counts + (<usize>c << 2));
    const cost = squaredDistance(state, slot, c) * (m / (m + 1));
    if (cost < least) {
      least = cost;
      to = c;
    }
  }
  if (to < 0) return 0;
  moveSample(state, slot, from, to);
  store<u16>(at, <u16>to);
  placeMean(state, from);
  placeMean(state, to);
  return 1;
}

function placeMean(state: KMeansState, label: i32): void {
  const n = <f64>load<i32>(state.counts + (<usize>label << 2));
  const row = <usize>(label * state.nFeatures) << 3;
  for (let j = 0; j < state.nFeatures; j++) {
    const at = row + (<usize>j << 3);
    store<f64>(state.centers + at, load<f64>(state.sums + at) / n);
  }
}
