import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelF64, KernelI32, KernelU16 } from '../kernels/memory.ts';
import { suitsFixedPoint } from './fixed-rows.ts';
import { FIELD, N_FIELDS } from './kmeans-fields.ts';
import { allocateOwn } from './kmeans-own-arrays.ts';
import type { PlacedRows } from './placed-rows.ts';

/** Coordinate of the centers that only fill a group: farther than any sample, its square still finite. */
const NOWHERE = 1e18;
/** Half the square of their norm as the kernels take it: farther than any sample, too. */
const NOWHERE_HALF_NORM = 1e37;
/** Half the distance between float32 neighbours at 1. */
const ROUNDING = 2 ** -24;
/** Shells around each center, told apart by their clocks; the last holds what the others do not. */
export const SHELLS = 4;
/** Bounds per group of centers pay where distances are long sums and there are many of them to leave out. */
const BOUNDS_FROM_FEATURES = 16;
const BOUNDS_FROM_GROUPS = 8;
/** Groups of centers from which keeping them ordered pays. */
const ORDER_FROM = 3;
/** Values up to which rows are kept packed, too: 32 MiB more. */
const PACK_UP_TO_VALUES = 2 ** 23;
/** A gap no clock ever exceeds, and one that every clock does. */
const NEVER = 3.4e38;
const EXPIRED = -3e38;
/** Samples in a row that passes over some leave out together; mirrors wasm/kmeans.ts. */
const BLOCK = 64;

/** The arrays of one k-means fit in the kernels' memory; mirrors `KMeansState` in wasm/kmeans-state.ts. */
export interface KMeansState {
  readonly kernels: Kernels;
  readonly nSamples: number;
  readonly nClusters: number;
  readonly nFeatures: number;
  readonly nGroups: number;
  /** Address the kernels take. */
  readonly address: number;
  /** The fields behind the address. */
  readonly fields: KernelI32;
  readonly rows: KernelF32;
  /** Cluster × 4 + shell, one per sample, then up to 7 without meaning. */
  readonly labels: KernelU16;
  readonly gaps: KernelF32;
  /** One per `BLOCK` samples; see `lookAtAllBlocks`. */
  readonly blockGaps: KernelF32;
  /** Whether the kernels keep the rows packed in blocks of 8, too. */
  readonly isPacked: boolean;
  /** Whether passes over all samples use rows in fixed point. */
  isFixed: boolean;
  /** Whether each center's neighbours are kept in order of distance. */
  hasOrder: boolean;
  /** nSamples × boundsWidth, when bounds per group of centers are kept; see the kernels' `bounds`. */
  bounds: KernelF32 | undefined;
  readonly boundsWidth: number;
  /** nClusters × nFeatures, placed units. */
  readonly centers: KernelF64;
  /** nClusters × SHELLS. */
  readonly clocks: KernelF32;
  /** nClusters × SHELLS, the last of each infinite. */
  readonly radii: KernelF32;
  /** nClusters × sumsWidth. */
  readonly sums: KernelF64;
  readonly sumsWidth: number;
  readonly counts: KernelI32;
  /** Weight of each sample and of each cluster, when samples do not all weigh 1. */
  readonly weights: KernelF64 | undefined;
  readonly weightSums: KernelF64;
}

/** Whether looking at every pair of clusters at every iteration is little work beside the samples. */
export function pairsAreCheap(nSamples: number, nClusters: number): boolean {
  return SHELLS * nClusters ** 2 <= nSamples;
}

/** Whether bounds per group of centers may pay, should leaving out far centers not leave out enough. */
export function suitsBounds({ nFeatures, nGroups }: KMeansState): boolean {
  return nFeatures >= BOUNDS_FROM_FEATURES && nGroups >= BOUNDS_FROM_GROUPS;
}

/** Room for the labels of so many samples while they are decided on, in memory the caller's scope frees. */
export function labelSpace({ memory }: Pick<Kernels, 'memory'>, nSamples: number): KernelU16 {
  return memory.u16(padded(nSamples, 8));
}

function padded(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple;
}

/** Allocates the state of a fit in memory the caller's scope frees; sums, counts and clocks start at zero. */
export function createState(
  kernels: Kernels,
  { rows, nSamples, nFeatures }: PlacedRows,
  nClusters: number,
  sampleWeights?: Float64Array,
  labelSlots = labelSpace(kernels, nSamples),
): KMeansState {
  const { memory } = kernels;
  const nGroups = Math.ceil(nClusters / 4);
  const hasOrder = nGroups >= ORDER_FROM && pairsAreCheap(nSamples, nClusters);
  const nSlots = padded(nSamples, 8);
  const boundsWidth = padded(nGroups, 4);
  const labels = labelSlots.fill(0, nSamples);
  const gaps = memory.f32(nSlots).fill(NEVER, nSamples);
  const blockGaps = memory.f32(Math.ceil(nSamples / BLOCK)).fill(EXPIRED);
  const centersBy4 = memory.f32(nGroups * 4 * nFeatures).fill(NOWHERE);
  const centers = memory.f64(nClusters * nFeatures);
  const clocks = memory.f32(nClusters * SHELLS).fill(0);
  const radii = memory.f32(nClusters * SHELLS).fill(-1);
  const groupClocks = memory.f32(boundsWidth).fill(-1e30).fill(0, 0, nGroups);
  const sumsWidth = padded(nFeatures, 4);
  const own = allocateOwn(kernels, { nClusters, nGroups, sumsWidth, boundsWidth });
  const weights = sampleWeights && memory.f64(nSamples);
  weights?.set(sampleWeights!);
  const orderLength = hasOrder ? nClusters * nGroups * 4 : 0;
  const order = memory.i32(orderLength);
  for (let at = 0; at < orderLength; at++) order[at] = at % (nGroups * 4);
  const orderedCenters = memory.f32(orderLength * nFeatures);
  const orderedDistances = memory.f32(orderLength);
  const halfNorms = memory.f32(nGroups * 4).fill(NOWHERE_HALF_NORM);
  const isFixed = suitsFixedPoint(nFeatures);
  const isPacked = !isFixed && nSamples * nFeatures <= PACK_UP_TO_VALUES;
  const blocks = memory.f32(isPacked ? nSlots * nFeatures + 24 : 0);
  const fields = memory.i32(N_FIELDS).fill(0);
  own.place(fields);
  fields[FIELD.blocks] = isPacked ? blocks.byteOffset : 0;
  fields[FIELD.squaredNorms] = memory.f32(nSlots).byteOffset;
  fields[FIELD.halfNorms] = halfNorms.byteOffset;
  fields.set([rows.byteOffset, labels.byteOffset, gaps.byteOffset, 0]);
  fields.set([nSamples, nFeatures, nClusters, nGroups], 4);
  fields.set([centersBy4.byteOffset, centers.byteOffset, clocks.byteOffset, groupClocks.byteOffset], 8);
  fields.set([hasOrder ? order.byteOffset : 0, orderedCenters.byteOffset, orderedDistances.byteOffset], 16);
  fields[FIELD.radii] = radii.byteOffset;
  fields[FIELD.blockGaps] = blockGaps.byteOffset;
  fields[FIELD.setBits] = allocateSetBits(kernels).byteOffset;
  fields[FIELD.weights] = weights?.byteOffset ?? 0;
  const errors = new Float32Array(fields.buffer, fields.byteOffset, fields.length);
  // Bounds of roundings that do not hang on the centers.
  errors[FIELD.relativeError] = (nFeatures + 4) * ROUNDING;
  errors[FIELD.productError] = 2.02 * (nFeatures + 8) * ROUNDING;
  return {
    kernels,
    nSamples,
    nClusters,
    nFeatures,
    nGroups,
    address: fields.byteOffset,
    fields,
    rows,
    labels,
    gaps,
    blockGaps,
    isPacked,
    isFixed,
    hasOrder,
    bounds: undefined,
    boundsWidth,
    centers,
    clocks,
    radii,
    sums: own.sums,
    sumsWidth,
    counts: own.counts,
    weights,
    weightSums: own.weightSums,
  };
}

/** For each number of four bits which of them are set. */
function allocateSetBits({ memory }: Kernels): KernelI32 {
  const setBits = memory.i32(16 * 4).fill(0);
  for (let bits = 0; bits < 16; bits++) {
    let at = 4 * bits;
    for (let bit = 0; bit < 4; bit++) if (bits & (1 << bit)) setBits[at++] = bit;
  }
  return setBits;
}

/** Puts centers where the kernels look for them: in float64, and rounded to float32 in groups of 4. */
export function placeCenters(
  { kernels, address, centers: placed }: KMeansState,
  centers: Float64Array,
): void {
  placed.set(centers);
  kernels.exports.kmeans_place_centers_f32(address);
}

/**
 * Has the next pass over samples whose gap is out of date look at all: where gaps were written by others than such passes, or
 * samples have moved, what is known of blocks of them no longer holds.
 */
export function lookAtAllBlocks({ blockGaps }: KMeansState): void {
  blockGaps.fill(EXPIRED);
}

/** What the kernels have done since the start of a fit. */
export interface WorkDone {
  /** Tiles of 8 samples × 4 centers computed. */
  readonly tiles: number;
  /** Tiles of samples decided. */
  readonly decisions: number;
  /** Samples decided in float64. */
  readonly exactDecisions: number;
}

/** What the kernels have done so far; differences of two tell of one pass. */
export function workDone({ fields }: KMeansState): WorkDone {
  return {
    tiles: fields[FIELD.tiles]! >>> 0,
    decisions: fields[FIELD.decisions]! >>> 0,
    exactDecisions: fields[FIELD.exactDecisions]!,
  };
}

/**
 * From now on keeps bounds per group of centers in place of ordered centers. Bounds start at 0, which leaves every group
 * open to the samples decided next.
 */
export function keepBounds(kernels: Kernels, state: KMeansState): void {
  const bounds = kernels.memory.f32(state.nSamples * state.boundsWidth).fill(0);
  state.bounds = bounds;
  state.hasOrder = false;
  state.fields[FIELD.bounds] = bounds.byteOffset;
  state.fields[FIELD.order] = 0;
}
