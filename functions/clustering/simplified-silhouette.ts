import type { Matrix } from '../arrow/matrix.ts';
import { InvalidRequestError } from '../errors.ts';
import { comparableSizes } from './cluster-sizes.ts';

/** Simplified silhouette of a clustering with centers. */
export interface SimplifiedSilhouette {
  /** Mean over the rows, −1..1. */
  readonly silhouette: number;
  /** Mean per cluster; NaN for one without rows. */
  readonly byCluster: Float64Array;
}

/**
 * Simplified silhouette (Hruschka, de Castro & Campello 2004): distances to centers stand in for mean distances to
 * rows, so that the time grows with nSamples × nClusters. For a row: a is the distance to its own center, b to the
 * nearest other one of a cluster with rows; (b − a) ÷ max(a, b), 0 when both are 0. Float64.
 * @param centers nClusters × nFeatures
 * @throws InsufficientDataError when fewer than two clusters have rows
 */
export function simplifiedSilhouette(
  { nSamples, nFeatures, values }: Matrix,
  labels: Int32Array,
  centers: Float64Array,
): SimplifiedSilhouette {
  const nClusters = centers.length / nFeatures;
  if (!Number.isInteger(nClusters)) {
    throw new InvalidRequestError(
      `${centers.length} values are no whole number of centers of ${nFeatures} features.`,
    );
  }
  const sizes = comparableSizes(labels, nSamples, nClusters);
  const byCluster = new Float64Array(nClusters);
  for (let row = 0; row < nSamples; row++) {
    const label = labels[row]!;
    let own = 0;
    let other = Number.POSITIVE_INFINITY;
    for (let c = 0; c < nClusters; c++) {
      if (sizes[c] === 0) continue;
      let squared = 0;
      for (let j = 0; j < nFeatures; j++) {
        squared += (values[row * nFeatures + j]! - centers[c * nFeatures + j]!) ** 2;
      }
      if (c === label) own = Math.sqrt(squared);
      else if (squared < other) other = squared;
    }
    other = Math.sqrt(other);
    byCluster[label]! += own === other ? 0 : (other - own) / Math.max(own, other);
  }
  const silhouette = byCluster.reduce((sum, total) => sum + total, 0) / nSamples;
  return { silhouette, byCluster: byCluster.map((total, c) => total / sizes[c]!) };
}
