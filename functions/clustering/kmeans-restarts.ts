import type { Kernels } from '../kernels/instance.ts';
import type { KernelU16 } from '../kernels/memory.ts';
import { Random } from '../stats/random.ts';
import type { Crew } from './crew.ts';
import { countDistinctRows } from './distinct-rows.ts';
import { type LloydFit, type LloydOptions, lloyd } from './kmeans-lloyd.ts';
import type { KMeansOptions } from './kmeans-options.ts';
import { kmeansPlusPlus, randomRows } from './kmeans-seeding.ts';
import { labelSpace } from './kmeans-state.ts';
import { type PlacedRows, sampleRows } from './placed-rows.ts';

/** Two restarts found the same optimum when their inertias agree to this, relative. */
const SAME_OPTIMUM = 1e-6;
/** Restarts never exceed this many times nInit. */
const MOST_ROUNDS = 10;
/**
 * Rows up to which each restart works on all of them and ends with single moves; one row more hardly weighs. Of more, threads
 * share each fit.
 */
export const ALL_ROWS_UP_TO = 65_536;
/** Rows of the sample that larger tables make their restarts on, and the least a cluster should find in it. */
const SAMPLE_ROWS = 16_384;
const SAMPLE_ROWS_PER_CLUSTER = 64;
/** Restarts on the sample cost little: fewer are never made. Who asks for one start gets the best of so many, no rounds. */
const LEAST_SAMPLE_RESTARTS = 4;

/** The best fit of several starts, and how many were made. */
export interface BestFit {
  readonly best: LloydFit;
  readonly restarts: number;
}

/** One fit to make: plain data, so that any thread can make it. */
export interface Attempt {
  readonly nClusters: number;
  /** Initial centers in placed units, or how to draw them: by which method, from which generator. */
  readonly start:
    | Float64Array
    | {
        readonly method: 'k-means++' | 'random';
        readonly seed: number;
        readonly forks: readonly number[];
      };
  readonly lloyd: LloydOptions;
}

/** Attempts that do not wait for each other. `take` wants each fit, in the order of the attempts. */
export interface Round {
  readonly rows: PlacedRows;
  readonly attempts: readonly Attempt[];
  readonly take: (fit: LloydFit) => void;
  /** Where a fit that is taken before the next is made may leave its labels: fresh memory takes longer to come by than a pass. */
  readonly labels: () => KernelU16;
}

/**
 * Makes one fit; equal rows and attempts give equal bytes, whoever shares the work.
 * @param labels as in `lloyd`
 */
export function runAttempt(
  kernels: Kernels,
  rows: PlacedRows,
  { nClusters, start, lloyd: options }: Attempt,
  crew?: Crew,
  labels?: KernelU16,
): LloydFit {
  if (start instanceof Float64Array) return lloyd(kernels, rows, start, nClusters, options, crew, labels);
  const random = new Random(start.seed, start.forks);
  const centers =
    start.method === 'random'
      ? randomRows(rows, nClusters, random)
      : kmeansPlusPlus(kernels, rows, nClusters, random, crew);
  return lloyd(kernels, rows, centers, nClusters, options, crew, labels);
}

/**
 * Asks for fits from several starts, round by round, and keeps the best. Restart r draws from the seed's fork r, so that
 * more restarts never change earlier ones.
 * @param crew who takes a sample of the rows
 */
export function* searchBestFit(
  kernels: Kernels,
  placed: PlacedRows,
  options: KMeansOptions,
  crew: Crew,
): Generator<Round, BestFit, void> {
  const { nClusters, seed, init = 'k-means++', nInit = 10, maxIter = 300, tol = 1e-4 } = options;
  const spherical = options.metric === 'cosine';
  const weights = options.sampleWeights;
  const plain: LloydOptions = { maxIter, tol, improve: false, spherical, weights };
  if (init instanceof Float64Array) {
    const start = placedCenters(placed, init);
    return yield* bestOfRestarts(kernels, placed, 1, () => ({ nClusters, start, lloyd: plain }));
  }
  const drawn = (...forks: number[]) => ({ method: init, seed, forks });
  if (!weights && placed.nSamples > ALL_ROWS_UP_TO && nClusters * SAMPLE_ROWS_PER_CLUSTER <= SAMPLE_ROWS) {
    return yield* searchBySample(kernels, placed, nInit, seed, crew, (lloyd, ...forks) => ({
      nClusters,
      start: drawn(...forks),
      lloyd: { ...plain, ...lloyd },
    }));
  }
  const improve = !spherical && !weights && placed.nSamples <= ALL_ROWS_UP_TO;
  const lloyd = { ...plain, improve };
  return yield* bestOfRestarts(kernels, placed, nInit, (restart) => ({
    nClusters,
    start: drawn(restart),
    lloyd,
  }));
}

/**
 * Restarts on a random sample of the rows; the best start goes on with all rows, exactly. With more than one restart a
 * start from all rows competes: a sample may miss the few far rows that deserve a cluster of their own.
 */
function* searchBySample(
  kernels: Kernels,
  placed: PlacedRows,
  nInit: number,
  seed: number,
  crew: Crew,
  attempt: (lloyd: Partial<LloydOptions>, ...forks: number[]) => Attempt,
): Generator<Round, BestFit, void> {
  const fromAllRows = attempt({}, 0, 0);
  const drawn = new Random(seed).fork(0).sample(placed.nSamples, SAMPLE_ROWS);
  const sample = sampleRows(kernels, placed, drawn, crew);
  const asMatrix = { nSamples: SAMPLE_ROWS, nFeatures: placed.nFeatures, values: sample.rows };
  if (countDistinctRows(asMatrix, fromAllRows.nClusters) < fromAllRows.nClusters) {
    return yield* bestOfRestarts(kernels, placed, 1, () => fromAllRows);
  }
  const onSample = yield* bestOfRestarts(
    kernels,
    sample,
    Math.max(LEAST_SAMPLE_RESTARTS, nInit),
    (restart) => attempt({ tol: 0 }, 1 + restart),
    nInit === 1 ? 1 : MOST_ROUNDS,
  );
  const fromSample = { ...fromAllRows, start: onSample.best.centers };
  if (nInit === 1) return { ...(yield* bestOfRestarts(kernels, placed, 1, () => fromSample)), restarts: 1 };
  const two = [fromSample, fromAllRows];
  const { best } = yield* bestOfRestarts(kernels, placed, 2, (restart) => two[restart]!, 1);
  return { best, restarts: onSample.restarts + 1 };
}

/** Restarts in rounds of nInit until the best optimum was reached twice, or the rounds are over. Ties: the earliest. */
function* bestOfRestarts(
  kernels: Kernels,
  rows: PlacedRows,
  nInit: number,
  attemptOf: (restart: number) => Attempt,
  mostRounds = MOST_ROUNDS,
): Generator<Round, BestFit, void> {
  let best: LloydFit | undefined;
  let reached = 0;
  let restarts = 0;
  const spaces: KernelU16[] = [];
  const labels = () => {
    const free = spaces.find(({ byteOffset }) => byteOffset !== best?.labels.byteOffset);
    if (free) return free;
    spaces.push(labelSpace(kernels, rows.nSamples));
    return spaces.at(-1)!;
  };
  const take = (next: LloydFit) => {
    restarts++;
    const gain = best ? best.inertia - next.inertia : Number.POSITIVE_INFINITY;
    const margin = SAME_OPTIMUM * Math.max(best?.inertia ?? 0, next.inertia);
    if (Math.abs(gain) <= margin) reached++;
    else if (gain > 0) reached = 1;
    if (gain > 0) best = next;
  };
  do {
    const first = restarts;
    const attempts = Array.from({ length: nInit }, (_, i) => attemptOf(first + i));
    yield { rows, attempts, take, labels };
  } while (nInit > 1 && reached < 2 && restarts < nInit * mostRounds);
  return { best: best!, restarts };
}

function placedCenters({ nFeatures, offset, scale }: PlacedRows, centers: Float64Array): Float64Array {
  return centers.map((x, at) => (x - offset[at % nFeatures]!) * scale);
}
