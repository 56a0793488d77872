import type { Matrix } from '../arrow/matrix.ts';
import { CALL_SAMPLES } from '../clustering/crew.ts';
import { type KMeansFit, type KMeansOptions, searchKMeans } from '../clustering/kmeans.ts';
import { shares } from '../clustering/kmeans-lloyd.ts';
import { ALL_ROWS_UP_TO, type Round, runAttempt } from '../clustering/kmeans-restarts.ts';
import type { PlacedRows } from '../clustering/placed-rows.ts';
import { ThreadCrew } from './thread-crew.ts';
import type { ThreadPool } from './thread-pool.ts';

let latestTable = 0;

/**
 * As `kmeans`, byte for byte but for the count of work done: the fits of a round run side by side on the threads of the
 * pool where rows are few, and one after the other, each on all threads, where they are many; the best is chosen as if they
 * had run one after the other. Nothing else may use the pool's kernels until it ends.
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
      if (isShared(pool, value)) {
        await runShared(pool, value);
        continue;
      }
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

function isShared({ nThreads }: ThreadPool, { rows, attempts }: Round): boolean {
  return nThreads > 1 && rows.nSamples > ALL_ROWS_UP_TO && attempts.every((attempt) => shares(attempt.lloyd));
}

async function runShared(pool: ThreadPool, { rows, attempts, take }: Round): Promise<void> {
  const { memory } = pool.kernels;
  const mark = memory.used;
  const crew = await ThreadCrew.open(pool, Math.ceil(rows.nSamples / CALL_SAMPLES) + pool.nThreads);
  try {
    for (const attempt of attempts) take(runAttempt(pool.kernels, rows, attempt, crew));
  } finally {
    await crew.close();
    memory.release(mark);
  }
}
