import type { Matrix } from '../arrow/matrix.ts';
import { countDistinctRows } from '../clustering/distinct-rows.ts';
import { kmeans } from '../clustering/kmeans.ts';
import { estimateSilhouette } from '../clustering/silhouette-sample.ts';
import { daviesBouldinScore } from '../clustering/validity.ts';
import type { PurchasingCustomer } from '../contracts/drilldown.ts';
import type { Kernels } from '../kernels/instance.ts';
import { EXHAUSTIVE_BELOW, exhaustiveKMeans } from './exhaustive-kmeans.ts';

/** How the splits are searched. */
export interface SplitOptions {
  /** Numbers of clusters to try. */
  readonly kRange: readonly number[];
  readonly seed: number;
  readonly restarts: number;
}

/** One split of some customers, scored. Clusters are numbered by size descending, then by mean amount ascending. */
export interface Split {
  readonly nClusters: number;
  /** Per customer. */
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
 * Splits customers by k-means once for each number of clusters that the rows allow, in ascending order: to the optimum
 * below 10 customers, else the best of seeded restarts. Scores are those of the matrix that was split; beyond 20,000
 * customers the silhouette is an estimate on a seeded sample.
 * @param customers in an order that the caller fixes: it decides which starts are drawn
 */
export function splitCustomers(
  kernels: Kernels,
  customers: readonly PurchasingCustomer[],
  data: Matrix,
  { kRange, seed, restarts }: SplitOptions,
): Split[] {
  return feasibleClusters(data, kRange).map((nClusters) => {
    const found =
      data.nSamples < EXHAUSTIVE_BELOW
        ? exhaustiveKMeans(data, nClusters)
        : kmeans(kernels, data, { nClusters, seed, nInit: restarts }).labels;
    const labels = numbered(customers, found, nClusters);
    return {
      nClusters,
      labels,
      silhouette: estimateSilhouette(kernels, data, labels, nClusters, seed).silhouette,
      daviesBouldin: daviesBouldinScore(kernels, data, labels, nClusters),
    };
  });
}

/** Renumbers clusters by size descending, then by mean amount ascending, then by their first customer; −1 stays. */
export function numbered(
  customers: readonly PurchasingCustomer[],
  labels: Int32Array,
  nClusters: number,
): Int32Array {
  const clusters = Array.from({ length: nClusters }, (_, cluster) => ({
    cluster,
    size: 0,
    amount: 0,
    first: labels.indexOf(cluster),
  }));
  labels.forEach((label, row) => {
    const cluster = clusters[label];
    if (!cluster) return;
    cluster.size++;
    cluster.amount += customers[row]!.amount_spent;
  });
  clusters.sort((a, b) => b.size - a.size || a.amount / a.size - b.amount / b.size || a.first - b.first);
  const rank = new Int32Array(nClusters);
  clusters.forEach(({ cluster }, to) => {
    rank[cluster] = to;
  });
  return labels.map((label) => rank[label] ?? label);
}
