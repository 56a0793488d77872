import type { Matrix } from '../arrow/matrix.ts';

/** Below this many rows all partitions are compared: at most S(9, 4) = 7,770 of them. */
export const EXHAUSTIVE_BELOW = 10;

/**
 * The k-means optimum of a small table by comparing every partition of its rows into `nClusters` clusters without empty
 * ones, in float64. Of equally good partitions the one wins whose labels, as a sequence, come first.
 * @param data fewer than 10 rows, at least nClusters
 * @returns per row its cluster, numbered by first appearance
 */
export function exhaustiveKMeans(data: Matrix, nClusters: number): Int32Array {
  const { nSamples } = data;
  const labels = new Int32Array(nSamples);
  let best = labels.slice();
  let least = Number.POSITIVE_INFINITY;
  // Restricted growth strings (Knuth, TAOCP 4A, 7.2.1.5): each set partition once.
  const grow = (row: number, used: number): void => {
    if (used + (nSamples - row) < nClusters) return;
    if (row === nSamples) {
      const inertia = inertiaOf(data, labels, nClusters);
      if (inertia < least) {
        least = inertia;
        best = labels.slice();
      }
      return;
    }
    for (let cluster = 0; cluster < Math.min(used + 1, nClusters); cluster++) {
      labels[row] = cluster;
      grow(row + 1, Math.max(used, cluster + 1));
    }
  };
  grow(0, 0);
  return best;
}

/** Sum of squared distances to the cluster means. */
function inertiaOf({ nSamples, nFeatures, values }: Matrix, labels: Int32Array, nClusters: number): number {
  const sums = new Float64Array(nClusters * nFeatures);
  const sizes = new Int32Array(nClusters);
  for (let row = 0; row < nSamples; row++) {
    sizes[labels[row]!]!++;
    for (let j = 0; j < nFeatures; j++) sums[labels[row]! * nFeatures + j]! += values[row * nFeatures + j]!;
  }
  let inertia = 0;
  for (let row = 0; row < nSamples; row++) {
    const cluster = labels[row]!;
    for (let j = 0; j < nFeatures; j++) {
      inertia += (values[row * nFeatures + j]! - sums[cluster * nFeatures + j]! / sizes[cluster]!) ** 2;
    }
  }
  return inertia;
}
