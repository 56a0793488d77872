import { spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Crew } from '../../functions/clustering/crew.ts';
import { type KMeansOptions, kmeans } from '../../functions/clustering/kmeans.ts';
import type { LloydFit } from '../../functions/clustering/kmeans-lloyd.ts';
import { runAttempt } from '../../functions/clustering/kmeans-restarts.ts';
import { placeRows } from '../../functions/clustering/placed-rows.ts';
import { estimateSilhouette } from '../../functions/clustering/silhouette-sample.ts';
import { silhouetteSamples } from '../../functions/clustering/validity.ts';
import { InsufficientDataError, KernelError } from '../../functions/errors.ts';
import { loadKernelsSync, type NumericMode } from '../../functions/kernels/instance.ts';
import {
  DONE,
  EMPTY,
  FAILED,
  FITTING,
  KERNEL,
  NEXT_FIT,
  PART,
  ROUND,
  SEATED,
  SEATS,
  TOO_LATE,
  WAITING,
} from '../../functions/threads/crew-room.ts';
import { kmeansThreaded } from '../../functions/threads/kmeans-threaded.ts';
import {
  estimateSilhouetteThreaded,
  silhouetteSamplesThreaded,
} from '../../functions/threads/silhouette-threaded.ts';
import { ThreadCrew } from '../../functions/threads/thread-crew.ts';
import { ThreadPool } from '../../functions/threads/thread-pool.ts';
import { blobs, matrixOf } from '../support/random-matrix.ts';

/** A pool that is closed after the test. */
function poolOf(nThreads: number, numericMode?: NumericMode, module?: URL): ThreadPool {
  const pool = new ThreadPool(loadKernelsSync(numericMode ? { numericMode } : {}), nThreads, module);
  onTestFinished(() => pool.close());
  return pool;
}

/** A crew whose members have all come. */
async function fullCrew(pool: ThreadPool, mostCalls: number): Promise<ThreadCrew> {
  const crew = new ThreadCrew(pool, mostCalls);
  while (crew.nPresent < pool.nThreads) {
    await setTimeout(1);
    expect(crew.run('madd_f32', { count: 1, argsOf: () => [2, 3, 1] })).toEqual([7]);
  }
  return crew;
}

/** A worker that does something else than its work. */
const workerThat = (code: string) =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads';${code}`)}`,
  );

/** A worker that is there in rounds of calls, leaves all calls to the others, and ends when fits are sent to it. */
const endsAtItsFits = (first = '') =>
  workerThat(`parentPort.on('message', ({ room: { control } }) => {
    ${first}
    const isLate = Atomics.compareExchange(control, ${SEATS}, ${EMPTY}, ${WAITING}) === ${TOO_LATE};
    if (!isLate) Atomics.wait(control, ${SEATS}, ${WAITING});
    const seated = Atomics.load(control, ${SEATS});
    if (seated === ${TOO_LATE}) return parentPort.postMessage({ rounds: 0 });
    for (let known = seated - ${SEATED}; ; known++) {
      Atomics.wait(control, ${ROUND}, known);
      if (Atomics.load(control, ${SEATS}) === ${FITTING}) process.exit(3);
      const parts = control[${KERNEL}] === ${PART};
      Atomics.add(control, ${DONE}, 1);
      Atomics.notify(control, ${DONE});
      if (parts) return parentPort.postMessage({ rounds: 0 });
    }
  });`);

const small = blobs(3000, 5, 6, 1, { heavyTail: true });
/** Beyond the rows up to which every restart works on all of them. */
const large = blobs(70_000, 4, 6, 2, { spread: 0.2 });

/** A fit but for what it computed, which hangs on who shared it. */
const withoutWork = ({ work: _work, ...fit }: LloydFit) => fit;

/** The first rows as initial centers. */
const centersOf = ({ nFeatures, values }: typeof small, nClusters: number) =>
  Float64Array.from(values.subarray(0, nClusters * nFeatures));

describe('k-means on threads', () => {
  const cases: [string, typeof small, Omit<KMeansOptions, 'nClusters' | 'seed'>][] = [
    ['ten restarts and more', small, {}],
    ['random starts', small, { init: 'random', nInit: 3 }],
    ['one start', small, { nInit: 1 }],
    ['given centers', small, { init: Float64Array.from({ length: 35 }, (_, at) => (at * 7) % 11) }],
    ['cosine', small, { metric: 'cosine', nInit: 3 }],
    [
      'weights',
      small,
      { sampleWeights: Float64Array.from({ length: 3000 }, (_, i) => 1 + (i % 5)), nInit: 3 },
    ],
    ['a sample first', large, { nInit: 3 }],
  ];

  it.each(cases)('gives the same bytes on 1, 2 and 4 threads as without: %s', async (_, data, more) => {
    const options = { nClusters: 7, seed: 3, ...more };
    const expected = kmeans(loadKernelsSync(), data, options);
    for (const nThreads of [1, 2, 4]) {
      expect(await kmeansThreaded(poolOf(nThreads), data, options)).toEqual(expected);
    }
  });

  const hard = blobs(66_003, 17, 12, 6, { spread: 0.9, heavyTail: true });
  const shared: [string, typeof small, Omit<KMeansOptions, 'seed'>][] = [
    ['few clusters, not packed in eights', large, { nClusters: 5, nInit: 2 }],
    ['many clusters, whose centers are ordered', large, { nClusters: 20, nInit: 1, maxIter: 60 }],
    ['bounds per group of centers', hard, { nClusters: 37, nInit: 1, maxIter: 12 }],
    ['a number of features that fills no vector', hard, { nClusters: 9, nInit: 2, maxIter: 30 }],
    ['cosine', hard, { nClusters: 6, nInit: 1, metric: 'cosine', maxIter: 20 }],
  ];

  it.each(shared)('share a fit of many rows and change no byte of it: %s', async (_, data, options) => {
    const { work: _own, ...expected } = kmeans(loadKernelsSync(), data, { seed: 5, ...options });
    for (const nThreads of [2, 3, 4]) {
      const pool = poolOf(nThreads);
      const before = pool.kernels.memory.used;
      const { work, ...fit } = await kmeansThreaded(pool, data, { seed: 5, ...options });
      expect(fit).toEqual(expected);
      expect(work.distances).toBeGreaterThan(0);
      expect(pool.kernels.memory.used).toBe(before);
    }
  });

  it('share rows that lie in the memory they all see, without a copy, and change no byte', async () => {
    const { work: _own, ...expected } = kmeans(loadKernelsSync(), hard, { nClusters: 6, seed: 5, nInit: 1 });
    const pool = poolOf(3);
    const values = pool.kernels.memory.f32(hard.values.length);
    values.set(hard.values);
    const there = { ...hard, values };
    const labels = pool.kernels.memory.i32(hard.nSamples);
    const options = { nClusters: 6, seed: 5, nInit: 1, labels };
    const { work: _work, ...fit } = await kmeansThreaded(pool, there, options);
    expect(fit.labels).toBe(labels);
    expect({ ...fit, labels: new Int32Array(labels) }).toEqual(expected);
    expect(values.findIndex((value, at) => value !== hard.values[at])).toBe(-1);
  });

  it('share fits, and make them side by side, when all have come', async () => {
    const attempts = [0, 1, 2, 3, 4, 5, 6].map((fork) => ({
      nClusters: 9,
      start: { method: 'k-means++', seed: 3, forks: [fork] } as const,
      lloyd: { maxIter: 40, tol: 0, improve: false },
    }));
    const kernels = loadKernelsSync();
    const alone = kernels.memory.scope(() => {
      const rows = placeRows(kernels, hard);
      return attempts.map((attempt) => withoutWork(runAttempt(kernels, rows, attempt)));
    });
    for (const nThreads of [2, 4]) {
      const pool = poolOf(nThreads);
      const crew = await fullCrew(pool, 64);
      const rows = placeRows(pool.kernels, hard);
      expect((await crew.fits(rows, attempts)).map(withoutWork)).toEqual(alone);
      expect((await crew.fits(rows, attempts.slice(2, 4))).map(withoutWork)).toEqual(alone.slice(2, 4));
      expect(withoutWork(runAttempt(pool.kernels, rows, attempts[0]!, crew))).toEqual(alone[0]);
      await crew.close();
    }
  });

  it('join the caller in its fits, where none are left for them', async () => {
    const pool = poolOf(3);
    const crew = await fullCrew(pool, 64);
    const rows = placeRows(pool.kernels, hard);
    const attempt = {
      nClusters: 3,
      start: centersOf(hard, 3),
      lloyd: { maxIter: 30, tol: 0, improve: false },
    };
    const alone = withoutWork(runAttempt(pool.kernels, rows, attempt));
    do {
      // The one fit is the caller's. Who is awake only once it is made finds a seat in the next.
      expect((await crew.fits(rows, [attempt])).map(withoutWork)).toEqual([alone]);
    } while (crew.nPresent < pool.nThreads);
    await crew.close();
  });

  it('share a fit in any order of their calls: the last call first', () => {
    const kernels = loadKernelsSync();
    const backwards: Crew = {
      size: 3,
      run: (kernel, { count, argsOf }) => {
        const call = kernels.exports[kernel] as (...args: readonly number[]) => number | undefined;
        return Array.from({ length: count }, (_, i) => [0, 1, 2].map((member) => argsOf(i, member))[i % 3]!)
          .toReversed()
          .map((args) => call(...args) ?? 0)
          .reverse();
      },
    };
    const attempt = {
      nClusters: 24,
      start: { method: 'k-means++', seed: 3, forks: [0] },
      lloyd: { maxIter: 40, tol: 0, improve: false },
    } as const;
    kernels.memory.scope(() => {
      const rows = placeRows(kernels, hard);
      const { work: _own, ...expected } = runAttempt(kernels, rows, attempt);
      const { work: _theirs, ...fit } = runAttempt(kernels, rows, attempt, backwards);
      expect(fit).toEqual(expected);
    });
  });

  it('rounds as the kernels of the pool do', async () => {
    const options = { nClusters: 5, seed: 1, nInit: 2 };
    const strict = loadKernelsSync({ numericMode: 'strict' });
    expect(await kmeansThreaded(poolOf(2, 'strict'), small, options)).toEqual(kmeans(strict, small, options));
  });

  it('keeps tables apart, and frees what it took', async () => {
    const pool = poolOf(2);
    const before = pool.kernels.memory.used;
    const options = { nClusters: 4, seed: 8, nInit: 4 };
    const other = blobs(3000, 5, 4, 99);
    for (const data of [small, other, small]) {
      expect(await kmeansThreaded(pool, data, options)).toEqual(kmeans(loadKernelsSync(), data, options));
      expect(pool.kernels.memory.used).toBe(before);
    }
  });

  it('fails as k-means does for too few different rows, and goes on working', async () => {
    const pool = poolOf(2);
    const twins = matrixOf([[1], [1], [2], [2]]);
    await expect(kmeansThreaded(pool, twins, { nClusters: 3, seed: 1 })).rejects.toThrow(
      InsufficientDataError,
    );
    expect((await kmeansThreaded(pool, twins, { nClusters: 2, seed: 1 })).inertia).toBe(0);
  });
});

describe('the silhouette on threads', () => {
  const { labels } = kmeans(loadKernelsSync(), small, { nClusters: 7, seed: 3, nInit: 1 });

  it('gives the same bytes on 1, 2 and 4 threads as without', async () => {
    const expected = silhouetteSamples(loadKernelsSync(), small, labels, 7);
    for (const nThreads of [1, 2, 4]) {
      expect(await silhouetteSamplesThreaded(poolOf(nThreads), small, labels, 7)).toEqual(expected);
    }
  });

  it('estimates the same from the same sample', async () => {
    const expected = estimateSilhouette(loadKernelsSync(), small, labels, 7, 5, 1000);
    expect(expected.nSamples).toBeLessThan(1500);
    expect(await estimateSilhouetteThreaded(poolOf(2), small, labels, 7, 5, 1000)).toEqual(expected);
  });

  it('takes more clusters than columns are kept, most of them of one row', async () => {
    const data = blobs(300, 2, 3, 4);
    const many = Int32Array.from({ length: 300 }, (_, row) => Math.min(row, 250));
    const expected = silhouetteSamples(loadKernelsSync(), data, many, 251);
    expect(await silhouetteSamplesThreaded(poolOf(2), data, many, 251)).toEqual(expected);
  });

  it('fails for labels that leave one cluster', async () => {
    const same = new Int32Array(small.nSamples);
    await expect(silhouetteSamplesThreaded(poolOf(2), small, same, 2)).rejects.toThrow(InsufficientDataError);
  });
});

describe('a pool', () => {
  it('fails clearly, and never hangs, when a worker ends', async () => {
    const pool = poolOf(2, undefined, workerThat(`parentPort.on('message', () => process.exit(3));`));
    const options = { nClusters: 3, seed: 1 };
    await expect(kmeansThreaded(pool, small, options)).rejects.toThrow(
      /worker thread ended with exit code 3/,
    );
    await expect(kmeansThreaded(pool, small, options)).rejects.toThrow(KernelError);
  });

  it('fails with the cause when a worker breaks down', async () => {
    const pool = poolOf(
      2,
      undefined,
      workerThat(`parentPort.on('message', () => { throw new Error('no room'); });`),
    );
    const { labels } = kmeans(loadKernelsSync(), small, { nClusters: 3, seed: 3, nInit: 1 });
    await expect(silhouetteSamplesThreaded(pool, small, labels, 3)).rejects.toThrow(
      /ended by an error: no room/,
    );
  });

  it('fails when a thread breaks down in a fit that all share', async () => {
    const dies = `parentPort.on('message', ({ room: { control } }) => {
      const isLate = Atomics.compareExchange(control, ${SEATS}, ${EMPTY}, ${WAITING}) === ${TOO_LATE};
      if (isLate) return parentPort.postMessage({ rounds: 0 });
      Atomics.wait(control, ${SEATS}, ${WAITING});
      Atomics.add(control, ${FAILED}, 1);
      Atomics.add(control, ${DONE}, 1);
      Atomics.notify(control, ${DONE});
      parentPort.postMessage({ error: { name: 'Error', message: 'no room', context: {} } });
    });`;
    const pool = poolOf(2, undefined, workerThat(dies));
    const untilItCame = async () => {
      for (;;) await kmeansThreaded(pool, large, { nClusters: 3, seed: 1, init: centersOf(large, 3) });
    };
    await expect(untilItCame()).rejects.toThrow(/worker thread failed/i);
  });

  it('fails at once when a thread ends in the middle of its fits', async () => {
    const pool = poolOf(2, undefined, endsAtItsFits());
    const untilItCame = async () => {
      for (;;) await kmeansThreaded(pool, small, { nClusters: 3, seed: 1 });
    };
    await expect(untilItCame()).rejects.toThrow(/worker thread ended with exit code 3/);
  });

  it('sends fits to a thread that comes when the first has begun', async () => {
    const data = blobs(3000, 3, 3, 5);
    const options = { nClusters: 3, seed: 1 };
    // One round of fits: nobody waits for the next.
    expect(kmeans(loadKernelsSync(), data, options).restarts).toBe(10);
    const late = `while (Atomics.load(control, ${NEXT_FIT}) === 0 && Atomics.load(control, ${SEATS}) === ${EMPTY});`;
    const pool = poolOf(2, undefined, endsAtItsFits(late));
    const untilItCame = async () => {
      for (let times = 0; times < 300; times++) await kmeansThreaded(pool, data, options);
    };
    await expect(untilItCame()).rejects.toThrow(/worker thread ended with exit code 3/);
  });

  it('fails for a kernel that traps, and goes on working', async () => {
    const pool = poolOf(2);
    const mark = pool.kernels.memory.used;
    const crew = await fullCrew(pool, 64);
    const traps = () => crew.run('column_ranges_f32', { count: 64, argsOf: () => [-64, 4, 4, -64, -64] });
    expect(traps).toThrow(/worker thread failed/);
    await expect(crew.close()).rejects.toThrow(/worker thread failed: memory access out of bounds/);
    pool.kernels.memory.release(mark);
    const options = { nClusters: 3, seed: 1 };
    expect(await kmeansThreaded(pool, small, options)).toEqual(kmeans(loadKernelsSync(), small, options));
  });

  it('does without a member that never comes', async () => {
    const pool = poolOf(
      2,
      undefined,
      workerThat(`parentPort.on('message', ({ room: { control } }) => {
      // Comes too late: once the crew has parted.
      Atomics.wait(control, ${SEATS}, 0);
      parentPort.postMessage({ rounds: 0 });
    });`),
    );
    const options = { nClusters: 3, seed: 1 };
    expect(await kmeansThreaded(pool, small, options)).toEqual(kmeans(loadKernelsSync(), small, options));
  });

  it('fails for work after it was closed, and for a number that is none', async () => {
    const pool = poolOf(1);
    await pool.close();
    await expect(kmeansThreaded(pool, small, { nClusters: 2, seed: 1 })).rejects.toThrow(/pool was closed/);
    expect(() => poolOf(0)).toThrow(/whole number from 1/);
  });

  it('lets the process end, closed or not', () => {
    const path = (file: string) => fileURLToPath(new URL(`../../functions/${file}`, import.meta.url));
    const script = `
      const { loadKernelsSync } = await import(${JSON.stringify(path('kernels/instance.ts'))});
      const { ThreadPool } = await import(${JSON.stringify(path('threads/thread-pool.ts'))});
      const { kmeansThreaded } = await import(${JSON.stringify(path('threads/kmeans-threaded.ts'))});
      const pool = new ThreadPool(loadKernelsSync(), 2);
      const data = { nSamples: 4, nFeatures: 1, values: Float32Array.of(1, 1, 2, 2) };
      console.log((await kmeansThreaded(pool, data, { nClusters: 2, seed: 1 })).inertia);`;
    for (const end of ['', 'await pool.close();']) {
      const arguments_ = ['--input-type=module', '--eval', script + end];
      const { status, stdout } = spawnSync(process.execPath, arguments_, {
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect({ status, stdout }).toEqual({ status: 0, stdout: '0\n' });
    }
  });
});
