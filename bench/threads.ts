import { type KMeansFit, kmeans } from '../functions/clustering/kmeans.ts';
import { silhouetteSamples } from '../functions/clustering/validity.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import { kmeansThreaded } from '../functions/threads/kmeans-threaded.ts';
import { silhouetteSamplesThreaded } from '../functions/threads/silhouette-threaded.ts';
import { ThreadPool } from '../functions/threads/thread-pool.ts';
import { CORES, runOn } from './cores.ts';
import { dataset } from './datasets.ts';
import { inKernelMemory, labelsInKernelMemory } from './kernel-tables.ts';
import { median, mostPairs, wakeAndTime, warmUp } from './pairs.ts';

/** One thread against two, same input. */
export interface ThreadsResult {
  readonly title: string;
  /** Medians, seconds; of one thread at the mean speed of the cores. */
  readonly oneThread: number;
  readonly twoThreads: number;
  /** Median over the pairs of one thread's time ÷ two threads' time. */
  readonly ratio: number;
  readonly pairs: number;
}

const MOST_PAIRS = 25;
/** Seconds that two threads run untimed: until the system has given each a core of its own, once both may have either. */
const SETTLE_SECONDS = 0.5;
/** The cores that two threads share; none where they cannot be told. */
const TWO_CORES = CORES.slice(0, 2);

/** Row T1: two threads against one, in alternating pairs. @throws Error when a byte of the results differs */
export async function twoThreads(): Promise<ThreadsResult[]> {
  const kernels = loadKernelsSync();
  runOn(TWO_CORES);
  const pool = new ThreadPool(kernels, 2);
  const fitCase = (name: string, nClusters: number) => {
    const set = inKernelMemory(kernels, dataset(name));
    const options = { nClusters, seed: 42, labels: labelsInKernelMemory(kernels, set) };
    return paired(
      `k-means ${name} k=${nClusters}, 10 restarts or more`,
      () => kmeans(kernels, set, options),
      () => kmeansThreaded(pool, set, options),
      bytesOf,
    );
  };
  const scoreCase = (name: string) => {
    const set = inKernelMemory(kernels, dataset(name));
    const { labels } = kmeans(kernels, set, { nClusters: 8, seed: 42, nInit: 1 });
    return paired(
      `silhouette ${name} k=8`,
      () => silhouetteSamples(kernels, set, labels, 8),
      () => silhouetteSamplesThreaded(pool, set, labels, 8),
      (values) => values,
    );
  };
  try {
    return [
      await fitCase('blobs_100k_16', 8),
      await fitCase('customers_100k_30', 50),
      await fitCase('customers_1m_13', 8),
      await scoreCase('blobs_10k_16'),
      await scoreCase('blobs_20k_16'),
    ];
  } finally {
    await pool.close();
  }
}

function bytesOf({ labels, centers, inertia, iterations, restarts }: KMeansFit): Float64Array {
  return Float64Array.of(...centers, inertia, iterations, restarts, ...checksums(labels));
}

/** Two sums that a changed or moved label changes. */
function checksums(labels: Int32Array): [number, number] {
  return [
    labels.reduce((sum, label) => sum + label, 0),
    labels.reduce((sum, label, i) => sum + label * (i % 8191), 0),
  ];
}

async function paired<T>(
  title: string,
  alone: () => T,
  together: () => Promise<T>,
  bytes: (result: T) => Float64Array,
): Promise<ThreadsResult> {
  const [expected, found] = [bytes(alone()), bytes(await together())];
  if (!expected.every((value, i) => Object.is(value, found[i]))) {
    throw new Error(`${title}: two threads give other bytes than one.`);
  }
  const timed = (work: () => unknown) => async () => {
    const started = performance.now();
    await work();
    return { seconds: (performance.now() - started) / 1000 };
  };
  const timeTwo = timed(together);
  const timeOne = timed(alone);
  /** One thread, on either core in turn. @returns the time it takes at their mean speed */
  const timeOneOnEach = async () => {
    if (TWO_CORES.length === 0) return (await wakeAndTime(timeOne)).seconds;
    const speeds: number[] = [];
    for (const core of TWO_CORES) {
      runOn([core]);
      speeds.push(1 / (await wakeAndTime(timeOne)).seconds);
    }
    runOn(TWO_CORES);
    return speeds.length / speeds.reduce((sum, speed) => sum + speed, 0);
  };
  await warmUp(timeTwo);
  const first = await warmUp(timeOne);
  const pairs = Math.min(MOST_PAIRS, mostPairs(first.seconds));
  const times: { one: number; two: number }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    // Every other pair begins with the other side: a drift of the machine favours neither.
    const early = pair % 2 === 0 ? await timeOneOnEach() : undefined;
    await warmUp(timeTwo, SETTLE_SECONDS);
    const two = (await timeTwo()).seconds;
    times.push({ one: early ?? (await timeOneOnEach()), two });
  }
  return {
    title,
    oneThread: median(times.map(({ one }) => one)),
    twoThreads: median(times.map(({ two }) => two)),
    ratio: median(times.map(({ one, two }) => one / two)),
    pairs,
  };
}
