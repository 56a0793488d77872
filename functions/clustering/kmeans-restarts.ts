import type { Kernels } from '../kernels/instance.ts';
import { Random } from '../stats/random.ts';
import { countDistinctRows } from './distinct-rows.ts';
import { type LloydFit, type LloydOptions, lloyd } from './kmeans-lloyd.ts';
import type { KMeansOptions } from './kmeans-options.ts';
import { kmeansPlusPlus, randomRows } from './kmeans-seeding.ts';
import { type PlacedRows, sampleRows } from './placed-rows.ts';

/** Two restarts found the same optimum when their inertias agree to this, relative. */
const SAME_OPTIMUM = 1e-6;
/** Restarts never exceed this many times nInit. */
const MOST_ROUNDS = 10;
/** Rows up to which each restart works on all of them and ends with single moves; one row more hardly weighs. */
const ALL_ROWS_UP_TO = 65_536;
/** Rows of the sample that larger tables make their restarts on, and the least a cluster should find in it. */
const SAMPLE_ROWS = 16_384;
const SAMPLE_ROWS_PER_CLUSTER = 64;
/** Restarts on the sample cost next to nothing: fewer are never made. */
const LEAST_SAMPLE_RESTARTS = 4;

/** The best fit of several starts, and how many were made. */
export interface BestFit {
  readonly best: LloydFit;
  readonly restarts: number;
}

/**
 * Fits from several starts and keeps the best. Restart r draws from the seed's fork r, so that more restarts never change
 * earlier ones.
 */
export function bestFit(kernels: Kernels, placed: PlacedRows, options: KMeansOptions): BestFit {
  const { nClusters, init, nInit = 10, maxIter = 300, tol = 1e-4 } = options;
  const random = new Random(options.seed);
  const seed = (rows: PlacedRows, from: Random) =>
    init === 'random' ? randomRows(rows, nClusters, from) : kmeansPlusPlus(kernels, rows, nClusters, from);
  const spherical = options.metric === 'cosine';
  const weights = options.sampleWeights;
  if (!weights && placed.nSamples > ALL_ROWS_UP_TO && nClusters * SAMPLE_ROWS_PER_CLUSTER <= SAMPLE_ROWS) {
    return fitBySample(kernels, placed, options, seed);
  }
  const improve = !spherical && !weights && placed.nSamples <= ALL_ROWS_UP_TO;
  return bestOfRestarts(nInit, (restart) =>
    lloyd(kernels, placed, seed(placed, random.fork(restart)), nClusters, {
      maxIter,
      tol,
      improve,
      spherical,
      weights,
    }),
  );
}

/**
 * Restarts on a random sample of the rows; the best start goes on with all rows, exactly. With more than one restart a
 * start from all rows competes: a sample may miss the few far rows that deserve a cluster of their own.
 */
function fitBySample(
  kernels: Kernels,
  placed: PlacedRows,
  { nClusters, seed: seedNumber, nInit = 10, maxIter = 300, tol = 1e-4, metric }: KMeansOptions,
  seed: (rows: PlacedRows, from: Random) => Float64Array,
): BestFit {
  const random = new Random(seedNumber);
  const spherical = metric === 'cosine';
  const onAllRows: LloydOptions = { maxIter, tol, improve: false, spherical };
  const onSample = kernels.memory.scope(() => {
    const sample = sampleRows(kernels, placed, random.fork(0).sample(placed.nSamples, SAMPLE_ROWS));
    const asMatrix = { nSamples: SAMPLE_ROWS, nFeatures: placed.nFeatures, values: sample.rows };
    if (countDistinctRows(asMatrix, nClusters) < nClusters) return undefined;
    return bestOfRestarts(Math.max(LEAST_SAMPLE_RESTARTS, nInit), (restart) =>
      lloyd(kernels, sample, seed(sample, random.fork(1 + restart)), nClusters, {
        maxIter,
        tol: 0,
        improve: false,
        spherical,
      }),
    );
  });
  const fromAllRows = () =>
    lloyd(kernels, placed, seed(placed, random.fork(0).fork(0)), nClusters, onAllRows);
  if (!onSample) return bestOfRestarts(1, fromAllRows);
  const fromSample = () => lloyd(kernels, placed, onSample.best.centers, nClusters, onAllRows);
  if (nInit === 1) return { best: fromSample(), restarts: 1 };
  const { best } = bestOfRestarts(2, (restart) => (restart === 0 ? fromSample() : fromAllRows()), 1);
  return { best, restarts: onSample.restarts + 1 };
}

/** Restarts in rounds of nInit until the best optimum was reached twice, or the rounds are over. Ties: the earliest. */
function bestOfRestarts(
  nInit: number,
  attempt: (restart: number) => LloydFit,
  mostRounds = MOST_ROUNDS,
): BestFit {
  let best = attempt(0);
  let reached = 1;
  let restarts = 1;
  while (restarts < nInit || (nInit > 1 && reached < 2 && restarts < nInit * mostRounds)) {
    const end = (Math.floor(restarts / nInit) + 1) * nInit;
    for (; restarts < end; restarts++) {
      const next = attempt(restarts);
      const margin = SAME_OPTIMUM * Math.max(best.inertia, next.inertia);
      if (Math.abs(next.inertia - best.inertia) <= margin) reached++;
      else if (next.inertia < best.inertia) reached = 1;
      if (next.inertia < best.inertia) best = next;
    }
  }
  return { best, restarts };
}
