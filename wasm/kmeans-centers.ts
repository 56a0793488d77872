import { KMeansState } from './kmeans-state';
import { sumsStride } from './kmeans-sums';
import { sumOfLanes } from './simd';

/** Half the distance between float32 neighbours at 1. */
const ROUNDING: f64 = 1.0 / 16777216;

/**
 * Means of the clusters.
 * @param target OUT f64 [k][nFeatures]
 */
export function kmeans_means_f64(stateAddress: usize, target: usize): void {
  const state = changetype<KMeansState>(stateAddress);
  for (let c = 0; c < state.nClusters; c++) {
    const weight = weightOf(state, c);
    let sum = state.sums + <usize>c * sumsStride(state);
    for (let j = 0; j < state.nFeatures; j++) {
      store<f64>(target, load<f64>(sum) / weight);
      sum += 8;
      target += 8;
    }
  }
}

/** Weight of a cluster: its number of samples where each weighs 1. */
@inline
export function weightOf(state: KMeansState, cluster: i32): f64 {
  if (state.weights) return load<f64>(state.weightSums + (<usize>cluster << 3));
  return <f64>load<i32>(state.counts + (<usize>cluster << 2));
}

/** Rounds the centers to float32, in groups of 4, with half their squared norms and the bounds that hang on the largest. */
export function kmeans_place_centers_f32(stateAddress: usize): void {
  const state = changetype<KMeansState>(stateAddress);
  const nFeatures = state.nFeatures;
  let center = state.centers;
  let largest: f64 = 0;
  for (let c = 0; c < state.nClusters; c++) {
    let target = state.centersBy4 + (<usize>((c >> 2) * 4 * nFeatures + (c & 3)) << 2);
    let square: f64 = 0;
    for (let j = 0; j < nFeatures; j++) {
      const value = load<f64>(center);
      store<f32>(target, <f32>value);
      square += value * value;
      center += 8;
      target += 16;
    }
    store<f32>(state.halfNorms + (<usize>c << 2), <f32>(square / 2));
    largest = max(largest, square);
  }
  state.largestSquare = squareRoundedUp(largest);
  // Each of two distances is off by at most |center| × rounding; the rest covers squares lost to underflow.
  state.absoluteError = <f32>(2.1 * ROUNDING * sqrt(largest) + 1e-20);
}

/** The largest |c|², rounded up; what is added keeps the bound of the rounding above what underflow takes away. */
export function squareRoundedUp(largest: f64): f32 {
  return <f32>(largest * (1 + 4 * ROUNDING) + 1e-30);
}

/**
 * Distances between centers.
 * @param centers IN f64 [k][nFeatures]
 * @param distances OUT f64 [k][k]
 */
export function center_distances_f64(centers: usize, k: i32, nFeatures: i32, distances: usize): void {
  const bytes = <usize>nFeatures << 3;
  for (let a = 0; a < k; a++) {
    store<f64>(distances + (<usize>(a * k + a) << 3), 0);
    for (let b = a + 1; b < k; b++) {
      const distance = sqrt(squaredStep(centers + <usize>a * bytes, centers + <usize>b * bytes, nFeatures));
      store<f64>(distances + (<usize>(a * k + b) << 3), distance);
      store<f64>(distances + (<usize>(b * k + a) << 3), distance);
    }
  }
}

/** Squared distance of two centers. */
@inline
export function squaredStep(from: usize, to: usize, nFeatures: i32): f64 {
  const bytes = <usize>nFeatures << 3, fours = bytes & ~31;
  let sum0 = f64x2.splat(0), sum1 = sum0;
  let j: usize = 0;
  for (; j < fours; j += 32) {
    const step0 = f64x2.sub(v128.load(to + j), v128.load(from + j));
    const step1 = f64x2.sub(v128.load(to + j, 16), v128.load(from + j, 16));
    sum0 = f64x2.add(sum0, f64x2.mul(step0, step0));
    sum1 = f64x2.add(sum1, f64x2.mul(step1, step1));
  }
  let square = sumOfLanes(f64x2.add(sum0, sum1));
  for (; j < bytes; j += 8) {
    const step = load<f64>(to + j) - load<f64>(from + j);
    square += step * step;
  }
  return square;
}
