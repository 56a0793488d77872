import type { Matrix } from '../arrow/matrix.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { Random } from '../stats/random.ts';
import { comparableSizes } from './cluster-sizes.ts';
import { rowsByCluster, sampleRows } from './silhouette-sample.ts';
import { silhouetteSamples } from './validity.ts';

/** A silhouette estimated on a sample, with the range that sampling leaves open. */
export interface SilhouetteInterval {
  /** Mean over all rows, −1..1. */
  readonly silhouette: number;
  /** Standard error that sampling adds; 0 when all rows were used. */
  readonly standardError: number;
  /** Ends of the confidence interval, within −1..1. */
  readonly low: number;
  readonly high: number;
  /** Mean per cluster; NaN for one without rows. */
  readonly byCluster: Float64Array;
  readonly nSampled: number;
}

export interface SilhouetteIntervalOptions {
  readonly seed: number;
  /** Rows to sample, about; up to this many rows the result is exact. Default 5,000. */
  readonly limit?: number;
  /** Standard errors to either side; 2.26 (the default) covers 95 % (Student's t of nine degrees of freedom). */
  readonly width?: number;
}

/** Parts of the sample that are left out in turn to see how much the estimate moves. */
const N_GROUPS = 10;

/**
 * Mean silhouette on a sample stratified by cluster, with a confidence interval. Every cluster sends rows into the
 * sample, also the smallest, and counts by its true size. Distances are to sampled rows, so the rows of the sample
 * share their errors: the standard error comes from the delete-a-group jackknife (Kott 2001), with finite-population
 * correction.
 * @throws InsufficientDataError when fewer than two clusters have rows
 */
export function silhouetteInterval(
  kernels: Kernels,
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
  { seed, limit = 5000, width = 2.26 }: SilhouetteIntervalOptions,
): SilhouetteInterval {
  if (!Number.isInteger(limit) || limit < 2) {
    throw new InvalidRequestError(`limit is ${limit}: a sample needs a whole number of rows from 2.`);
  }
  const sizes = comparableSizes(labels, data.nSamples, nClusters);
  const means = (rows: Int32Array) => clusterMeansOf(kernels, data, labels, nClusters, rows);
  const overall = (byCluster: Float64Array) =>
    byCluster.reduce((sum, mean, c) => (sizes[c] === 0 ? sum : sum + (sizes[c]! / data.nSamples) * mean), 0);
  if (data.nSamples <= limit) {
    const byCluster = means(Int32Array.from(labels.keys()));
    const silhouette = overall(byCluster);
    const nSampled = data.nSamples;
    return { silhouette, standardError: 0, low: silhouette, high: silhouette, byCluster, nSampled };
  }
  const rows = sampleRows(rowsByCluster(labels, nClusters), data.nSamples, seed, limit);
  const byCluster = means(rows);
  const silhouette = overall(byCluster);
  const groups = jackknifeGroups(rows, labels, sizes, new Random(seed).fork(nClusters));
  let variance = 0;
  for (let group = 0; group < N_GROUPS; group++) {
    const without = overall(means(rows.filter((_, i) => groups[i] !== group)));
    variance += ((N_GROUPS - 1) / N_GROUPS) * (without - silhouette) ** 2;
  }
  const standardError = Math.sqrt(variance * (1 - rows.length / data.nSamples));
  return {
    silhouette,
    standardError,
    low: Math.max(-1, silhouette - width * standardError),
    high: Math.min(1, silhouette + width * standardError),
    byCluster,
    nSampled: rows.length,
  };
}

/** Mean silhouette of each cluster among the given rows; NaN for a cluster without rows. */
function clusterMeansOf(
  kernels: Kernels,
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
  rows: Int32Array,
): Float64Array {
  const own = Int32Array.from(rows, (row) => labels[row]!);
  const values = silhouetteSamples(kernels, rowsAt(data, rows), own, nClusters);
  const sums = new Float64Array(nClusters);
  const counts = new Int32Array(nClusters);
  values.forEach((value, i) => {
    sums[own[i]!]! += value;
    counts[own[i]!]! += 1;
  });
  return sums.map((sum, cluster) => sum / counts[cluster]!);
}

/** A group for every sampled row, −1 for the rows of clusters that are in the sample whole: they vary nothing. */
function jackknifeGroups(
  rows: Int32Array,
  labels: Int32Array,
  sizes: Int32Array,
  random: Random,
): Int32Array {
  const sampled = new Int32Array(sizes.length);
  for (const row of rows) sampled[labels[row]!]! += 1;
  const groups = new Int32Array(rows.length).fill(-1);
  const taken = new Int32Array(sizes.length);
  for (const i of random.shuffle(Int32Array.from(rows.keys()))) {
    const cluster = labels[rows[i]!]!;
    if (sampled[cluster]! < sizes[cluster]!) groups[i] = taken[cluster]!++ % N_GROUPS;
  }
  return groups;
}

/** The chosen rows as a matrix of their own. */
export function rowsAt({ nFeatures, values }: Matrix, rows: Int32Array): Matrix {
  const chosen = new Float32Array(rows.length * nFeatures);
  rows.forEach((row, i) => {
    chosen.set(values.subarray(row * nFeatures, (row + 1) * nFeatures), i * nFeatures);
  });
  return { nSamples: rows.length, nFeatures, values: chosen };
}
