import type { Matrix } from '../arrow/matrix.ts';
import { InvalidDatasetError } from '../errors.ts';

/** Largest magnitude whose squared distances float32 still holds, with room for many features. */
const LARGEST = 2 ** 40;
/** Below this, squares of differences would lose their digits to underflow. */
const SMALLEST = 2 ** -20;

/** How the columns of a matrix are brought onto the kernels' axes: (value − offset) × scale, on a grid per column. */
export interface ColumnPlacement {
  /** Exactly subtracted from each column: 0, or a value of a column whose values lie far from 0 and close together. */
  readonly offset: Float64Array;
  /** A power of two. */
  readonly scale: number;
  /** Bound of |placed value|. */
  readonly largest: number;
  /** f32 triples for the kernels: `shift` rounds to the column's grid, values from `limit` on are on it already. */
  readonly shift: Float32Array;
  readonly limit: Float32Array;
}

/**
 * Placement for columns of the given ranges. A column is moved by a value of its own only where that subtraction is
 * exact for each value (Sterbenz: between half and twice the offset). Values are rounded to a grid that adds nothing to
 * float32's own rounding above 2⁻³³ of the column's largest, in return for sums that are exact in any order.
 */
export function placeColumns(minima: Float32Array, maxima: Float32Array, nSamples: number): ColumnPlacement {
  const offset = Float64Array.from(minima, (low, j) => exactOffset(low, maxima[j]!));
  const spread = Float64Array.from(offset, (o, j) =>
    Math.max(Math.abs(minima[j]! - o), Math.abs(maxima[j]! - o)),
  );
  const scale = powerOfTwoScale(spread.reduce((a, b) => Math.max(a, b), 0));
  const grids = spread.map((largest) => exactSumGrid(largest * scale, nSamples));
  return {
    offset,
    scale,
    largest: spread.reduce((a, b) => Math.max(a, b * scale), 0),
    shift: Float32Array.from(grids, (grid) => 1.5 * 2 ** 23 * grid),
    limit: Float32Array.from(grids, (grid) => 2 ** 22 * grid),
  };
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

/**
 * Checks that there is a feature, and a value for each row and feature.
 * @throws InvalidDatasetError naming both numbers
 */
export function requireShape({ nSamples, nFeatures, values }: Matrix): void {
  if (nFeatures < 1 || values.length < nSamples * nFeatures) {
    throw new InvalidDatasetError(
      `The matrix holds ${values.length} values, which is not ${nSamples} rows of ${nFeatures} features. ` +
        'Give at least one feature and one value for each.',
      { reason: 'shape' },
    );
  }
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
