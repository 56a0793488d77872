import type { Matrix } from '../arrow/matrix.ts';
import { InvalidDatasetError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { KernelF32 } from '../kernels/memory.ts';

/** Rows handed to a kernel at once: a multiple of 8 that keeps the copy inside the second-level cache. */
const CHUNK_ROWS = 8192;

/** Largest magnitude whose squared distances float32 still holds, with room for many features. */
const LARGEST = 2 ** 40;
/** Below this, squares of differences would lose their digits to underflow. */
const SMALLEST = 2 ** -20;

/** A matrix in the kernels' memory: blocks of 8 samples, columns moved so that float32 distances keep their digits. */
export interface PackedMatrix {
  readonly nSamples: number;
  readonly nFeatures: number;
  readonly nBlocks: number;
  /** nBlocks × nFeatures × 8; packed = (value − offset[feature]) × scale. */
  readonly blocks: KernelF32;
  /** Exactly subtracted from each column: 0, or a value of a column whose values lie far from 0 and close together. */
  readonly offset: Float64Array;
  /** A power of two. */
  readonly scale: number;
  /** Sum of squares of the packed values. */
  readonly sumOfSquares: number;
  /** Bound of |packed value|. */
  readonly largest: number;
}

/**
 * Checks that every value is finite and packs the rows for the clustering kernels, in memory the caller's scope frees.
 * A column is moved by a value of its own only where that subtraction is exact for each value (Sterbenz: between half
 * and twice the offset), and values are rounded to a grid fine enough to add nothing to float32's own rounding error
 * above 2⁻³³ of the column's largest, in return for sums that are exact in any order.
 * @throws InvalidDatasetError naming row and column of the first value that is not finite
 */
export function packMatrix(kernels: Kernels, data: Matrix): PackedMatrix {
  const { nSamples, nFeatures } = data;
  checkShape(data);
  const { memory } = kernels;
  const { minima, maxima } = columnRanges(kernels, data);
  const offset = Float64Array.from(minima, (low, j) => exactOffset(low, maxima[j]!));
  const spread = Float64Array.from(offset, (o, j) =>
    Math.max(Math.abs(minima[j]! - o), Math.abs(maxima[j]! - o)),
  );
  const scale = powerOfTwoScale(spread.reduce((a, b) => Math.max(a, b), 0));
  const nBlocks = Math.ceil(nSamples / 8);
  const blocks = memory.f32(nBlocks * nFeatures * 8);
  const sumOfSquares = memory.scope(() => {
    const width = Math.ceil(nFeatures / 4) * 4;
    const column = memory.f32(3 * width).fill(0);
    for (let j = 0; j < nFeatures; j++) {
      const grid = exactSumGrid(spread[j]! * scale, nSamples);
      column[j] = offset[j]!;
      column[width + j] = 1.5 * 2 ** 23 * grid;
      column[2 * width + j] = 2 ** 22 * grid;
    }
    let sum = 0;
    forEachRowChunk(kernels, data, (address, first, count) => {
      const target = blocks.byteOffset + first * nFeatures * 4;
      sum += kernels.exports.pack_f32(address, count, nFeatures, target, column.byteOffset, width, scale);
    });
    return sum;
  });
  const largest = spread.reduce((a, b) => Math.max(a, b * scale), 0);
  return { nSamples, nFeatures, nBlocks, blocks, offset, scale, sumOfSquares, largest };
}

function checkShape({ nSamples, nFeatures, values }: Matrix): void {
  if (nFeatures < 1 || values.length < nSamples * nFeatures) {
    throw new InvalidDatasetError(
      `The matrix holds ${values.length} values, which is not ${nSamples} rows of ${nFeatures} features. ` +
        'Give at least one feature and one value for each.',
      { reason: 'shape' },
    );
  }
}

function columnRanges(kernels: Kernels, data: Matrix): { minima: Float32Array; maxima: Float32Array } {
  const { nSamples, nFeatures, values } = data;
  const minima = new Float32Array(nFeatures).fill(Number.POSITIVE_INFINITY);
  const maxima = new Float32Array(nFeatures).fill(Number.NEGATIVE_INFINITY);
  const include = (value: number, j: number) => {
    minima[j] = Math.min(minima[j]!, value);
    maxima[j] = Math.max(maxima[j]!, value);
  };
  let finite = true;
  kernels.memory.scope(() => {
    const low = kernels.memory.f32(4 * nFeatures).fill(Number.POSITIVE_INFINITY);
    const high = kernels.memory.f32(4 * nFeatures).fill(Number.NEGATIVE_INFINITY);
    forEachRowChunk(kernels, data, (address, _, count) => {
      const ok = kernels.exports.column_ranges_f32(
        address,
        count >> 2,
        nFeatures,
        low.byteOffset,
        high.byteOffset,
      );
      finite &&= ok === 1;
    });
    for (let i = 0; i < 4 * nFeatures && nSamples >= 4; i++) {
      include(low[i]!, i % nFeatures);
      include(high[i]!, i % nFeatures);
    }
  });
  for (let i = (nSamples & ~3) * nFeatures; i < nSamples * nFeatures; i++) {
    finite &&= Number.isFinite(values[i]!);
    include(values[i]!, i % nFeatures);
  }
  if (!finite) requireFinite(data);
  return { minima, maxima };
}

/**
 * Checks every value.
 * @throws InvalidDatasetError naming row and column of the first that is not finite
 */
export function requireFinite({ nSamples, nFeatures, values }: Matrix): void {
  const at = values.subarray(0, nSamples * nFeatures).findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const row = Math.floor(at / nFeatures);
  const column = at % nFeatures;
  throw new InvalidDatasetError(
    `Row ${row}, column ${column} (both from 0) is ${values[at]}: clustering needs finite numbers. ` +
      'Fill or drop missing values first.',
    { reason: 'not_finite', row, column },
  );
}

/** 0, or a float32 between min and max when max ≤ 2 min (or the mirror image), so that no difference rounds. */
function exactOffset(min: number, max: number): number {
  const near = Math.min(Math.abs(min), Math.abs(max));
  const far = Math.max(Math.abs(min), Math.abs(max));
  const sameSide = min > 0 || max < 0;
  return sameSide && far <= 2 * near ? Math.fround(min + (max - min) / 2) : 0;
}

/** 1 for ordinary magnitudes; else the power of two that brings the largest to 2⁴⁰. Exact but for denormals. */
function powerOfTwoScale(largest: number): number {
  if (largest === 0 || (largest <= LARGEST && largest >= SMALLEST)) return 1;
  return 2 ** Math.max(-126, Math.min(126, 40 - Math.ceil(Math.log2(largest))));
}

/** Twice the smallest power of two g with nSamples × largest ≤ 2⁵³ × g: float32 values past 2²² g are multiples of g/2. */
function exactSumGrid(largest: number, nSamples: number): number {
  if (largest === 0) return 2 ** -126;
  const exponent = Math.ceil(Math.log2(largest)) + Math.ceil(Math.log2(nSamples)) - 53;
  return 2 ** Math.max(-126, exponent + 1);
}

/** Calls `work` with addresses of successive row ranges; rows already in the kernels' memory are not copied. */
export function forEachRowChunk(
  kernels: Kernels,
  { nSamples, nFeatures, values }: Matrix,
  work: (address: number, firstRow: number, nRows: number) => void,
): void {
  const { memory } = kernels;
  if (values.buffer === (memory.memory.buffer as ArrayBufferLike)) {
    for (let first = 0; first < nSamples; first += CHUNK_ROWS) {
      work(values.byteOffset + first * nFeatures * 4, first, Math.min(CHUNK_ROWS, nSamples - first));
    }
    return;
  }
  memory.scope(() => {
    const rowsAtOnce = Math.max(8, Math.min(CHUNK_ROWS, Math.floor(65_536 / nFeatures / 8) * 8));
    const chunk = memory.f32(rowsAtOnce * nFeatures);
    for (let first = 0; first < nSamples; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, nSamples - first);
      chunk.set(values.subarray(first * nFeatures, (first + count) * nFeatures));
      work(chunk.byteOffset, first, count);
    }
  });
}
