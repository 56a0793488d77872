import type { Matrix } from '../arrow/matrix.ts';
import type { Kernels } from '../kernels/instance.ts';
import { Random } from '../stats/random.ts';
import { meanSilhouette, silhouetteSamples } from './validity.ts';

/** Rows up to which the silhouette is exact; its cost grows with their square. */
export const EXACT_SILHOUETTE_ROWS = 20_000;

/** Rows that even the smallest cluster sends into a sample, if it has them. */
const LEAST_PER_CLUSTER = 30;

/** A mean silhouette, and the number of rows it was computed on. */
export interface SilhouetteEstimate {
  readonly silhouette: number;
  readonly nSamples: number;
}

/** Rows to take the silhouette of, and what their coefficients say about all rows. */
export interface SilhouettePlan {
  readonly data: Matrix;
  readonly labels: Int32Array;
  /** @param values coefficient of every row of `data` */
  readonly estimate: (values: Float64Array) => SilhouetteEstimate;
}

/**
 * Mean silhouette: exact up to `limit` rows, else estimated on a seeded sample that holds some rows of every cluster.
 * Each sampled cluster counts by its true size, so that lifting small clusters into the sample biases nothing. The
 * sample is drawn from the canonical row order: no sharding changes it.
 * @throws InsufficientDataError when fewer than two clusters have rows
 */
export function estimateSilhouette(
  kernels: Kernels,
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
  seed: number,
  limit = EXACT_SILHOUETTE_ROWS,
): SilhouetteEstimate {
  const plan = planSilhouette(data, labels, nClusters, seed, limit);
  return plan.estimate(silhouetteSamples(kernels, plan.data, plan.labels, nClusters));
}

/** The steps of `estimateSilhouette`, for a caller that computes the coefficients itself. */
export function planSilhouette(
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
  seed: number,
  limit = EXACT_SILHOUETTE_ROWS,
): SilhouettePlan {
  const { nSamples } = data;
  if (nSamples <= limit) {
    const estimate = (values: Float64Array) => ({ silhouette: meanSilhouette(values), nSamples });
    return { data, labels, estimate };
  }
  const members = rowsByCluster(labels, nClusters);
  const rows = sampleRows(members, nSamples, seed, limit);
  const sampledLabels = Int32Array.from(rows, (row) => labels[row] ?? 0);
  const estimate = (values: Float64Array) => {
    const sums = new Float64Array(nClusters);
    const counts = new Int32Array(nClusters);
    values.forEach((value, i) => {
      const cluster = sampledLabels[i]!;
      sums[cluster]! += value;
      counts[cluster]!++;
    });
    const silhouette = members.reduce(
      (total, { length }, cluster) =>
        length === 0 ? total : total + (length / nSamples) * (sums[cluster]! / counts[cluster]!),
      0,
    );
    return { silhouette, nSamples: rows.length };
  };
  return { data: rowsOf(data, rows), labels: sampledLabels, estimate };
}

/** Rows of a sample stratified by cluster: in proportion, but at least a few of each; every row at most once. */
export function sampleRows(
  members: readonly Int32Array[],
  nSamples: number,
  seed: number,
  limit: number,
): Int32Array {
  const random = new Random(seed);
  const chosen = members.map((rows, cluster) => {
    const quota = Math.floor((limit * rows.length) / nSamples);
    const size = Math.max(quota, Math.min(rows.length, LEAST_PER_CLUSTER));
    return random
      .fork(cluster)
      .sample(rows.length, size)
      .map((i) => rows[i] ?? 0);
  });
  const all = new Int32Array(chosen.reduce((size, { length }) => size + length, 0));
  let end = 0;
  for (const rows of chosen) {
    all.set(rows, end);
    end += rows.length;
  }
  return all;
}

function rowsOf({ nFeatures, values }: Matrix, rows: Int32Array): Matrix {
  const chosen = new Float32Array(rows.length * nFeatures);
  rows.forEach((row, i) => {
    chosen.set(values.subarray(row * nFeatures, (row + 1) * nFeatures), i * nFeatures);
  });
  return { nSamples: rows.length, nFeatures, values: chosen };
}

/** Row numbers of each cluster, ascending. */
export function rowsByCluster(labels: Int32Array, nClusters: number): Int32Array[] {
  const sizes = new Int32Array(nClusters);
  for (const label of labels) sizes[label]!++;
  const members = Array.from(sizes, (size) => new Int32Array(size));
  const ends = new Int32Array(nClusters);
  labels.forEach((label, row) => {
    members[label]![ends[label]!++] = row;
  });
  return members;
}
