import type { Matrix } from '../functions/arrow/matrix.ts';
import { countDistinctRows } from '../functions/clustering/distinct-rows.ts';
import { type GapStatistic, gapStatistic } from '../functions/clustering/gap-statistic.ts';
import { kmeans } from '../functions/clustering/kmeans.ts';
import { simplifiedSilhouette } from '../functions/clustering/simplified-silhouette.ts';
import { clusterStability } from '../functions/clustering/stability.ts';
import { InsufficientDataError } from '../functions/errors.ts';
import type { Kernels } from '../functions/kernels/instance.ts';
import { type ClusterFit, type ClusterInput, fitterOnOneThread } from './cluster-fit.ts';
import { type ClusterOptions, DEFAULTS } from './cluster-options.ts';
import { toMatrix } from './cluster-scaling.ts';
import { withoutNoise } from './cluster-scores.ts';

/** What `--check` adds: whether the clusters would come back, and whether there are any. */
export interface ClusterCheck {
  /** By distances to the means of the scaled rows, noise left out; null for fewer than two clusters. */
  readonly simplifiedSilhouette: {
    readonly silhouette: number;
    readonly byCluster: readonly number[];
  } | null;
  /** Per cluster; null for one that no draw held a row of. */
  readonly stability: {
    readonly jaccard: readonly (number | null)[];
    readonly dissolved: readonly (number | null)[];
    readonly nResamples: number;
  };
  /** K-means only: the statistic compares its inertia. */
  readonly gap?: GapStatistic;
}

export interface CheckContext {
  readonly sizes: readonly number[];
  /** The gap statistic looks one further than this many clusters, as far as there are rows. */
  readonly largest: number;
  readonly onStage: (stage: string) => void;
}

/** Checks a clustering by redrawn rows and, for k-means, against tables without structure. Equal seeds, equal bytes. */
export function checkClusters(
  kernels: Kernels,
  input: ClusterInput,
  options: ClusterOptions,
  fit: ClusterFit,
  { sizes, largest, onStage }: CheckContext,
): ClusterCheck {
  const { labels, nClusters } = fit;
  const { seed } = options;
  onStage('clustering redrawn rows …');
  const { jaccard, dissolved, nResamples } = clusterStability(
    labels,
    nClusters,
    (rows) => labelsAgain(kernels, rowsOf(input, rows), options, fit),
    { seed },
  );
  const known = (values: Float64Array) => Array.from(values, (value) => (Number.isNaN(value) ? null : value));
  const check = {
    simplifiedSilhouette: silhouetteOf(input, fit, sizes),
    stability: { jaccard: known(jaccard), dissolved: known(dissolved), nResamples },
  };
  if (options.algorithm !== 'kmeans') return check;
  onStage('comparing with tables without structure …');
  const maxClusters = countDistinctRows(input.matrix, largest + 1);
  return { ...check, gap: gapStatistic(kernels, input.matrix, { maxClusters, seed }) };
}

function silhouetteOf({ matrix }: ClusterInput, { labels }: ClusterFit, sizes: readonly number[]) {
  if (sizes.length < 2) return null;
  const kept = labels.includes(-1) ? withoutNoise(matrix, labels) : { data: matrix, labels };
  const { silhouette, byCluster } = simplifiedSilhouette(kept.data, kept.labels, centersOf(kept, sizes));
  return { silhouette, byCluster: [...byCluster] };
}

/** Means in the matrix's own coordinates, whose columns may have been moved. */
function centersOf(
  { data: { nFeatures, values }, labels }: { readonly data: Matrix; readonly labels: Int32Array },
  sizes: readonly number[],
): Float64Array {
  const centers = new Float64Array(sizes.length * nFeatures);
  labels.forEach((label, row) => {
    for (let j = 0; j < nFeatures; j++) centers[label * nFeatures + j]! += values[row * nFeatures + j]!;
  });
  return centers.map((sum, at) => sum / sizes[Math.floor(at / nFeatures)]!);
}

/** Labels of redrawn rows by the same algorithm: as many clusters, or the same radius. */
function labelsAgain(
  kernels: Kernels,
  input: ClusterInput,
  options: ClusterOptions,
  { nClusters, details }: ClusterFit,
): Int32Array {
  const { algorithm, seed, restarts = DEFAULTS.restarts } = options;
  try {
    if (algorithm === 'kmeans')
      return kmeans(kernels, input.matrix, { nClusters, seed, nInit: restarts }).labels;
    const radius = algorithm === 'dbscan' ? { eps: Number(details.eps) } : {};
    return fitterOnOneThread(kernels, input, { ...options, algorithm, ...radius })(nClusters).labels;
  } catch (error) {
    // A draw of fewer different rows than clusters finds none of them again.
    if (error instanceof InsufficientDataError) return new Int32Array(input.matrix.nSamples).fill(-1);
    throw error;
  }
}

function rowsOf({ columns }: ClusterInput, rows: Int32Array): ClusterInput {
  const drawn = columns.map((column) => ({
    ...column,
    raw: Float64Array.from(rows, (row) => column.raw[row]!),
    scaled: Float64Array.from(rows, (row) => column.scaled[row]!),
  }));
  return { columns: drawn, matrix: toMatrix(drawn) };
}
