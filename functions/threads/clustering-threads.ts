import type { Matrix } from '../arrow/matrix.ts';
import { type KMeansFit, type KMeansOptions, kmeans } from '../clustering/kmeans.ts';
import { estimateSilhouette, type SilhouetteEstimate } from '../clustering/silhouette-sample.ts';
import { type Kernels, loadKernels } from '../kernels/instance.ts';
import { kmeansThreaded } from './kmeans-threaded.ts';
import { estimateSilhouetteThreaded } from './silhouette-threaded.ts';
import { ThreadPool } from './thread-pool.ts';

/** Clustering on some number of threads; the number changes no byte of any result. */
export interface ClusteringThreads {
  /** For what runs on the calling thread, while nothing else does. */
  readonly kernels: Kernels;
  readonly kmeans: (data: Matrix, options: KMeansOptions) => KMeansFit | Promise<KMeansFit>;
  readonly estimateSilhouette: (
    data: Matrix,
    labels: Int32Array,
    nClusters: number,
    seed: number,
  ) => SilhouetteEstimate | Promise<SilhouetteEstimate>;
  /** Ends the threads. */
  readonly close: () => Promise<void>;
}

/** Opens worker threads; with one thread everything runs on the calling one. */
export async function openThreads(nThreads: number): Promise<ClusteringThreads> {
  const kernels = await loadKernels();
  if (nThreads === 1) {
    return {
      kernels,
      kmeans: (data, options) => kmeans(kernels, data, options),
      estimateSilhouette: (...args) => estimateSilhouette(kernels, ...args),
      close: async () => {},
    };
  }
  const pool = new ThreadPool(kernels, nThreads);
  return {
    kernels,
    kmeans: (data, options) => kmeansThreaded(pool, data, options),
    estimateSilhouette: (...args) => estimateSilhouetteThreaded(pool, ...args),
    close: () => pool.close(),
  };
}
