import type { Matrix } from '../arrow/matrix.ts';
import { planSilhouette } from '../clustering/silhouette-sample.ts';
import { daviesBouldinScore, silhouetteSamples } from '../clustering/validity.ts';
import type { Kernels } from '../kernels/instance.ts';

/** Rows that a silhouette is computed on, at most: its time grows with their square. */
const SILHOUETTE_ROWS = 5_000;

/** Where clusters lie and how dense they are, in scaled units. */
export interface ClusterPlaces {
  readonly sizes: readonly number[];
  /** nFeatures means each. */
  readonly centers: readonly ArrayLike<number>[];
  /** Per cluster: mean distance of its rows to its center. */
  readonly cohesion: readonly number[];
  /** Per cluster: distance to the nearest other center; null where there is none. */
  readonly separation: readonly (number | null)[];
}

/** The same with the distances of the rows. */
export interface ClusterGeometry extends ClusterPlaces {
  /** Per row, Euclidean, to the center of its own cluster; NaN for noise. */
  readonly distances: Float64Array;
}

/** Measures clusters, in float64 and row order; rows labelled −1 belong to none. Every cluster has a row. */
export function clusterGeometry(
  { nSamples, nFeatures, values }: Matrix,
  labels: Int32Array,
  nClusters: number,
): ClusterGeometry {
  const sizes = new Array<number>(nClusters).fill(0);
  const centers = Array.from({ length: nClusters }, () => new Float64Array(nFeatures));
  for (let row = 0; row < nSamples; row++) {
    const label = labels[row]!;
    if (label < 0) continue;
    sizes[label]!++;
    const center = centers[label]!;
    for (let j = 0; j < nFeatures; j++) center[j]! += values[row * nFeatures + j]!;
  }
  for (const [label, center] of centers.entries()) {
    for (let j = 0; j < nFeatures; j++) center[j]! /= sizes[label]!;
  }
  const distances = new Float64Array(nSamples).fill(Number.NaN);
  const sums = new Array<number>(nClusters).fill(0);
  for (let row = 0; row < nSamples; row++) {
    const label = labels[row]!;
    if (label < 0) continue;
    const own = values.subarray(row * nFeatures, (row + 1) * nFeatures);
    distances[row] = distanceOf(own, centers[label]!);
    sums[label]! += distances[row]!;
  }
  return {
    sizes,
    centers,
    distances,
    cohesion: sums.map((sum, label) => sum / sizes[label]!),
    separation: centers.map((center, label) => {
      const others = centers.filter((_, other) => other !== label);
      return others.length === 0 ? null : Math.min(...others.map((other) => distanceOf(center, other)));
    }),
  };
}

/** Euclidean distance in float64. */
export function distanceOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2;
  return Math.sqrt(sum);
}

/** Mean silhouettes, −1..1, and the Davies-Bouldin index; null for fewer than two clusters. */
export interface ClusterValidity {
  readonly silhouette: number | null;
  readonly byCluster: readonly (number | null)[];
  readonly daviesBouldin: number | null;
}

/** Judges clusters; noise is left out, and past 5,000 rows the silhouette is estimated on a seeded sample of them. */
export function clusterValidity(
  kernels: Kernels,
  matrix: Matrix,
  labels: Int32Array,
  nClusters: number,
  seed: number,
): ClusterValidity {
  if (nClusters < 2) {
    return { silhouette: null, byCluster: new Array<null>(nClusters).fill(null), daviesBouldin: null };
  }
  const kept = labels.includes(-1) ? clusteredRows(matrix, labels) : { data: matrix, labels };
  const plan = planSilhouette(kept.data, kept.labels, nClusters, seed, SILHOUETTE_ROWS);
  const values = silhouetteSamples(kernels, plan.data, plan.labels, nClusters);
  const sums = new Array<number>(nClusters).fill(0);
  const counts = new Array<number>(nClusters).fill(0);
  for (const [i, label] of plan.labels.entries()) {
    sums[label]! += values[i]!;
    counts[label]!++;
  }
  return {
    silhouette: plan.estimate(values).silhouette,
    byCluster: sums.map((sum, label) => sum / counts[label]!),
    daviesBouldin: daviesBouldinScore(kernels, kept.data, kept.labels, nClusters),
  };
}

function clusteredRows(
  { nFeatures, values }: Matrix,
  labels: Int32Array,
): { data: Matrix; labels: Int32Array } {
  const kept = labels.filter((label) => label >= 0);
  const rows = new Float32Array(kept.length * nFeatures);
  let end = 0;
  for (const [row, label] of labels.entries()) {
    if (label < 0) continue;
    rows.set(values.subarray(row * nFeatures, (row + 1) * nFeatures), end);
    end += nFeatures;
  }
  return { data: { nSamples: kept.length, nFeatures, values: rows }, labels: kept };
}
