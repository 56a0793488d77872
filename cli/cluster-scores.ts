import type { Matrix } from '../functions/arrow/matrix.ts';
import { calinskiHarabaszScore } from '../functions/clustering/calinski-harabasz.ts';
import { daviesBouldinScore } from '../functions/clustering/validity.ts';
import type { ClusteringThreads } from '../functions/threads/clustering-threads.ts';
import type { ClusterFit, ClusterInput } from './cluster-fit.ts';

/** How good a clustering is, over the rows that belong to a cluster. */
export interface ClusterScores {
  readonly sizes: readonly number[];
  /** Sum of squared distances of the scaled rows to the mean of their cluster, float64. */
  readonly inertia: number;
  /** Null for fewer than two clusters, and for more than `MOST_SCORED_CLUSTERS`. */
  readonly silhouette: number | null;
  /** Rows the silhouette was computed on: all, or a seeded sample of a large table. */
  readonly silhouetteSamples: number;
  readonly daviesBouldin: number | null;
  readonly calinskiHarabasz: number | null;
}

/** Past this many clusters a silhouette, which compares each row with each cluster, says nothing any more. */
const MOST_SCORED_CLUSTERS = 2000;

/** Scores a clustering; noise rows are left out. */
export async function scoreClusters(
  { kernels, estimateSilhouette }: ClusteringThreads,
  { columns, matrix }: ClusterInput,
  { labels, nClusters }: ClusterFit,
  seed: number,
): Promise<ClusterScores> {
  const sizes = sizesOf(labels, nClusters);
  const inertia = columns.reduce(
    (sum, { scaled }) => sum + squaresAround(scaled, labels, meansOf(scaled, labels, sizes)),
    0,
  );
  if (nClusters < 2 || nClusters > MOST_SCORED_CLUSTERS) {
    const none = { silhouette: null, silhouetteSamples: 0, daviesBouldin: null, calinskiHarabasz: null };
    return { sizes, inertia, ...none };
  }
  const kept = labels.includes(-1) ? withoutNoise(matrix, labels) : { data: matrix, labels };
  const estimate = await estimateSilhouette(kept.data, kept.labels, nClusters, seed);
  return {
    sizes,
    inertia,
    silhouette: estimate.silhouette,
    silhouetteSamples: estimate.nSamples,
    daviesBouldin: daviesBouldinScore(kernels, kept.data, kept.labels, nClusters),
    calinskiHarabasz: calinskiHarabaszScore(kept.data, kept.labels, nClusters),
  };
}

/** Rows of each cluster. */
function sizesOf(labels: Int32Array, nClusters: number): number[] {
  const sizes = new Array<number>(nClusters).fill(0);
  for (const label of labels) if (label >= 0) sizes[label]!++;
  return sizes;
}

/** Mean of a column over the rows of each cluster. */
export function meansOf(values: Float64Array, labels: Int32Array, sizes: readonly number[]): Float64Array {
  // Sums of differences to the first row: a large offset and a small spread do not mix.
  const first = values[0]!;
  const sums = new Float64Array(sizes.length);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (label >= 0) sums[label]! += values[row]! - first;
  }
  return sums.map((sum, cluster) => first + sum / sizes[cluster]!);
}

function squaresAround(values: Float64Array, labels: Int32Array, means: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (label < 0) continue;
    const difference = values[row]! - means[label]!;
    sum += difference * difference;
  }
  return sum;
}

/** The rows that belong to a cluster, and their labels. */
export function withoutNoise(
  { nFeatures, values }: Matrix,
  labels: Int32Array,
): { data: Matrix; labels: Int32Array } {
  const kept = labels.filter((label) => label >= 0);
  const rows = new Float32Array(kept.length * nFeatures);
  let end = 0;
  labels.forEach((label, row) => {
    if (label < 0) return;
    rows.set(values.subarray(row * nFeatures, (row + 1) * nFeatures), end);
    end += nFeatures;
  });
  return { data: { nSamples: kept.length, nFeatures, values: rows }, labels: kept };
}
