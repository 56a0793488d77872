import type { Matrix } from '../arrow/matrix.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32 } from '../kernels/memory.ts';
import { comparableSizes } from './cluster-sizes.ts';
import { placeRows } from './placed-rows.ts';

/** Blocks of 8 samples that one kernel call compares with all before them. */
const CALL_BLOCKS = 32;

/** One call of the kernel `silhouette_rows_f32`: blocks [first, last), all of one cluster, against those up to them. */
export interface PairCall {
  readonly first: number;
  readonly last: number;
  readonly cluster: number;
}

/**
 * All pairs of rows that a silhouette compares, as kernel calls that do not wait for each other: each writes sums of its
 * own rows, and a column of sums for the rows before them. Columns are added in the order of the calls, so that results
 * are the same bytes whoever made the calls, and when.
 */
export interface SilhouettePairs {
  readonly calls: readonly PairCall[];
  /** A column that one call writes; it can be used again once added. */
  newColumn(): KernelF32;
  /** Arguments of `silhouette_rows_f32`. */
  argumentsOf(call: PairCall, column: KernelF32): PairArguments;
  /** Adds the column of a call that has ended; to be called once per call, in their order. */
  addColumn(call: PairCall, column: KernelF32): void;
  /** Silhouette coefficient of every row, when all columns are added. */
  values(): Float64Array;
}

/** Arguments of the kernel. */
export type PairArguments = Parameters<Kernels['exports']['silhouette_rows_f32']>;

/**
 * Lays the rows out by cluster, in memory that the caller frees.
 * @throws InsufficientDataError when fewer than two clusters have rows
 */
export function silhouettePairs(
  kernels: Kernels,
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
): SilhouettePairs {
  const sizes = comparableSizes(labels, data.nSamples, nClusters);
  const { memory, exports } = kernels;
  const { nFeatures } = data;
  const { starts, slots } = sortByCluster(labels, sizes);
  const nBlocks = starts[nClusters]!;
  const placed = placeRows(kernels, data);
  const samples = memory.i32(nBlocks * 8);
  samples.set(slots.map((row) => Math.max(0, row)));
  // A block's transposition may write three features past its end.
  const blocks = memory.f32(nBlocks * 8 * nFeatures + 24);
  exports.pack_blocks_f32(placed.rows.byteOffset, nFeatures, samples.byteOffset, nBlocks, blocks.byteOffset);
  const masks = memory.i32(nBlocks * 8);
  masks.set(slots.map((row) => (row < 0 ? 0 : -1)));
  const firstBlocks = memory.i32(nClusters + 1);
  firstBlocks.set(starts);
  const sums = memory.f64(nBlocks * 8 * nClusters).fill(0);
  return {
    calls: callsOf(starts),
    newColumn: () => memory.f32(nBlocks * 8),
    argumentsOf: ({ first, last, cluster }, column) => [
      blocks.byteOffset,
      nFeatures,
      nClusters,
      first,
      last,
      cluster,
      firstBlocks.byteOffset,
      masks.byteOffset,
      column.byteOffset,
      sums.byteOffset,
    ],
    addColumn: ({ last, cluster }, column) =>
      exports.silhouette_column_f32(column.byteOffset, last, nClusters, cluster, sums.byteOffset),
    values: () => {
      const values = new Float64Array(data.nSamples);
      slots.forEach((row, slot) => {
        if (row >= 0) values[row] = coefficient(sums, slot * nClusters, sizes, labels[row]!);
      });
      return values;
    },
  };
}

/** Bound of the number of calls. */
export function mostPairCalls(nSamples: number, nClusters: number): number {
  return Math.ceil(nSamples / (8 * CALL_BLOCKS)) + 2 * nClusters;
}

function callsOf(starts: Int32Array): PairCall[] {
  const calls: PairCall[] = [];
  for (let cluster = 0; cluster + 1 < starts.length; cluster++) {
    const end = starts[cluster + 1]!;
    for (let first = starts[cluster]!; first < end; first += CALL_BLOCKS) {
      calls.push({ first, last: Math.min(end, first + CALL_BLOCKS), cluster });
    }
  }
  return calls;
}

function coefficient(sums: Float64Array, at: number, sizes: Int32Array, own: number): number {
  const size = sizes[own]!;
  if (size === 1) return 0;
  const inside = sums[at + own]! / (size - 1);
  let outside = Number.POSITIVE_INFINITY;
  for (let c = 0; c < sizes.length; c++) {
    if (c !== own && sizes[c]! > 0) outside = Math.min(outside, sums[at + c]! / sizes[c]!);
  }
  const larger = Math.max(inside, outside);
  return larger === 0 ? 0 : (outside - inside) / larger;
}

/** Slots of 8 per block, every cluster from a new block on; −1 where a block has no more rows. */
function sortByCluster(labels: Int32Array, sizes: Int32Array): { starts: Int32Array; slots: Int32Array } {
  const starts = new Int32Array(sizes.length + 1);
  sizes.forEach((size, c) => {
    starts[c + 1] = starts[c]! + Math.ceil(size / 8);
  });
  const slots = new Int32Array(starts[sizes.length]! * 8).fill(-1);
  const next = starts.map((block) => block * 8);
  labels.forEach((label, row) => {
    slots[next[label]!++] = row;
  });
  return { starts, slots };
}
