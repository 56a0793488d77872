import type { Matrix } from '../arrow/matrix.ts';
import { type KMeansFit, type KMeansOptions, searchKMeans } from '../clustering/kmeans.ts';
import type { PlacedRows } from '../clustering/placed-rows.ts';
import type { ThreadPool } from './thread-pool.ts';

let latestTable = 0;

/**
 * As `kmeans`, byte for byte: restarts run on the threads of the pool, and the best is chosen as if they had run one
 * after the other. Nothing else may use the pool's kernels until it ends.
 * @throws as `kmeans`
 * @throws KernelError when a thread ends
 */
export async function kmeansThreaded(
  pool: ThreadPool,
  data: Matrix,
  options: KMeansOptions,
): Promise<KMeansFit> {
  const { memory } = pool.kernels;
  const mark = memory.used;
  try {
    const search = searchKMeans(pool.kernels, data, options);
    let rows: PlacedRows | undefined;
    for (;;) {
      const { done, value } = search.next();
      if (done) return value;
      if (value.rows !== rows) latestTable++;
      rows = value.rows;
      const table = { kind: 'fit', table: latestTable, rows: value.rows } as const;
      const fits = await Promise.all(value.attempts.map((attempt) => pool.run({ ...table, attempt })));
      fits.forEach(value.take);
    }
  } finally {
    memory.release(mark);
  }
}
