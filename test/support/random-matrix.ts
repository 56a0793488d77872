import type { Matrix } from '../../functions/arrow/matrix.ts';
import { Random } from '../../functions/stats/random.ts';

/** Overlapping normal blobs around centers in the unit box, with a heavy tail in column 0 when asked for. */
export function blobs(
  nSamples: number,
  nFeatures: number,
  nBlobs: number,
  seed: number,
  options: { spread?: number; heavyTail?: boolean; offset?: number } = {},
): Matrix {
  const random = new Random(seed);
  const { spread = 0.08, heavyTail = false, offset = 0 } = options;
  const middles = Array.from({ length: nBlobs * nFeatures }, () => random.uniform());
  const values = new Float32Array(nSamples * nFeatures);
  for (let i = 0; i < nSamples; i++) {
    const blob = random.integer(nBlobs);
    for (let j = 0; j < nFeatures; j++) {
      values[i * nFeatures + j] = offset + middles[blob * nFeatures + j]! + spread * random.normal();
    }
    if (heavyTail) values[i * nFeatures] = offset + Math.exp(2 * random.normal());
  }
  return { nSamples, nFeatures, values };
}

/** The first k rows of a matrix, as initial centers. */
export function firstRows({ nFeatures, values }: Matrix, k: number): Float64Array {
  return Float64Array.from(values.subarray(0, k * nFeatures));
}

/** A small matrix from its rows. */
export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return { nSamples: rows.length, nFeatures: rows[0]?.length ?? 1, values: Float32Array.from(rows.flat()) };
}
