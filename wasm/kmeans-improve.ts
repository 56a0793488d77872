import { best0, best1, index0, index1, nearestOfBlock, second0, second1 } from './kmeans-nearest';
import { KMeansState, exactSquare, labelOf } from './kmeans-state';
import { moveSample, sumsStride } from './kmeans-sums';
import { loadTile } from './rows';

/** A move must lower the inertia by more than float64 rounding of the two terms. */
const WORTH_A_MOVE: f64 = 1 - 1e-12;

/**
 * Moves single samples to another cluster wherever that lowers the inertia although their own center is nearer: taking x
 * out of a cluster of n saves n / (n − 1) × |x − center|², putting it into one of m costs m / (m + 1) × that (Hartigan &
 * Wong, "Algorithm AS 136", 1979). Centers in float64 follow every move. A cluster's last sample stays.
 *
 * Labels must be the nearest centers, and centers the means. Afterwards every sample is in the last shell of its cluster, and
 * its gap out of date: it is decided again.
 * @param smallest samples of the smallest cluster
 * @returns moves made, in row order; 0 means no single move lowers the inertia
 * Cost: that of computing all distances, plus k float64 distances for each sample float32 cannot rule out.
 */
export function kmeans_improve_f32(stateAddress: usize, first: i32, last: i32, smallest: i32): i32 {
  const state = changetype<KMeansState>(stateAddress);
  const cheapest = <f32>(sqrt(<f64>smallest / <f64>(smallest + 1)) * 0.999999) * (1 - state.relativeError);
  const cost_f32x4 = f32x4.splat(cheapest);
  const up = f32x4.splat(1 + state.relativeError), error = f32x4.splat(state.absoluteError);
  const samples = state.queues, lanes = state.groupMinima;
  let moves = 0;
  for (let sample = first; sample < last; sample += 8) {
    const count = min(8, last - sample);
    for (let lane = 0; lane < 8; lane++) store<i32>(samples + (<usize>lane << 2), min(sample + lane, last - 1));
    loadTile(state.rows, state.nFeatures, samples, state.tile);
    nearestOfBlock(state.tile, state.nFeatures, state.centersBy4, state.nGroups, 0, 0);
    // Lower bound of the cost of the cheapest cluster to go to, less the error; and what leaving saves per factor.
    v128.store(lanes, f32x4.sub(f32x4.mul(f32x4.sqrt(second0), cost_f32x4), error));
    v128.store(lanes, f32x4.sub(f32x4.mul(f32x4.sqrt(second1), cost_f32x4), error), 16);
    v128.store(lanes, f32x4.mul(f32x4.sqrt(best0), up), 32);
    v128.store(lanes, f32x4.mul(f32x4.sqrt(best1), up), 48);
    v128.store(state.tile, index0);
    v128.store(state.tile, index1, 16);
    for (let lane = 0; lane < count; lane++) {
      const at = lanes + (<usize>lane << 2);
      const label = labelOf(state, sample + lane);
      const isNearest = label == load<i32>(state.tile + (<usize>lane << 2));
      if (!isNearest || load<f32>(at) <= load<f32>(at, 32) * leaving(state, label)) {
        moves += moveIfBetter(state, sample + lane, label);
      }
      leaveShell(state, sample + lane);
    }
  }
  return moves;
}

/** Lets a sample be decided again. Centers have moved, and shells have not grown: only the last still holds every sample. */
@inline
function leaveShell(state: KMeansState, sample: i32): void {
  store<f32>(state.gaps + (<usize>sample << 2), -1);
  const label = state.labels + (<usize>sample << 1);
  store<u16>(label, load<u16>(label) | 3);
}

/** √(n / (n − 1)) of a cluster, rounded up; n as it is now. */
@inline
function leaving(state: KMeansState, label: i32): f32 {
  const n = <f32>load<i32>(state.counts + (<usize>label << 2));
  return n > 1 ? sqrt(n / (n - 1)) * <f32>1.000001 : 0;
}

function moveIfBetter(state: KMeansState, sample: i32, from: i32): i32 {
  const n = <f64>load<i32>(state.counts + (<usize>from << 2));
  if (n < 2) return 0;
  let least = exactSquare(state, sample, from) * (n / (n - 1)) * WORTH_A_MOVE;
  let to = -1;
  for (let c = 0; c < state.nClusters; c++) {
    if (c == from) continue;
    const m = <f64>load<i32>(state.counts + (<usize>c << 2));
    const cost = exactSquare(state, sample, c) * (m / (m + 1));
    if (cost < least) {
      least = cost;
      to = c;
    }
  }
  if (to < 0) return 0;
  moveSample(state, sample, from, to);
  store<u16>(state.labels + (<usize>sample << 1), <u16>(to << 2));
  placeMean(state, from);
  placeMean(state, to);
  if (state.bounds) {
    // The center left behind becomes one of the others: its group's bound no longer holds.
    const width = (state.nGroups + 3) & ~3;
    store<f32>(state.bounds + (<usize>(sample * width + (from >>> 2)) << 2), 0);
  }
  return 1;
}

function placeMean(state: KMeansState, label: i32): void {
  const n = <f64>load<i32>(state.counts + (<usize>label << 2));
  const sums = state.sums + <usize>label * sumsStride(state);
  const centers = state.centers + (<usize>(label * state.nFeatures) << 3);
  for (let j = 0; j < state.nFeatures; j++) {
    const at = <usize>j << 3;
    store<f64>(centers + at, load<f64>(sums + at) / n);
  }
}
