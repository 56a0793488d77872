import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelF64, KernelI32, KernelU16 } from '../kernels/memory.ts';
import type { PlacedRows } from './placed-rows.ts';

/** Coordinate of the centers that only fill a group: farther than any sample, its square still finite. */
const NOWHERE = 1e18;
/** Half the square of their norm as the kernels take it: farther than any sample, too. */
const NOWHERE_HALF_NORM = 1e37;
/** Half the distance between float32 neighbours at 1. */
const ROUNDING = 2 ** -24;
/** Shells around each center, told apart by their clocks; the last holds what the others do not. */
export const SHELLS = 4;
/** Groups of centers from which keeping them ordered pays. */
const ORDER_FROM = 3;
/** Values up to which rows are kept packed, too: 32 MiB more. */
const PACK_UP_TO_VALUES = 2 ** 23;
/** A gap no clock ever exceeds. */
const NEVER = 3.4e38;

/** The arrays of one k-means fit in the kernels' memory; mirrors `KMeansState` in wasm/kmeans-state.ts. */
export interface KMeansState {
  readonly nSamples: number;
  readonly nClusters: number;
  readonly nFeatures: number;
  readonly nGroups: number;
  /** Address the kernels take. */
  readonly address: number;
  /** The fields behind the address, as integers and as floats. */
  readonly fields: KernelI32;
  readonly errors: KernelF32;
  readonly rows: KernelF32;
  /** Cluster × 4 + shell, one per sample, then up to 7 without meaning. */
  readonly labels: KernelU16;
  readonly gaps: KernelF32;
  /** Whether the kernels keep the rows packed in blocks of 8, too. */
  readonly isPacked: boolean;
  /** Whether each center's neighbours are kept in order of distance. */
  hasOrder: boolean;
  /** nSamples × boundsWidth, when bounds per group of centers are kept; see the kernels' `bounds`. */
  bounds: KernelF32 | undefined;
  readonly boundsWidth: number;
  readonly centersBy4: KernelF32;
  /** nGroups × 4, half the squared norm of each center. */
  readonly halfNorms: KernelF32;
  /** nClusters × nFeatures, placed units. */
  readonly centers: KernelF64;
  /** nClusters × SHELLS. */
  readonly clocks: KernelF32;
  /** nClusters × SHELLS, the last of each infinite. */
  readonly radii: KernelF32;
  readonly groupClocks: KernelF32;
  /** nClusters × sumsWidth. */
  readonly sums: KernelF64;
  readonly sumsWidth: number;
  readonly counts: KernelI32;
  /** Weight of each sample and of each cluster, when samples do not all weigh 1. */
  readonly weights: KernelF64 | undefined;
  readonly weightSums: KernelF64;
}

/** Numbers of the fields that are not set in a row. */
const BOUNDS = 3;
const SUMS = 12;
const COUNTS = 13;
const RELATIVE_ERROR = 14;
const ABSOLUTE_ERROR = 15;
const ORDER = 16;
const QUEUES = 19;
const QUEUE_LENGTHS = 20;
const TILE = 21;
const GROUP_MINIMA = 22;
const BOUNDS_TILE = 23;
const OPEN_GROUPS = 24;
const SQUARES = 25;
const RADII = 26;
const WEIGHTS = 27;
const WEIGHT_SUMS = 28;
const TILES = 29;
const DECISIONS = 30;
const EXACT_DECISIONS = 31;
const HALF_NORMS = 32;
const LARGEST_SQUARE = 33;
const PRODUCT_ERROR = 34;
const SQUARED_NORMS = 35;
const BLOCKS = 36;
const KEYS = 37;
const STALE_SAMPLES = 38;
const LIST = 39;
const TOUCHED = 40;
/** Counters: each worker counts for itself. */
export const WORK_FIELDS = [TILES, DECISIONS, EXACT_DECISIONS, STALE_SAMPLES] as const;
/** Fields in which the states of a fit's workers differ. */
export const OWN_FIELDS: ReadonlySet<number> = new Set([
  ...[SUMS, COUNTS, QUEUES, QUEUE_LENGTHS, TILE, GROUP_MINIMA, BOUNDS_TILE, OPEN_GROUPS, SQUARES],
  ...[WEIGHT_SUMS, KEYS, LIST, TOUCHED, ...WORK_FIELDS],
]);
/** Samples that may wait in a list; mirrors wasm/kmeans-list.ts. */
const LIST_LENGTH = 1024;

/** Whether looking at every pair of clusters at every iteration is little work beside the samples. */
export function pairsAreCheap(nSamples: number, nClusters: number): boolean {
  return SHELLS * nClusters ** 2 <= nSamples;
}

/** Allocates the state of a fit in memory the caller's scope frees; sums, counts and clocks start at zero. */
export function createState(
  kernels: Kernels,
  { rows, nSamples, nFeatures }: PlacedRows,
  nClusters: number,
  sampleWeights?: Float64Array,
): KMeansState {
  const { memory } = kernels;
  const nGroups = Math.ceil(nClusters / 4);
  const hasOrder = nGroups >= ORDER_FROM && pairsAreCheap(nSamples, nClusters);
  const padded = (count: number, multiple: number) => Math.ceil(count / multiple) * multiple;
  const nSlots = padded(nSamples, 8);
  const boundsWidth = padded(nGroups, 4);
  const labels = memory.u16(nSlots).fill(0, nSamples);
  const gaps = memory.f32(nSlots).fill(NEVER, nSamples);
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
  const isPacked = nSamples * nFeatures <= PACK_UP_TO_VALUES;
  const blocks = memory.f32(isPacked ? nSlots * nFeatures + 24 : 0);
  const fields = memory.i32(41).fill(0);
  own.place(fields);
  fields[BLOCKS] = isPacked ? blocks.byteOffset : 0;
  fields[SQUARED_NORMS] = memory.f32(nSlots).byteOffset;
  fields[HALF_NORMS] = halfNorms.byteOffset;
  fields.set([rows.byteOffset, labels.byteOffset, gaps.byteOffset, 0]);
  fields.set([nSamples, nFeatures, nClusters, nGroups], 4);
  fields.set([centersBy4.byteOffset, centers.byteOffset, clocks.byteOffset, groupClocks.byteOffset], 8);
  fields.set([hasOrder ? order.byteOffset : 0, orderedCenters.byteOffset, orderedDistances.byteOffset], 16);
  fields[RADII] = radii.byteOffset;
  fields[WEIGHTS] = weights?.byteOffset ?? 0;
  const errors = new Float32Array(fields.buffer, fields.byteOffset, fields.length);
  return {
    nSamples,
    nClusters,
    nFeatures,
    nGroups,
    address: fields.byteOffset,
    fields,
    errors,
    rows,
    labels,
    gaps,
    isPacked,
    hasOrder,
    bounds: undefined,
    boundsWidth,
    centersBy4,
    halfNorms,
    centers,
    clocks,
    radii,
    groupClocks,
    sums: own.sums,
    sumsWidth,
    counts: own.counts,
    weights,
    weightSums: own.weightSums,
  };
}

/** What a worker on a fit has for itself. */
export interface OwnArrays {
  readonly sums: KernelF64;
  readonly counts: KernelI32;
  readonly weightSums: KernelF64;
  /** Puts the addresses of all its arrays into the fields of a state. */
  readonly place: (fields: KernelI32) => void;
}

/** Allocates sums and counts, at zero, and scratch for one worker. */
export function allocateOwn(
  { memory }: Kernels,
  {
    nClusters,
    nGroups,
    sumsWidth,
    boundsWidth,
  }: Pick<KMeansState, 'nClusters' | 'nGroups' | 'sumsWidth' | 'boundsWidth'>,
): OwnArrays {
  const sums = memory.f64(nClusters * sumsWidth).fill(0);
  const counts = memory.i32(nClusters).fill(0);
  const weightSums = memory.f64(nClusters).fill(0);
  const addresses = [
    [SUMS, sums],
    [COUNTS, counts],
    [QUEUES, memory.i32(nClusters * 8)],
    [QUEUE_LENGTHS, memory.i32(nClusters).fill(0)],
    [TILE, memory.f32(sumsWidth * 8)],
    [GROUP_MINIMA, memory.f32(nGroups * 16)],
    [BOUNDS_TILE, memory.f32(boundsWidth * 8).fill(0)],
    [OPEN_GROUPS, memory.i32(nGroups)],
    [SQUARES, memory.f32(32)],
    [WEIGHT_SUMS, weightSums],
    [KEYS, memory.f32(nGroups * 32)],
    [LIST, memory.i32(LIST_LENGTH)],
  ] as const;
  return {
    sums,
    counts,
    weightSums,
    place: (fields) => {
      for (const [field, { byteOffset }] of addresses) fields[field] = byteOffset;
    },
  };
}

/** Puts centers where the kernels look for them: in float64, and rounded to float32 in groups of 4. */
export function placeCenters(state: KMeansState, centers: Float64Array): void {
  const { nClusters, nFeatures, centersBy4 } = state;
  state.centers.set(centers);
  let largestSquare = 0;
  for (let c = 0; c < nClusters; c++) {
    const group = (c >> 2) * 4 * nFeatures + (c & 3);
    let square = 0;
    for (let j = 0; j < nFeatures; j++) {
      const value = centers[c * nFeatures + j]!;
      centersBy4[group + j * 4] = value;
      square += value * value;
    }
    state.halfNorms[c] = square / 2;
    largestSquare = Math.max(largestSquare, square);
  }
  state.errors[RELATIVE_ERROR] = (nFeatures + 4) * ROUNDING;
  // What is added keeps the bound of the rounding above what underflow takes away.
  state.errors[LARGEST_SQUARE] = largestSquare * (1 + 4 * ROUNDING) + 1e-30;
  state.errors[PRODUCT_ERROR] = 2.02 * (nFeatures + 8) * ROUNDING;
  // Each of two distances is off by at most |center| × rounding; the rest covers squares lost to underflow.
  state.errors[ABSOLUTE_ERROR] = 2.1 * ROUNDING * Math.sqrt(largestSquare) + 1e-20;
}

/** What the kernels have done since the start of a fit. */
export interface WorkDone {
  /** Tiles of 8 samples × 4 centers computed. */
  readonly tiles: number;
  /** Tiles of samples decided. */
  readonly decisions: number;
  /** Samples decided in float64. */
  readonly exactDecisions: number;
  /** Samples whose gap was out of date when looked at. */
  readonly staleSamples: number;
}

/** What the kernels have done so far; differences of two tell of one pass. */
export function workDone({ fields }: KMeansState): WorkDone {
  return {
    tiles: fields[TILES]! >>> 0,
    decisions: fields[DECISIONS]! >>> 0,
    exactDecisions: fields[EXACT_DECISIONS]!,
    staleSamples: fields[STALE_SAMPLES]! >>> 0,
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
  state.fields[BOUNDS] = bounds.byteOffset;
  state.fields[ORDER] = 0;
}
