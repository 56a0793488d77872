import type { Matrix } from '../arrow/matrix.ts';
import { InsufficientDataError } from '../errors.ts';

/**
 * Checks that a matrix has at least `nClusters` different rows (0 and −0 are equal). Looks no further than needed.
 * @throws InsufficientDataError naming both numbers
 */
export function requireDistinctRows(data: Matrix, nClusters: number): void {
  const found = countDistinctRows(data, nClusters);
  if (found >= nClusters) return;
  throw new InsufficientDataError(
    `${nClusters} clusters need at least ${nClusters} different rows, but the table has ${found}` +
      `${found === data.nSamples ? '' : ` (in ${data.nSamples} rows)`}. Ask for fewer clusters or add data.`,
    { reason: 'distinct_rows', distinctRows: found, nClusters },
  );
}

/** Number of different rows, or `limit` when there are at least as many. */
export function countDistinctRows({ nSamples, nFeatures, values }: Matrix, limit: number): number {
  const rowsByHash = new Map<number, number[]>();
  const bits = new Int32Array(1);
  const float = new Float32Array(bits.buffer);
  const equal = (a: number, b: number) => {
    for (let j = 0; j < nFeatures; j++) {
      if (values[a * nFeatures + j] !== values[b * nFeatures + j]) return false;
    }
    return true;
  };
  let found = 0;
  for (let row = 0; row < nSamples && found < limit; row++) {
    let hash = 0;
    for (let j = 0; j < nFeatures; j++) {
      float[0] = values[row * nFeatures + j]! + 0;
      hash = (Math.imul(hash, 0x01000193) ^ bits[0]!) | 0;
      hash ^= hash >>> 15;
    }
    const rows = rowsByHash.get(hash);
    if (rows?.some((other) => equal(other, row))) continue;
    if (rows) rows.push(row);
    else rowsByHash.set(hash, [row]);
    found++;
  }
  return found;
}
