import type { DbscanResult } from '../clustering/dbscan.ts';
import type { Rows } from '../clustering/neighbor-tree.ts';

/** Relative difference below which two distances are the same but for rounding. */
const SAME = 1e-9;

/**
 * The core row that each of some noise rows is nearest to. DBSCAN has measured how far it is, so the search ends at the
 * first clustered row at that distance. Without `noiseDistances`, or without a core row, the answer is −1.
 * @param noise numbers of rows labelled −1, those to be explained: time grows with their number × all rows
 */
export function nearestCoreRows(
  { values, nSamples, nFeatures }: Rows,
  { labels, noiseDistances }: Pick<DbscanResult, 'labels' | 'noiseDistances'>,
  noise: Int32Array,
): Int32Array {
  return noise.map((row) => {
    const known = noiseDistances?.[row] ?? Number.POSITIVE_INFINITY;
    if (known === Number.POSITIVE_INFINITY) return -1;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let other = 0; other < nSamples; other++) {
      if (labels[other]! < 0) continue;
      let sum = 0;
      for (let f = 0; f < nFeatures; f++) {
        sum += (values[row * nFeatures + f]! - values[other * nFeatures + f]!) ** 2;
      }
      // Border rows may be nearer; the core row is the one at the measured distance.
      const difference = Math.abs(Math.sqrt(sum) - known);
      if (difference < least) {
        least = difference;
        best = other;
        if (difference <= SAME * known) break;
      }
    }
    return best;
  });
}
