import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelI16, KernelI32 } from '../kernels/memory.ts';
import { FIELD } from './kmeans-fields.ts';
import type { KMeansMembers } from './kmeans-members.ts';
import type { KMeansState } from './kmeans-state.ts';

/** Largest rounded value of a row: fewer bits round rows too coarsely, more leave too few to the centers. */
const LIMIT = 2 ** 13 - 1;
/** Values farther from 0 than this many times the column's root mean square are not worth coarser steps for all others. */
const REACH = 8;
/** Rows that tell a column's root mean square and largest value, and how much larger others may be. */
const LOOK_AT = 1024;
const LARGER = 1.2;
/** Keys stay below 2³⁰ in magnitude, so that differences of two fit an integer; less what rounding adds. */
const KEY_ROOM = 2 ** 30 - 2 ** 25;
const LARGEST_CENTER = 2 ** 15 - 1;
/** Half a step, and what float32 adds to the rounding of a value. */
const HALF_STEP = 0.502;
/** Far below what float32 tells apart, far above what it cannot hold. */
const LEAST_UNIT = 1e-30;
/** Key of centers that only fill a group. */
const NOWHERE = 2 ** 30 - 1;
/** With fewer features float32 is as fast. */
const FROM_FEATURES = 12;
/** Up to here what rounding adds to a key is at most half of that room. */
const UP_TO_FEATURES = 4096;

/** 1.5 × 2²³: added to it, a float32 up to 2²² is rounded to an integer. */
const TO_INTEGER = 1.5 * 2 ** 23;

/** Whether rows of so many features are worth rounding. */
export function suitsFixedPoint(nFeatures: number): boolean {
  return nFeatures >= FROM_FEATURES && nFeatures <= UP_TO_FEATURES;
}

/**
 * The rows of a fit rounded to 16 bits, from which passes over all samples tell the nearest center for almost every row with
 * half as many instructions as in float32, reading half as much; see `kmeans_fixed_i16`. Each column has a step of its own, of which its
 * values are multiples; centers are rounded to multiples of one unit over those steps. Both roundings are bounded, and what
 * they leave open is decided more exactly: labels are those of float64.
 */
export class FixedRows {
  readonly #state: KMeansState;
  readonly #steps: Float64Array;
  readonly #centers: KernelI16;
  readonly #halfNorms: KernelI32;
  #areRounded = false;

  /** Allocates in memory the caller's scope frees. */
  constructor({ memory }: Kernels, state: KMeansState) {
    const { nSamples, nFeatures, nGroups, fields } = state;
    const pairs = Math.ceil(nFeatures / 2);
    const nBlocks = Math.ceil(nSamples / 8);
    this.#state = state;
    const units = memory.f32(pairs * 2).fill(0);
    this.#steps = columnSteps(state, units);
    this.#centers = memory.i16(nGroups * pairs * 8);
    this.#halfNorms = memory.i32(nGroups * 4);
    fields[FIELD.fixedRows] = memory.i16(nBlocks * pairs * 16).byteOffset;
    fields[FIELD.fixedLengths] = memory.f32(nBlocks * 8).byteOffset;
    fields[FIELD.fixedUnits] = units.byteOffset;
    fields[FIELD.fixedCenters] = this.#centers.byteOffset;
    fields[FIELD.fixedHalfNorms] = this.#halfNorms.byteOffset;
    state.errors[FIELD.fixedLimit] = LIMIT;
    state.errors[FIELD.toInteger] = TO_INTEGER;
  }

  /**
   * Labels of all samples anew.
   * @param centers nClusters × nFeatures, placed units
   * @param argsOf arguments of `kmeans_dense_f32` for the call of a member for samples [first, last)
   * @returns labels changed
   */
  reassign(
    members: KMeansMembers,
    centers: Float64Array,
    argsOf: (member: number, first: number, last: number) => readonly number[],
  ): number {
    this.#placeCenters(centers);
    const rounds = Number(!this.#areRounded);
    this.#areRounded = true;
    return members.pass('kmeans_fixed_i16', (...call) => [...argsOf(...call), rounds]);
  }

  /** Rounds the centers of the coming pass. */
  #placeCenters(centers: Float64Array): void {
    const { nClusters, nFeatures, errors } = this.#state;
    const pairs = Math.ceil(nFeatures / 2);
    const steps = this.#steps;
    const unit = this.#unitFor(centers);
    this.#centers.fill(0);
    this.#halfNorms.fill(NOWHERE);
    let mostTaken = 0;
    let mostRounded = 0;
    for (let c = 0; c < nClusters; c++) {
      const group = (c >> 2) * pairs * 8 + (c & 3) * 2;
      let square = 0;
      let length = 0;
      let rounded = 0;
      for (let j = 0; j < nFeatures; j++) {
        const center = centers[c * nFeatures + j]!;
        const exact = (center * steps[j]!) / unit;
        const value = Math.round(exact);
        this.#centers[group + (j >> 1) * 8 + (j & 1)] = value;
        square += center * center;
        length += Math.abs(value);
        rounded += (exact - value) * (exact - value);
      }
      const taken = HALF_STEP * length;
      this.#halfNorms[c] = Math.floor(square / 2 / unit - taken);
      mostTaken = Math.max(mostTaken, taken);
      mostRounded = Math.max(mostRounded, rounded);
    }
    // A little more than twice each bound, for the roundings of the bounds and of the reference's own float64; never 0, which
    // would let a row past the limit seem sure.
    errors[FIELD.fixedError] = 2.001 * mostTaken + 4;
    errors[FIELD.fixedRounding] = Math.max(1, 2.001 * Math.sqrt(mostRounded));
    errors[FIELD.fixedUnit] = 2 * unit;
  }

  /** The smallest unit with which no key, and no rounded center, is too large. */
  #unitFor(centers: Float64Array): number {
    const { nClusters, nFeatures } = this.#state;
    let unit = 0;
    for (let c = 0; c < nClusters; c++) {
      let square = 0;
      let length = 0;
      for (let j = 0; j < nFeatures; j++) {
        const center = centers[c * nFeatures + j]!;
        const stepped = Math.abs(center * this.#steps[j]!);
        square += center * center;
        length += stepped;
        unit = Math.max(unit, stepped / LARGEST_CENTER);
      }
      unit = Math.max(unit, (square / 2 + (LIMIT + 1) * length) / KEY_ROOM);
    }
    return Math.max(unit, LEAST_UNIT);
  }
}

/** Size of each column's step; a column's `units` are the multipliers that go with it. */
function columnSteps({ nSamples, nFeatures, rows }: KMeansState, units: KernelF32): Float64Array {
  const stride = Math.ceil(nSamples / LOOK_AT);
  const squares = new Float64Array(nFeatures);
  const largest = new Float64Array(nFeatures);
  let looked = 0;
  for (let first = 0; first < nSamples * nFeatures; first += stride * nFeatures) {
    looked++;
    for (let j = 0; j < nFeatures; j++) {
      const value = Math.abs(rows[first + j]!);
      squares[j]! += value * value;
      if (value > largest[j]!) largest[j] = value;
    }
  }
  return largest.map((most, j) => {
    const reach = Math.min(LARGER * most, REACH * Math.sqrt(squares[j]! / looked));
    // In a column that seems to be all 0, every other value is past the limit.
    units[j] = LIMIT / Math.max(reach, 1e-20);
    return 1 / units[j]!;
  });
}
