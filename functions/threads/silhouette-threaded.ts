import type { Matrix } from '../arrow/matrix.ts';
import { silhouettePairs } from '../clustering/silhouette-pairs.ts';
import {
  EXACT_SILHOUETTE_ROWS,
  planSilhouette,
  type SilhouetteEstimate,
} from '../clustering/silhouette-sample.ts';
import type { ThreadPool } from './thread-pool.ts';

/** Kernel calls under way or waiting for their turn to be added, per thread. */
const CALLS_PER_THREAD = 8;

/**
 * As `silhouetteSamples`, byte for byte, the pairs of rows shared out among the threads of the pool. Nothing else may use
 * the pool's kernels until it ends.
 * @throws InsufficientDataError when fewer than two clusters have rows
 * @throws KernelError when a thread ends
 */
export async function silhouetteSamplesThreaded(
  pool: ThreadPool,
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
): Promise<Float64Array> {
  const { memory } = pool.kernels;
  const mark = memory.used;
  const running: Promise<number>[] = [];
  try {
    const pairs = silhouettePairs(pool.kernels, data, labels, nClusters);
    const { calls } = pairs;
    const nColumns = Math.min(calls.length, pool.nThreads * CALLS_PER_THREAD);
    const columns = Array.from({ length: nColumns }, pairs.newColumn);
    const columnOf = (call: number) => columns[call % nColumns]!;
    const start = (call: number) => {
      const args = pairs.argumentsOf(calls[call]!, columnOf(call));
      const ending = pool.run({ kind: 'call', kernel: 'silhouette_rows_f32', args });
      // A call that fails before its turn has come is reported when it comes.
      ending.catch(() => {});
      running.push(ending);
    };
    for (let call = 0; call < nColumns; call++) start(call);
    for (let call = 0; call < calls.length; call++) {
      await running[call];
      pairs.addColumn(calls[call]!, columnOf(call));
      if (call + nColumns < calls.length) start(call + nColumns);
    }
    return pairs.values();
  } finally {
    await Promise.allSettled(running);
    memory.release(mark);
  }
}

/**
 * As `estimateSilhouette`, byte for byte, on the threads of the pool.
 * @throws InsufficientDataError when fewer than two clusters have rows
 * @throws KernelError when a thread ends
 */
export async function estimateSilhouetteThreaded(
  pool: ThreadPool,
  data: Matrix,
  labels: Int32Array,
  nClusters: number,
  seed: number,
  limit = EXACT_SILHOUETTE_ROWS,
): Promise<SilhouetteEstimate> {
  const plan = planSilhouette(data, labels, nClusters, seed, limit);
  return plan.estimate(await silhouetteSamplesThreaded(pool, plan.data, plan.labels, nClusters));
}
