import type { Matrix } from '../arrow/matrix.ts';
import { CALL_SAMPLES } from '../clustering/crew.ts';
import { type KMeansFit, type KMeansOptions, searchKMeans } from '../clustering/kmeans.ts';
import { shares } from '../clustering/kmeans-lloyd.ts';
import { ALL_ROWS_UP_TO, type Round, runAttempt } from '../clustering/kmeans-restarts.ts';
import { ThreadCrew } from './thread-crew.ts';
import type { ThreadPool } from './thread-pool.ts';

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
  const { kernels, nThreads } = pool;
  const mark = kernels.memory.used;
  // Called before the rows are placed: by then all have come.
  const crew = new ThreadCrew(pool, Math.ceil(data.nSamples / CALL_SAMPLES) + nThreads);
  try {
    const search = searchKMeans(kernels, data, options, crew);
    for (;;) {
      const { done, value } = search.next();
      if (done) return value;
      const { rows, attempts, take, labels } = value;
      if (isShared(value)) {
        for (const attempt of attempts) take(runAttempt(kernels, rows, attempt, crew, labels()));
      } else (await crew.fits(rows, attempts)).forEach(take);
    }
  } finally {
    await crew.close();
    kernels.memory.release(mark);
  }
}

function isShared({ rows, attempts }: Round): boolean {
  return rows.nSamples > ALL_ROWS_UP_TO && attempts.every((attempt) => shares(attempt.lloyd));
}
