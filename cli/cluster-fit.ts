import type { Matrix } from '../functions/arrow/matrix.ts';
import { agglomerate, type Linkage } from '../functions/clustering/agglomerative.ts';
import { bisectingKMeans } from '../functions/clustering/bisecting.ts';
import { dbscan } from '../functions/clustering/dbscan.ts';
import { cutAtCount, type MergeTree } from '../functions/clustering/dendrogram.ts';
import { InsufficientDataError } from '../functions/errors.ts';
import type { Kernels } from '../functions/kernels/instance.ts';
import type { ClusteringThreads } from '../functions/threads/clustering-threads.ts';
import { type Algorithm, type ClusterOptions, DEFAULTS } from './cluster-options.ts';
import { type ScaledColumn, toRows } from './cluster-scaling.ts';

/** What an algorithm found. */
export interface ClusterFit {
  /** Cluster per row, −1 for noise. */
  readonly labels: Int32Array;
  readonly nClusters: number;
  /** Null where the algorithm does not iterate. */
  readonly iterations: number | null;
  /** Facts of this algorithm alone, by their names in the JSON. */
  readonly details: Readonly<Record<string, number | boolean | null>>;
  /** Time of clustering alone. */
  readonly seconds: number;
}

/** A table ready for the kernels. */
export interface ClusterInput {
  readonly columns: readonly ScaledColumn[];
  /** The same in float32. */
  readonly matrix: Matrix;
}

/** Runs `work` and measures it. */
function timed<T>(work: () => T): { result: T; seconds: number } {
  const start = performance.now();
  const result = work();
  return { result, seconds: (performance.now() - start) / 1000 };
}

/**
 * Clusters by density.
 * @throws InsufficientDataError when `--eps auto` finds no scale to read the radius from
 */
export function fitDbscan(kernels: Kernels, { columns }: ClusterInput, options: ClusterOptions): ClusterFit {
  const { eps = DEFAULTS.eps, minSamples = DEFAULTS.minSamples } = options;
  const rows = toRows(columns);
  const { result, seconds } = timed(() => dbscan(kernels, rows, { eps, minSamples }));
  const { labels, nClusters, nCore, nBorder, nNoise } = result;
  const details = { eps: result.eps, epsAuto: eps === 'auto', minSamples, nCore, nBorder, nNoise };
  return { labels, nClusters, iterations: null, details, seconds };
}

/**
 * A function that clusters into as many clusters as it is told. A merge tree is built once and cut at each number.
 * @throws InsufficientDataError, the function too, for fewer different rows than clusters
 */
export function fitterOf(
  clustering: ClusteringThreads,
  input: ClusterInput,
  options: ClusterOptions,
): (nClusters: number) => ClusterFit | Promise<ClusterFit> {
  if (options.algorithm === 'kmeans') return (nClusters) => fitKMeans(clustering, input, options, nClusters);
  return fitterOnOneThread(clustering.kernels, input, { ...options, algorithm: options.algorithm });
}

/** As `fitterOf`, for the algorithms that run on one thread. */
export function fitterOnOneThread(
  kernels: Kernels,
  input: ClusterInput,
  options: ClusterOptions & { readonly algorithm: Exclude<Algorithm, 'kmeans'> },
): (nClusters: number) => ClusterFit {
  const { algorithm } = options;
  if (algorithm === 'dbscan') return () => fitDbscan(kernels, input, options);
  if (algorithm === 'bisecting') return (nClusters) => fitBisecting(kernels, input, options, nClusters);
  return agglomerativeFitter(kernels, input, algorithm);
}

async function fitKMeans(
  { kmeans }: ClusteringThreads,
  { matrix }: ClusterInput,
  { seed, restarts = DEFAULTS.restarts }: ClusterOptions,
  nClusters: number,
): Promise<ClusterFit> {
  const start = performance.now();
  const { labels, iterations, ...fit } = await kmeans(matrix, { nClusters, seed, nInit: restarts });
  const seconds = (performance.now() - start) / 1000;
  return { labels, nClusters, iterations, details: { restarts: fit.restarts }, seconds };
}

function fitBisecting(
  kernels: Kernels,
  { matrix }: ClusterInput,
  { seed, restarts = DEFAULTS.restarts }: ClusterOptions,
  nClusters: number,
): ClusterFit {
  const { result, seconds } = timed(() =>
    bisectingKMeans(kernels, matrix, { nClusters, seed, nInit: restarts }),
  );
  const { labels, sizes, iterations } = result;
  return { labels, nClusters: sizes.length, iterations, details: { restarts }, seconds };
}

function agglomerativeFitter(
  kernels: Kernels,
  { columns }: ClusterInput,
  linkage: Linkage,
): (nClusters: number) => ClusterFit {
  let tree: MergeTree | undefined;
  return (nClusters) => {
    const { result, seconds } = timed(() => {
      tree ??= agglomerate(kernels, toRows(columns), linkage);
      return cut(tree, nClusters);
    });
    return { nClusters, iterations: null, seconds, ...result };
  };
}

function cut(tree: MergeTree, nClusters: number): Pick<ClusterFit, 'labels' | 'details'> {
  const { heights, nSamples } = tree;
  const nDistinct = 1 + heights.reduce((n, height) => n + (height > 0 ? 1 : 0), 0);
  if (nClusters > nDistinct) {
    throw new InsufficientDataError(
      `${nClusters} clusters need at least ${nClusters} different rows, but the table has ${nDistinct}` +
        `${nDistinct === nSamples ? '' : ` (in ${nSamples} rows)`}. Ask for fewer clusters or add data.`,
      { reason: 'distinct_rows', distinctRows: nDistinct, nClusters },
    );
  }
  const nKept = nSamples - nClusters;
  const details = {
    nMerges: heights.length,
    // The highest merge within a cluster, and the lowest between two of them.
    cutHeight: heights[nKept - 1] ?? 0,
    nextHeight: heights[nKept] ?? null,
  };
  return { labels: cutAtCount(tree, nClusters), details };
}
