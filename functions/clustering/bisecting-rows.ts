import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32, KernelF64 } from '../kernels/memory.ts';
import type { PlacedRows } from './placed-rows.ts';

/** Rows per kernel call: they stay inside the second-level cache, and V8 changes to optimised code between calls. */
export const CALL_ROWS = 4096;

/** The rows of one node next to each other in the kernels' memory. */
export interface NodeRows extends PlacedRows {
  /** nFeatures float32 near the rows' mean, then zeros up to a multiple of 4. */
  readonly origin: KernelF32;
  /** Distance of each row from the origin, in float32; up to 3 values without meaning follow. */
  readonly radii: KernelF32;
}

/** Calls `work` on [from, to) pieces of 0 … length − 1, in order; each but the last is a multiple of 4 long. */
export function eachCall(length: number, work: (from: number, to: number) => void): void {
  for (let from = 0; from < length; from += CALL_ROWS) work(from, Math.min(length, from + CALL_ROWS));
}

/** Column sums of placed rows (exact), and the sum of squares of each row. */
export function rowSquares({ exports, memory }: Kernels, { rows, nSamples, nFeatures }: PlacedRows) {
  const squares: KernelF64 = memory.f64(nSamples);
  const sums = memory.f64(nFeatures).fill(0);
  eachCall(nSamples, (from, to) =>
    exports.row_squares_f32(
      rows.byteOffset + from * nFeatures * 4,
      to - from,
      nFeatures,
      sums.byteOffset,
      squares.byteOffset + from * 8,
    ),
  );
  return { sums: Float64Array.from(sums), squares };
}

/**
 * Brings the rows of a node together, unless it holds all; the caller's scope frees them.
 * @param samples row numbers
 * @param center mean of the rows
 */
export function gatherNode(
  { exports, memory }: Kernels,
  placed: PlacedRows,
  samples: Int32Array,
  center: Float64Array,
): NodeRows {
  const { nFeatures } = placed;
  const size = samples.length;
  const isAll = size === placed.nSamples;
  const width = Math.ceil(nFeatures / 4) * 4;
  const origin = memory.f32(width).fill(0);
  origin.set(center);
  const lanes = memory.i32(width).fill(-1).fill(0, nFeatures);
  const radii = memory.f32(Math.ceil(size / 4) * 4);
  const end = size * nFeatures;
  const whole = isAll ? placed.rows : memory.f32(end + 3 * nFeatures + 16).fill(0, end);
  memory.scope(() => {
    const numbers = memory.i32(CALL_ROWS);
    eachCall(size, (from, to) => {
      const rows = whole.byteOffset + from * nFeatures * 4;
      if (!isAll) {
        numbers.set(samples.subarray(from, to));
        exports.gather_rows_f32(placed.rows.byteOffset, nFeatures, numbers.byteOffset, to - from, rows);
      }
      exports.row_radii_f32(
        rows,
        Math.ceil((to - from) / 4),
        nFeatures,
        origin.byteOffset,
        lanes.byteOffset,
        radii.byteOffset + from * 4,
      );
    });
  });
  return { ...placed, nSamples: size, rows: whole.subarray(0, end) as KernelF32, origin, radii };
}
