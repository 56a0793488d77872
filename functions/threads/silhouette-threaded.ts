import type { Matrix } from '../arrow/matrix.ts';
import { mostPairCalls, silhouettePairs } from '../clustering/silhouette-pairs.ts';
import {
  EXACT_SILHOUETTE_ROWS,
  planSilhouette,
  type SilhouetteEstimate,
} from '../clustering/silhouette-sample.ts';
import { ThreadCrew } from './thread-crew.ts';
import type { ThreadPool } from './thread-pool.ts';

/** Columns kept at a time, bytes: all of them up to some 60,000 rows. */
const COLUMN_BYTES = 2 ** 26;

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
  const { kernels, nThreads } = pool;
  const mark = kernels.memory.used;
  // Called before the rows are laid out: by then all have come.
  const crew = new ThreadCrew(pool, mostPairCalls(data.nSamples, nClusters));
  try {
    const pairs = silhouettePairs(kernels, data, labels, nClusters);
    const { calls } = pairs;
    const nColumns = Math.min(
      calls.length,
      Math.max(4 * nThreads, Math.floor(COLUMN_BYTES / (4 * data.nSamples))),
    );
    const columns = Array.from({ length: nColumns }, pairs.newColumn);
    for (let first = 0; first < calls.length; first += nColumns) {
      const some = calls.slice(first, first + nColumns);
      // Later calls compare with more rows. The longest go first: at the end nobody waits long for the others.
      const last = some.length - 1;
      const argsOf = (call: number) => pairs.argumentsOf(some[last - call]!, columns[last - call]!);
      crew.run('silhouette_rows_f32', { count: some.length, argsOf });
      some.forEach((call, at) => {
        pairs.addColumn(call, columns[at]!);
      });
    }
    return pairs.values();
  } finally {
    await crew.close();
    kernels.memory.release(mark);
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
