import { copyValues } from '../kernels/copy-values.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelF64, KernelI32 } from '../kernels/memory.ts';
import type { PlacedRows } from './placed-rows.ts';

/** Rows per kernel call: V8 changes a WASM function to optimised code only between calls. A multiple of 4. */
const CALL_ROWS = 4096;

/** All rows in the kernels' memory. Splits part them in place, so that the rows of a node lie next to each other. */
export interface TreeRows {
  readonly placed: PlacedRows;
  /** The row number at each position. */
  readonly order: KernelI32;
  /** Sum of squares of each row, by row number. */
  readonly squares: KernelF64;
}

/** Positions start … start + size − 1. */
export interface Range {
  readonly start: number;
  readonly size: number;
}

/** Calls `work` on [from, to) pieces of 0 … length − 1, in order; each but the last is a multiple of 4 long. */
export function eachCall(length: number, work: (from: number, to: number) => void): void {
  for (let from = 0; from < length; from += CALL_ROWS) work(from, Math.min(length, from + CALL_ROWS));
}

/** Rows in their own order, with their exact column sums and their sum of squares; the caller's scope frees them. */
export function treeRows({ exports, memory }: Kernels, placed: PlacedRows) {
  const { rows, nSamples, nFeatures } = placed;
  const order = memory.i32(nSamples);
  const squares = memory.f64(nSamples);
  const sums = memory.f64(nFeatures).fill(0);
  let sumOfSquares = 0;
  eachCall(nSamples, (from, to) => {
    sumOfSquares += exports.row_squares_f32(
      rows.byteOffset + from * nFeatures * 4,
      to - from,
      nFeatures,
      sums.byteOffset,
      squares.byteOffset + from * 8,
      order.byteOffset + from * 4,
      from,
    );
  });
  const tree: TreeRows = { placed, order, squares };
  return { tree, sums: new Float64Array(sums), sumOfSquares };
}

/** The rows of a node whose rows lie together. */
export function nodeRows({ placed }: TreeRows, { start, size }: Range): PlacedRows {
  const { rows, nFeatures } = placed;
  const own = rows.subarray(start * nFeatures, (start + size) * nFeatures) as KernelF32;
  return { ...placed, nSamples: size, rows: own };
}

/**
 * Brings the halves of a node together, each in the order of its row numbers.
 * @param sides see `TwoMeansFit`
 * @param frontSide the side that comes to lie in front
 * @param nFront rows on that side
 */
export function partRows(
  { exports, memory }: Kernels,
  { placed, order }: TreeRows,
  { start, size }: Range,
  sides: Uint8Array,
  frontSide: number,
  nFront: number,
): void {
  const { rows, nFeatures } = placed;
  memory.scope(() => {
    const bits = memory.u8(sides.length);
    bits.set(sides);
    const backRows = memory.f32((size - nFront) * nFeatures);
    const backOrder = memory.i32(size - nFront);
    const rowAt = (position: number) => rows.byteOffset + position * nFeatures * 4;
    const orderAt = (position: number) => order.byteOffset + position * 4;
    let front = 0;
    eachCall(size, (from, to) => {
      const back = from - front;
      front += exports.part_rows_f32(
        rowAt(start + from),
        orderAt(start + from),
        nFeatures,
        to - from,
        bits.byteOffset + from / 4,
        frontSide,
        rowAt(start + front),
        orderAt(start + front),
        backRows.byteOffset + back * nFeatures * 4,
        backOrder.byteOffset + back * 4,
      );
    });
    const end = start + size;
    copyValues(rows.subarray((start + nFront) * nFeatures, end * nFeatures) as KernelF32, backRows);
    copyValues(order.subarray(start + nFront, end) as KernelI32, backOrder);
  });
}

/** Sum of squares of a node's rows on side 1. */
export function sideSquares(
  { exports, memory }: Kernels,
  { order, squares }: TreeRows,
  { start, size }: Range,
  sides: Uint8Array,
): number {
  return memory.scope(() => {
    const bits = memory.u8(sides.length);
    bits.set(sides);
    let sum = 0;
    eachCall(size, (from, to) => {
      const rows = order.byteOffset + (start + from) * 4;
      sum += exports.side_squares_f64(rows, to - from, bits.byteOffset + from / 4, squares.byteOffset);
    });
    return sum;
  });
}

/** Writes the labels of a node's rows, one for each side. */
export function writeLabels(
  { exports, memory }: Kernels,
  { order }: TreeRows,
  { start, size }: Range,
  sides: Uint8Array,
  [label0, label1]: readonly [number, number],
  labels: KernelI32,
): void {
  memory.scope(() => {
    const bits = memory.u8(sides.length);
    bits.set(sides);
    eachCall(size, (from, to) => {
      const rows = order.byteOffset + (start + from) * 4;
      exports.side_labels_i32(rows, to - from, bits.byteOffset + from / 4, label0, label1, labels.byteOffset);
    });
  });
}
