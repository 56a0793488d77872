import type { Kernels } from '../kernels/instance.ts';
import type { KernelF64 } from '../kernels/memory.ts';
import { Random } from '../stats/random.ts';
import { rowSquares } from './bisecting-rows.ts';
import type { PlacedRows } from './placed-rows.ts';

/** Below this share of the sum of squares, an inertia taken from sums has lost digits. */
const LEAST_SHARE = 1e-6;

/** The rows of the whole table in the kernels' memory. */
export interface Table {
  readonly placed: PlacedRows;
  /** Sum of squares of each row. */
  readonly squares: KernelF64;
}

/** A node while the tree grows, in placed units. */
export interface GrowingNode {
  readonly depth: number;
  /** Row numbers, ascending. */
  readonly rows: Int32Array;
  readonly size: number;
  /** Exact column sums. */
  readonly sums: Float64Array;
  readonly center: Float64Array;
  /** Sum of squared distances to the center. */
  readonly inertia: number;
  /** Follows from the place in the tree alone, so that the order of splits draws nothing different. */
  readonly random: Random;
  silhouette?: number;
  children?: readonly [GrowingNode, GrowingNode];
}

/** The node of all rows; the caller's scope frees the table. */
export function rootNode(kernels: Kernels, placed: PlacedRows, seed: number) {
  const { sums, squares } = rowSquares(kernels, placed);
  const table: Table = { placed, squares };
  const rows = new Int32Array(placed.nSamples);
  for (let row = 0; row < rows.length; row++) rows[row] = row;
  const total = squares.reduce((sum, square) => sum + square, 0);
  const root: GrowingNode = { depth: 0, random: new Random(seed), ...momentsOf(table, rows, sums, total) };
  return { table, root };
}

/**
 * Center and inertia of rows from their sums.
 * @param sumOfSquares of the rows
 */
export function momentsOf({ placed }: Table, rows: Int32Array, sums: Float64Array, sumOfSquares: number) {
  const size = rows.length;
  const center = sums.map((sum) => sum / size);
  const inertia = sumOfSquares - sums.reduce((total, sum, j) => total + sum * center[j]!, 0);
  const isPrecise = inertia > LEAST_SHARE * sumOfSquares;
  return { rows, size, sums, center, inertia: isPrecise ? inertia : inertiaByRow(placed, rows, center) };
}

function inertiaByRow(
  { rows: values, nFeatures }: PlacedRows,
  rows: Int32Array,
  center: Float64Array,
): number {
  let total = 0;
  for (const row of rows) {
    for (let j = 0; j < nFeatures; j++) total += (values[row * nFeatures + j]! - center[j]!) ** 2;
  }
  return total;
}
