import type { Matrix } from '../arrow/matrix.ts';
import { InvalidDatasetError } from '../errors.ts';
import { requireFinite } from './column-placement.ts';

/**
 * The rows scaled to length 1, in float64 and rounded once: squared Euclidean distances of such rows are
 * 2 × (1 − cosine).
 * @throws InvalidDatasetError for a row of zeros, which has no direction, or a value that is not finite
 */
export function unitRows(data: Matrix): Matrix {
  requireFinite(data);
  const { nSamples, nFeatures, values } = data;
  const scaled = new Float32Array(nSamples * nFeatures);
  for (let row = 0; row < nSamples; row++) {
    const first = row * nFeatures;
    let square = 0;
    for (let j = 0; j < nFeatures; j++) square += values[first + j]! ** 2;
    if (square === 0) {
      throw new InvalidDatasetError(
        `Row ${row} (from 0) holds only zeros: it has no direction to compare by cosine. Drop it, or use the ` +
          'Euclidean metric.',
        { reason: 'zero_row', row },
      );
    }
    const length = Math.sqrt(square);
    for (let j = 0; j < nFeatures; j++) scaled[first + j] = values[first + j]! / length;
  }
  return { nSamples, nFeatures, values: scaled };
}
