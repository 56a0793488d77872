import type { Kernels } from '../kernels/instance.ts';
import type { KernelF64 } from '../kernels/memory.ts';
import { FIELD } from './kmeans-fields.ts';
import type { KMeansMembers } from './kmeans-members.ts';
import type { KMeansState } from './kmeans-state.ts';

/** With fewer features float32 is as fast. */
const FROM_FEATURES = 12;
/** Up to here what rounding adds to a key is at most half of the room that `KEY_ROOM` of the kernels leaves. */
const UP_TO_FEATURES = 4096;

/** Whether rows of so many features are worth rounding. */
export function suitsFixedPoint(nFeatures: number): boolean {
  return nFeatures >= FROM_FEATURES && nFeatures <= UP_TO_FEATURES;
}

/**
 * The rows of a fit rounded to 16 bits, from which passes over all samples tell the nearest center for almost every row with
 * half as many instructions as in float32, reading half as much; see `kmeans_fixed_i16`. All values are multiples
 * of one step, seen from the mean of all rows; centers are rounded to multiples of one unit over it. Both roundings are
 * bounded, and what they leave open is decided more exactly: labels are those of float64.
 */
export class FixedRows {
  readonly #state: KMeansState;
  /** The mean of all rows. */
  readonly #origin: KernelF64;
  #areRounded = false;

  /** Allocates in memory the caller's scope frees. */
  constructor({ memory, exports }: Kernels, state: KMeansState) {
    const { address, nSamples, nFeatures, nClusters, nGroups, fields } = state;
    const pairs = Math.ceil(nFeatures / 2);
    const nBlocks = Math.ceil(nSamples / 8);
    this.#state = state;
    this.#origin = memory.f64(3 * nFeatures);
    fields[FIELD.fixedRows] = memory.i16(nBlocks * pairs * 16).byteOffset;
    fields[FIELD.fixedLengths] = memory.f32(nBlocks * 8).byteOffset;
    fields[FIELD.fixedOrigin] = memory.f32(pairs * 2).fill(0).byteOffset;
    fields[FIELD.fixedCenters] = memory.i16(nGroups * pairs * 8).byteOffset;
    fields[FIELD.fixedErrors] = memory.f32(Math.max(4, nClusters) * 4).byteOffset;
    fields[FIELD.fixedHalfNorms] = memory.i32(nGroups * 4).byteOffset;
    exports.kmeans_fixed_step_f64(address, this.#origin.byteOffset);
  }

  /**
   * Labels of all samples anew, for the centers that the state holds.
   * @param argsOf arguments of `kmeans_dense_f32` for the call of a member for samples [first, last)
   * @returns labels changed
   */
  reassign(
    members: KMeansMembers,
    argsOf: (member: number, first: number, last: number) => readonly number[],
  ): number {
    const { kernels, address } = this.#state;
    kernels.exports.kmeans_fixed_centers_i16(address, this.#origin.byteOffset);
    const rounds = Number(!this.#areRounded);
    this.#areRounded = true;
    return members.pass('kmeans_fixed_i16', (...call) => [...argsOf(...call), rounds]);
  }
}
