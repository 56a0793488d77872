import { KMeansState, rowAddress } from './kmeans-state';

/** Largest rounded value of a row: fewer bits round rows too coarsely, more leave too few to the centers. */
const LIMIT: f64 = 8191;
/** Values farther from 0 than this many times the column's root mean square are not worth coarser steps for all others. */
const REACH: f64 = 8;
/** Rows that tell a column's root mean square and largest value, and how much larger others may be. */
const LOOK_AT: i32 = 1024;
const LARGER: f64 = 1.2;
/** Of a column that seems to be all 0: every other value is past the limit. */
const LEAST_REACH: f64 = 1e-20;
/** Keys stay below 2³⁰ in magnitude, so that differences of two fit an integer; less what rounding adds: 2³⁰ − 2²⁵. */
const KEY_ROOM: f64 = 1040187392;
const LARGEST_CENTER: f64 = 32767;
/** Half a step, and what float32 adds to the rounding of a value. */
const HALF_STEP: f64 = 0.502;
/** Far below what float32 tells apart, far above what it cannot hold. */
const LEAST_UNIT: f64 = 1e-30;
/** Key of centers that only fill a group. */
const NOWHERE: i32 = (1 << 30) - 1;
/** 1.5 × 2²³: added to it, a float32 up to 2²² is rounded to an integer. */
const TO_INTEGER: f32 = 12582912;

/**
 * Chooses the step of each column, of which the values in fixed point are multiples, from some of the rows.
 * @param steps OUT f64 [nFeatures], one half of [2][nFeatures] of scratch
 */
export function kmeans_fixed_steps_f64(stateAddress: usize, steps: usize): void {
  const state = changetype<KMeansState>(stateAddress);
  const nFeatures = state.nFeatures, bytes = <usize>nFeatures << 3;
  const stride = (state.nSamples + LOOK_AT - 1) / LOOK_AT;
  memory.fill(steps, 0, bytes << 1);
  let looked: f64 = 0;
  for (let sample = 0; sample < state.nSamples; sample += stride) {
    looked++;
    const row = rowAddress(state, sample);
    for (let j: usize = 0; j < bytes; j += 8) {
      const value = <f64>abs(load<f32>(row + (j >> 1)));
      store<f64>(steps + j, load<f64>(steps + j) + value * value);
      store<f64>(steps + bytes + j, max(load<f64>(steps + bytes + j), value));
    }
  }
  for (let j: usize = 0; j < bytes; j += 8) {
    const reach = min(LARGER * load<f64>(steps + bytes + j), REACH * sqrt(load<f64>(steps + j) / looked));
    const unit = <f32>(LIMIT / max(reach, LEAST_REACH));
    store<f32>(state.fixedUnits + (j >> 1), unit);
    store<f64>(steps + j, 1 / <f64>unit);
  }
  state.fixedLimit = <f32>LIMIT;
  state.toInteger = TO_INTEGER;
}

/**
 * Rounds the centers to multiples of one unit over the columns' steps, and bounds what both roundings may take from a key.
 * @param steps IN f64 [nFeatures]
 */
export function kmeans_fixed_centers_i16(stateAddress: usize, steps: usize): void {
  const state = changetype<KMeansState>(stateAddress);
  const nFeatures = state.nFeatures, width = <usize>((nFeatures + 1) >> 1) << 4;
  const unit = unitFor(state, steps);
  memory.fill(state.fixedCenters, 0, <usize>state.nGroups * width);
  for (let c = state.nClusters; c < state.nGroups << 2; c++) store<i32>(state.fixedHalfNorms + (<usize>c << 2), NOWHERE);
  let center = state.centers;
  let mostTaken: f64 = 0, mostRounded: f64 = 0;
  for (let c = 0; c < state.nClusters; c++) {
    const target = state.fixedCenters + <usize>(c >> 2) * width + (<usize>(c & 3) << 2);
    let square: f64 = 0, length: f64 = 0, rounded: f64 = 0;
    for (let j = 0; j < nFeatures; j++) {
      const value = load<f64>(center);
      const exact = (value * load<f64>(steps + (<usize>j << 3))) / unit;
      const nearest = Math.round(exact);
      store<i16>(target + (<usize>(j >> 1) << 4) + (<usize>(j & 1) << 1), <i16><i32>nearest);
      square += value * value;
      length += abs(nearest);
      rounded += (exact - nearest) * (exact - nearest);
      center += 8;
    }
    const taken = HALF_STEP * length;
    store<i32>(state.fixedHalfNorms + (<usize>c << 2), <i32>floor(square / 2 / unit - taken));
    mostTaken = max(mostTaken, taken);
    mostRounded = max(mostRounded, rounded);
  }
  // A little more than twice each bound, for the roundings of the bounds and of the reference's own float64; never 0, which
  // would let a row past the limit seem sure.
  state.fixedError = <f32>(2.001 * mostTaken + 4);
  state.fixedRounding = <f32>max<f64>(1, 2.001 * sqrt(mostRounded));
  state.fixedUnit = <f32>(2 * unit);
}

/** The smallest unit with which no key, and no rounded center, is too large. */
function unitFor(state: KMeansState, steps: usize): f64 {
  let center = state.centers;
  let unit: f64 = LEAST_UNIT;
  for (let c = 0; c < state.nClusters; c++) {
    let square: f64 = 0, length: f64 = 0;
    for (let j = 0; j < state.nFeatures; j++) {
      const value = load<f64>(center), stepped = abs(value * load<f64>(steps + (<usize>j << 3)));
      square += value * value;
      length += stepped;
      unit = max(unit, stepped / LARGEST_CENTER);
      center += 8;
    }
    unit = max(unit, (square / 2 + (LIMIT + 1) * length) / KEY_ROOM);
  }
  return unit;
}
