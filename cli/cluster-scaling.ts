import type { Matrix } from '../functions/arrow/matrix.ts';
import type { Rows } from '../functions/clustering/neighbor-tree.ts';
import type { Scaling } from './cluster-options.ts';

/** A column and how it was scaled: scaled = (raw − offset) / scale. */
export interface ScaledColumn {
  readonly name: string;
  readonly raw: Float64Array;
  readonly scaled: Float64Array;
}

/**
 * Scales columns in float64. `zscore`: (x − mean) ÷ population standard deviation, as scikit-learn's StandardScaler;
 * `minmax`: to 0..1. A constant column becomes 0.
 */
export function scaleColumns(
  columns: readonly { readonly name: string; readonly values: Float64Array }[],
  scaling: Scaling,
): ScaledColumn[] {
  return columns.map(({ name, values }) => ({ name, raw: values, scaled: scaled(values, scaling) }));
}

function scaled(values: Float64Array, scaling: Scaling): Float64Array {
  if (scaling === 'none') return values;
  const { min, max } = rangeOf(values);
  if (min === max) return new Float64Array(values.length);
  if (scaling === 'minmax') return values.map((x) => (x - min) / (max - min));
  const { mean, standardDeviation } = momentsOf(values);
  return values.map((x) => (x - mean) / standardDeviation);
}

/** Smallest and largest value. */
export function rangeOf(values: Float64Array): { min: number; max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  // By index, here and below: an iterator makes an object of every value until V8 has compiled it away.
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x < min) min = x;
    if (x > max) max = x;
  }
  return { min, max };
}

/** Two passes; the second corrects what the first rounded (Chan, Golub & LeVeque 1983). */
function momentsOf(values: Float64Array): { mean: number; standardDeviation: number } {
  const n = values.length;
  const first = values[0]!;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]! - first;
  const mean = first + sum / n;
  let squares = 0;
  let rest = 0;
  for (let i = 0; i < n; i++) {
    const difference = values[i]! - mean;
    squares += difference * difference;
    rest += difference;
  }
  return { mean, standardDeviation: Math.sqrt((squares - rest ** 2 / n) / n) };
}

/** The scaled values row by row in float64, for kernels that decide in float64. */
export function toRows(columns: readonly ScaledColumn[]): Rows {
  const nSamples = columns[0]!.scaled.length;
  const nFeatures = columns.length;
  const values = new Float64Array(nSamples * nFeatures);
  columns.forEach((column, j) => {
    for (let i = 0; i < nSamples; i++) values[i * nFeatures + j] = column.scaled[i]!;
  });
  return { nSamples, nFeatures, values };
}

/** Magnitudes that float32 squares without losing digits. */
const ORDINARY = { least: 2 ** -40, most: 2 ** 40 };

/**
 * The scaled values row by row in float32. A column that float32 does not hold exactly is centred first, so that
 * a large offset costs no digits; all of them are multiplied by one power of two where they would leave float32's
 * range. Neither changes which rows are near each other.
 */
export function toMatrix(columns: readonly ScaledColumn[]): Matrix {
  const nSamples = columns[0]!.scaled.length;
  const nFeatures = columns.length;
  const isFloat32 = float32Check(nSamples);
  const centers = columns.map(({ scaled }) => (isFloat32(scaled) ? 0 : momentsOf(scaled).mean));
  const reach = columns.reduce((most, { scaled }, j) => {
    const { min, max } = rangeOf(scaled);
    return Math.max(most, Math.abs(min - centers[j]!), Math.abs(max - centers[j]!));
  }, 0);
  const isOrdinary = reach === 0 || (reach >= ORDINARY.least && reach <= ORDINARY.most);
  const factor = isOrdinary ? 1 : 2 ** -Math.floor(Math.log2(reach));
  const values = new Float32Array(nSamples * nFeatures);
  columns.forEach(({ scaled }, j) => {
    const center = centers[j]!;
    for (let i = 0; i < nSamples; i++) values[i * nFeatures + j] = (scaled[i]! - center) * factor;
  });
  return { nSamples, nFeatures, values };
}

/** Tells whether float32 holds all of so many values exactly: converted and compared at once, without a call for each. */
function float32Check(length: number): (values: Float64Array) => boolean {
  const single = new Float32Array(length);
  const rounded = new Float64Array(length);
  const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array) =>
    Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  return (values) => {
    single.set(values);
    rounded.set(single);
    return bytesOf(rounded).equals(bytesOf(values));
  };
}
