import type { Matrix } from '../arrow/matrix.ts';
import type { FeatureImportance } from '../contracts/artifacts.ts';

/**
 * Importance of each kernel feature for given labels, in the order of the columns: how much of its sum of squares lies
 * between the clusters (Fisher's correlation ratio), and how much of the separation is owed to it. Rows labelled below 0
 * belong to no cluster and are left out. Sums run in row order in float64.
 */
export function featureImportance(
  { nSamples, nFeatures, values }: Matrix,
  labels: Int32Array,
  nClusters: number,
): FeatureImportance[] {
  const sizes = new Float64Array(nClusters);
  const sums = new Float64Array(nClusters * nFeatures);
  const means = new Float64Array(nFeatures);
  let n = 0;
  for (let row = 0; row < nSamples; row++) {
    const label = labels[row]!;
    if (label < 0) continue;
    n++;
    sizes[label]!++;
    for (let j = 0; j < nFeatures; j++) {
      const value = values[row * nFeatures + j]!;
      sums[label * nFeatures + j]! += value;
      means[j]! += value;
    }
  }
  for (let j = 0; j < nFeatures; j++) means[j]! /= Math.max(1, n);
  const total = new Float64Array(nFeatures);
  for (let row = 0; row < nSamples; row++) {
    if (labels[row]! < 0) continue;
    for (let j = 0; j < nFeatures; j++) total[j]! += (values[row * nFeatures + j]! - means[j]!) ** 2;
  }
  const between = new Float64Array(nFeatures);
  for (let c = 0; c < nClusters; c++) {
    if (sizes[c] === 0) continue;
    for (let j = 0; j < nFeatures; j++) {
      between[j]! += sizes[c]! * (sums[c * nFeatures + j]! / sizes[c]! - means[j]!) ** 2;
    }
  }
  const all = between.reduce((sum, x) => sum + x, 0);
  return Array.from(between, (part, j) => ({
    explained: total[j]! > 0 ? Math.min(1, part / total[j]!) : 0,
    share: all > 0 ? part / all : 0,
  }));
}
