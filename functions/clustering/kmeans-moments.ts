import { type KMeansState, SHELLS } from './kmeans-state.ts';

/** Weight of a cluster: its number of samples when each weighs 1. */
function weightOf(state: KMeansState, cluster: number): number {
  return state.weights ? state.weightSums[cluster]! : state.counts[cluster]!;
}

/** Weight of all samples. */
export function totalWeight(state: KMeansState): number {
  let total = 0;
  for (let c = 0; c < state.nClusters; c++) total += weightOf(state, c);
  return total;
}

/** Means of the clusters, nClusters × nFeatures. */
export function means({ kernels, address, nClusters, nFeatures }: KMeansState): Float64Array {
  return kernels.memory.scope(() => {
    const centers = kernels.memory.f64(nClusters * nFeatures);
    kernels.exports.kmeans_means_f64(address, centers.byteOffset);
    return new Float64Array(centers);
  });
}

/**
 * Mean over the columns of their population variance, from the clusters' sums.
 * @param squares Σ|x|² over the samples, by weight; here and below
 */
export function meanVariance(state: KMeansState, squares: number): number {
  const { nFeatures } = state;
  const total = totalWeight(state);
  let squaredMeans = 0;
  for (let j = 0; j < nFeatures; j++) {
    let sum = 0;
    for (let c = 0; c < state.nClusters; c++) sum += state.sums[c * state.sumsWidth + j]!;
    squaredMeans += (sum / total) ** 2;
  }
  return Math.max(0, squares / total - squaredMeans) / nFeatures;
}

/** Sum of squared distances to the centers; where the sums alone cannot tell, summed sample by sample. */
export function inertia(state: KMeansState, squares: number, centers: Float64Array): number {
  const value = unexplained(state, squares, centers);
  return value > 1e-6 * squares ? value : inertiaBySample(state, centers);
}

/** The same from the sums alone, Σ|x|² − Σ_c (2 S_c·c − n_c |c|²), which cancels where it is a small part of Σ|x|². */
export function unexplained(state: KMeansState, squares: number, centers: Float64Array): number {
  const { nFeatures, nClusters, sums, sumsWidth } = state;
  let explained = 0;
  for (let c = 0; c < nClusters; c++) {
    for (let j = 0; j < nFeatures; j++) {
      const center = centers[c * nFeatures + j]!;
      explained += (2 * sums[c * sumsWidth + j]! - weightOf(state, c) * center) * center;
    }
  }
  return Math.max(0, squares - explained);
}

function inertiaBySample(state: KMeansState, centers: Float64Array): number {
  const { nSamples, nFeatures, rows, labels, weights } = state;
  let total = 0;
  for (let sample = 0; sample < nSamples; sample++) {
    const center = Math.floor(labels[sample]! / SHELLS) * nFeatures;
    let square = 0;
    for (let j = 0; j < nFeatures; j++) square += (rows[sample * nFeatures + j]! - centers[center + j]!) ** 2;
    total += (weights?.[sample] ?? 1) * square;
  }
  return total;
}
