import type { Matrix } from '../arrow/matrix.ts';
import { countDistinctRows } from '../clustering/distinct-rows.ts';
import { kmeans } from '../clustering/kmeans.ts';
import { estimateSilhouette } from '../clustering/silhouette-sample.ts';
import { daviesBouldinScore } from '../clustering/validity.ts';
import type { Kernels } from '../kernels/instance.ts';
import { EXHAUSTIVE_BELOW, exhaustiveKMeans } from './exhaustive-kmeans.ts';

/** How the splits are searched. */
export interface SplitOptions {
  /** Numbers of clusters to try. */
  readonly kRange: readonly number[];
  readonly seed: number;
  readonly restarts: number;
}

/** One split of some rows, scored. */
export interface Split {
  readonly nClusters: number;
  /** Per row. */
  readonly labels: Int32Array;
  readonly silhouette: number;
  readonly daviesBouldin: number;
}

/** Numbers of clusters that can be scored: at most one less than there are rows, and no more than different rows. */
export function feasibleClusters(data: Matrix, kRange: readonly number[]): number[] {
  const wanted = [...new Set(kRange)].sort((a, b) => a - b);
  const distinct = countDistinctRows(data, (wanted.at(-1) ?? 0) + 1);
  return wanted.filter((k) => k <= distinct && k < data.nSamples);
}

/**
 * Splits rows by k-means once for each number of clusters that they allow, in ascending order: to the optimum below 10
 * rows, else the best of seeded restarts. Beyond 20,000 rows the silhouette is an estimate on a seeded sample.
 * @param data in an order that the caller fixes: it decides which starts are drawn
 * @param number gives the clusters of a split their final numbers
 */
export function splitRows(
  kernels: Kernels,
  data: Matrix,
  { kRange, seed, restarts }: SplitOptions,
  number: (labels: Int32Array, nClusters: number) => Int32Array,
): Split[] {
  return feasibleClusters(data, kRange).map((nClusters) => {
    const found =
      data.nSamples < EXHAUSTIVE_BELOW
        ? exhaustiveKMeans(data, nClusters)
        : kmeans(kernels, data, { nClusters, seed, nInit: restarts }).labels;
    const labels = number(found, nClusters);
    return {
      nClusters,
      labels,
      silhouette: estimateSilhouette(kernels, data, labels, nClusters, seed).silhouette,
      daviesBouldin: daviesBouldinScore(kernels, data, labels, nClusters),
    };
  });
}

/** Numbers clusters by size descending, then by their first row. */
export function numberedBySize(labels: Int32Array, nClusters: number): Int32Array {
  const sizes = new Int32Array(nClusters);
  for (const label of labels) sizes[label]!++;
  const order = Array.from({ length: nClusters }, (_, cluster) => cluster).sort(
    (a, b) => sizes[b]! - sizes[a]! || labels.indexOf(a) - labels.indexOf(b),
  );
  const rank = new Int32Array(nClusters);
  order.forEach((cluster, to) => {
    rank[cluster] = to;
  });
  return labels.map((label) => rank[label]!);
}
