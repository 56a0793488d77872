import type { Matrix } from '../arrow/matrix.ts';
import { comparableSizes } from './cluster-sizes.ts';

/**
 * Calinski-Harabasz index (Caliński & Harabasz 1974): variance between clusters ÷ variance within them, each per
 * degree of freedom; ≥ 0, higher is better. 1 when every row lies on its center, as scikit-learn has it. Float64, in
 * two passes, so that a large offset of the columns costs no digits.
 * @throws InvalidRequestError for labels outside 0 … nClusters − 1
 * @throws InsufficientDataError when fewer than two clusters have rows
 */
export function calinskiHarabaszScore(data: Matrix, labels: Int32Array, nClusters: number): number {
  const { nSamples, nFeatures, values } = data;
  const sizes = comparableSizes(labels, nSamples, nClusters);
  const centers = clusterMeans(data, labels, sizes);
  const mean = new Float64Array(nFeatures);
  for (let at = 0; at < centers.length; at++) {
    mean[at % nFeatures]! += (centers[at]! * sizes[Math.floor(at / nFeatures)]!) / nSamples;
  }
  let within = 0;
  for (let row = 0; row < nSamples; row++) {
    const center = labels[row]! * nFeatures;
    const first = row * nFeatures;
    for (let j = 0; j < nFeatures; j++) {
      const difference = values[first + j]! - centers[center + j]!;
      within += difference * difference;
    }
  }
  let between = 0;
  for (let at = 0; at < centers.length; at++) {
    between += sizes[Math.floor(at / nFeatures)]! * (centers[at]! - mean[at % nFeatures]!) ** 2;
  }
  if (within === 0) return 1;
  const used = sizes.filter((size) => size > 0).length;
  return (between * (nSamples - used)) / (within * (used - 1));
}

/** Means of the clusters, nClusters × nFeatures; a cluster without rows is at 0. */
export function clusterMeans(
  { nSamples, nFeatures, values }: Matrix,
  labels: Int32Array,
  sizes: Int32Array,
): Float64Array {
  // Sums of differences to the first row: a million and its spread of one do not mix.
  const sums = new Float64Array(sizes.length * nFeatures);
  for (let row = 0; row < nSamples; row++) {
    const at = labels[row]! * nFeatures;
    const first = row * nFeatures;
    for (let j = 0; j < nFeatures; j++) sums[at + j]! += values[first + j]! - values[j]!;
  }
  return sums.map((sum, at) => {
    const size = sizes[Math.floor(at / nFeatures)]!;
    return size === 0 ? 0 : values[at % nFeatures]! + sum / size;
  });
}
