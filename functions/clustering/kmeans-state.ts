import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelF64, KernelI32, KernelU16 } from '../kernels/memory.ts';
import type { PackedMatrix } from './packed-matrix.ts';

/** Coordinate of the centers that only fill a group: farther than any sample, its square still finite. */
const NOWHERE = 1e18;
/** Half the distance between float32 neighbours at 1. */
const ROUNDING = 2 ** -24;

/** The arrays of one k-means fit in the kernels' memory; mirrors `KMeansState` in wasm/kmeans-state.ts. */
export interface KMeansState {
  readonly nClusters: number;
  readonly nFeatures: number;
  readonly nSlots: number;
  /** Address the kernels take. */
  readonly address: number;
  /** The fields behind the address, as the kernels see them. */
  readonly fields: KernelI32;
  readonly rows: KernelI32;
  readonly labels: KernelU16;
  readonly gaps: KernelF32;
  readonly centersBy4: KernelF32;
  readonly centersBy8: KernelF32;
  /** nClusters × nFeatures, packed units. */
  readonly centers: KernelF64;
  readonly clocks: KernelF32;
  readonly sums: KernelF64;
  readonly counts: KernelI32;
}

/** Field numbers of the state the host reads or writes after the start. */
export const FIELD = { relativeError: 12, absoluteError: 13, tiles: 17, exactDecisions: 18 } as const;

/** Allocates the state of a fit in memory the caller's scope frees; labels, sums and counts start at zero. */
export function createState(kernels: Kernels, packed: PackedMatrix, nClusters: number): KMeansState {
  const { memory } = kernels;
  const { nFeatures, nSamples } = packed;
  const nSlots = packed.nBlocks * 8;
  const groups4 = Math.ceil(nClusters / 4);
  const groups8 = Math.ceil(nClusters / 8);
  const rows = memory.i32(nSlots);
  for (let slot = 0; slot < nSlots; slot++) rows[slot] = slot < nSamples ? slot : -1;
  const labels = memory.u16(nSlots).fill(0);
  const gaps = memory.f32(nSlots);
  const centersBy4 = memory.f32(groups4 * 4 * nFeatures).fill(NOWHERE);
  const centersBy8 = memory.f32(groups8 * 8 * nFeatures).fill(NOWHERE);
  const centers = memory.f64(nClusters * nFeatures);
  const clocks = memory.f32(nClusters).fill(0);
  const sums = memory.f64(nClusters * nFeatures).fill(0);
  const counts = memory.i32(nClusters).fill(0);
  const order = memory.i32(nClusters * groups4 * 4);
  const orderedCenters = memory.f32(nClusters * groups4 * 4 * nFeatures);
  const orderedDistances = memory.f32(nClusters * groups4 * 4);
  const fields = memory.i32(19);
  fields.set([
    packed.blocks.byteOffset,
    rows.byteOffset,
    labels.byteOffset,
    gaps.byteOffset,
    nFeatures,
    nClusters,
    centersBy4.byteOffset,
    centersBy8.byteOffset,
    centers.byteOffset,
    clocks.byteOffset,
    sums.byteOffset,
    counts.byteOffset,
    0,
    0,
    order.byteOffset,
    orderedCenters.byteOffset,
    orderedDistances.byteOffset,
    0,
    0,
  ]);
  return {
    nClusters,
    nFeatures,
    nSlots,
    address: fields.byteOffset,
    fields,
    rows,
    labels,
    gaps,
    centersBy4,
    centersBy8,
    centers,
    clocks,
    sums,
    counts,
  };
}

/** Puts centers where the kernels look for them, in float64 and rounded to float32 in both group layouts. */
export function placeCenters(state: KMeansState, centers: Float64Array): void {
  const { nClusters, nFeatures, centersBy4, centersBy8 } = state;
  state.centers.set(centers);
  let largestSquare = 0;
  for (let c = 0; c < nClusters; c++) {
    const by4 = (c >> 2) * 4 * nFeatures + (c & 3);
    const by8 = (c >> 3) * 8 * nFeatures + (c & 7);
    let square = 0;
    for (let j = 0; j < nFeatures; j++) {
      const value = centers[c * nFeatures + j]!;
      centersBy4[by4 + j * 4] = value;
      centersBy8[by8 + j * 8] = value;
      square += value * value;
    }
    largestSquare = Math.max(largestSquare, square);
  }
  const errors = new Float32Array(state.fields.buffer, state.fields.byteOffset, state.fields.length);
  errors[FIELD.relativeError] = (nFeatures + 4) * ROUNDING;
  // Each of two distances is off by at most |center| × rounding; the rest covers squares lost to underflow.
  errors[FIELD.absoluteError] = 2.1 * ROUNDING * Math.sqrt(largestSquare) + 1e-20;
}
