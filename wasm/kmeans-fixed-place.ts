import { squareRoundedUp, weightOf } from './kmeans-centers';
import { numberBits } from './kmeans-fixed-products';
import { KMeansState, rowAddress } from './kmeans-state';
import { sumsStride } from './kmeans-sums';

/** Largest rounded value of a row: fewer bits round rows too coarsely, more leave too few to the centers. */
const LIMIT: f64 = 16383;
/** The same where centers' numbers take some of the centers' bits. */
const LIMIT_BESIDE_NUMBERS: f64 = 8191;
/** Values farther from the mean than this many standard deviations of a column are not worth a coarser step for all others. */
const REACH: f64 = 16;
/** Rows that tell a column's spread and largest value, and how much larger others may be. */
const LOOK_AT: i32 = 1024;
const LARGER: f64 = 1.2;
/** Of rows that seem to be all the same: every other value is past the limit. */
const LEAST_REACH: f64 = 1e-20;
/** Keys stay below this in magnitude, so that differences of two fit an integer. */
const KEY_ROOM: f64 = 1073741824;
const LARGEST_CENTER: f64 = 32767;
/** Errors in units of this part of the largest fit 16 bits also after rounding up. */
const LARGEST_SHORT: f32 = 65000;
/** Half a step, and what float32 adds to the rounding of a value. */
const HALF_STEP: f64 = 0.502;
/** Far below what float32 tells apart, far above what it cannot hold. */
const LEAST_UNIT: f64 = 1e-30;
/** Key of centers that only fill a group. */
const NOWHERE: i32 = (1 << 30) - 1;
/** 1.5 × 2²³: added to it, a float32 up to 2²² is rounded to an integer. */
const TO_INTEGER: f32 = 12582912;

/**
 * Chooses from some of the rows the step of fixed point, of which all values are multiples as seen from the mean of all rows.
 * One step serves all columns: what rounding costs hangs on its size, whatever a column's spread.
 * @param origin OUT f64 [nFeatures] that mean, and two more rows of scratch
 */
export function kmeans_fixed_step_f64(stateAddress: usize, origin: usize): void {
  const state = changetype<KMeansState>(stateAddress);
  const bytes = <usize>state.nFeatures << 3;
  const stride = (state.nSamples + LOOK_AT - 1) / LOOK_AT;
  const squares = origin + bytes, largest = squares + bytes;
  memory.fill(origin, 0, 3 * bytes);
  placeOrigin(state, origin);
  let looked: f64 = 0;
  for (let sample = 0; sample < state.nSamples; sample += stride) {
    looked++;
    const row = rowAddress(state, sample);
    for (let j: usize = 0; j < bytes; j += 8) {
      const value = abs(<f64>load<f32>(row + (j >> 1)) - load<f64>(origin + j));
      store<f64>(squares + j, load<f64>(squares + j) + value * value);
      store<f64>(largest + j, max(load<f64>(largest + j), value));
    }
  }
  let reach: f64 = LEAST_REACH;
  for (let j: usize = 0; j < bytes; j += 8) {
    reach = max(reach, min(LARGER * load<f64>(largest + j), REACH * sqrt(load<f64>(squares + j) / looked)));
  }
  state.fixedLimit = <f32>limitOf(state);
  state.fixedSteps = <f32>(limitOf(state) / reach);
  state.toInteger = TO_INTEGER;
  state.twice = 0x0202;
  state.next = <i32>0x80800100;
}

@inline
function limitOf(state: KMeansState): f64 {
  return numberBits(state) ? LIMIT_BESIDE_NUMBERS : LIMIT;
}

/** Mean of all rows, which the clusters' sums tell, rounded to float32. @param origin OUT f64 [nFeatures], 0 before */
function placeOrigin(state: KMeansState, origin: usize): void {
  let weight: f64 = 0;
  for (let c = 0; c < state.nClusters; c++) {
    weight += weightOf(state, c);
    const sum = state.sums + <usize>c * sumsStride(state);
    for (let j: usize = 0; j < <usize>state.nFeatures << 3; j += 8) {
      store<f64>(origin + j, load<f64>(origin + j) + load<f64>(sum + j));
    }
  }
  for (let j: usize = 0; j < <usize>state.nFeatures << 3; j += 8) {
    const mean = <f32>(load<f64>(origin + j) / weight);
    store<f32>(state.fixedOrigin + (j >> 1), mean);
    store<f64>(origin + j, <f64>mean);
  }
}

/**
 * Rounds the centers to multiples of one unit over the rows' step, and bounds what both roundings may take from a key.
 * @param origin IN f64 [nFeatures]
 */
export function kmeans_fixed_centers_i16(stateAddress: usize, origin: usize): void {
  const state = changetype<KMeansState>(stateAddress);
  const nFeatures = state.nFeatures, width = <usize>((nFeatures + 1) >> 1) << 4;
  const step = 1 / <f64>state.fixedSteps;
  const unit = unitFor(state, origin, step), bits = numberBits(state), scale = <f64>(1 << bits);
  memory.fill(state.fixedCenters, 0, <usize>state.nGroups * width);
  for (let c = state.nClusters; c < state.nGroups << 2; c++) store<i32>(state.fixedHalfNorms + (<usize>c << 2), NOWHERE);
  let center = state.centers;
  let mostTaken: f64 = 0, mostRounded: f64 = 0, largest: f64 = 0;
  for (let c = 0; c < state.nClusters; c++) {
    const target = state.fixedCenters + <usize>(c >> 2) * width + (<usize>(c & 3) << 2);
    let square: f64 = 0, length: f64 = 0, rounded: f64 = 0;
    for (let j = 0; j < nFeatures; j++) {
      const value = load<f64>(center) - load<f64>(origin + (<usize>j << 3));
      const exact = (value * step) / unit;
      const nearest = Math.round(exact);
      store<i16>(target + (<usize>(j >> 1) << 4) + (<usize>(j & 1) << 1), <i16>(<i32>nearest << bits));
      square += value * value;
      length += abs(nearest);
      rounded += (exact - nearest) * (exact - nearest);
      center += 8;
    }
    const taken = HALF_STEP * length;
    const halfNorm = <i32>floor(square / 2 / unit - taken) << bits;
    store<i32>(state.fixedHalfNorms + (<usize>c << 2), bits ? halfNorm | c : halfNorm);
    v128.store(state.fixedErrors + (<usize>c << 4), f32x4.splat(errorOf(taken, scale)));
    mostTaken = max(mostTaken, taken);
    mostRounded = max(mostRounded, rounded);
    largest = max(largest, square);
  }
  state.fixedError = errorOf(mostTaken, scale);
  if (bits) shortenErrors(state);
  // Never 0, which would let a row past the limit seem sure.
  state.fixedRounding = <f32>(max<f64>(1, 2.001 * sqrt(mostRounded)) * scale * <f64>state.fixedSteps);
  state.fixedUnit = <f32>(2 * unit / scale);
  state.fixedLargestSquare = squareRoundedUp(largest);
}

/**
 * What the rounding of rows may take from the difference of two keys, of which the nearest center's may lose `taken`: a little
 * more than twice that, for the roundings of the bounds and of the reference's own float64, and for centers' numbers.
 */
@inline
function errorOf(taken: f64, scale: f64): f32 {
  return <f32>((2.001 * taken + 5) * scale);
}

/** Brings the errors of up to 8 centers into one vector, rounded up. */
function shortenErrors(state: KMeansState): void {
  const unit = state.fixedError / LARGEST_SHORT;
  // In place: a short lies before the error it is made of, or in that of an earlier center.
  for (let c = 0; c < state.nClusters; c++) {
    const error = load<f32>(state.fixedErrors + (<usize>c << 4));
    store<u16>(state.fixedErrors + (<usize>c << 1), <u16><i32>ceil(error / unit));
  }
  state.fixedErrorUnit = unit;
}

/**
 * The smallest unit with which no key, and no rounded center, is too large: a center's rounding adds at most half a unit for
 * each step of each value, and taking what rounding the row may take less than as much again.
 */
function unitFor(state: KMeansState, origin: usize, step: f64): f64 {
  const bits = numberBits(state), limit = limitOf(state) + 1;
  const largestCenter = <f64>(<i32>LARGEST_CENTER >> bits);
  const room = KEY_ROOM / <f64>(1 << bits) - limit * <f64>state.nFeatures;
  let center = state.centers;
  let unit: f64 = LEAST_UNIT;
  for (let c = 0; c < state.nClusters; c++) {
    let square: f64 = 0, length: f64 = 0;
    for (let j = 0; j < state.nFeatures; j++) {
      const value = load<f64>(center) - load<f64>(origin + (<usize>j << 3));
      const stepped = abs(value) * step;
      square += value * value;
      length += stepped;
      unit = max(unit, stepped / largestCenter);
      center += 8;
    }
    unit = max(unit, (square / 2 + limit * length) / room);
  }
  return unit;
}
