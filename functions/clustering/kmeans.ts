import type { Matrix } from '../arrow/matrix.ts';
import { InsufficientDataError, InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { Random } from '../stats/random.ts';
import { requireDistinctRows } from './distinct-rows.ts';
import { type LloydFit, lloyd } from './kmeans-lloyd.ts';
import { kmeansPlusPlus, randomRows } from './kmeans-seeding.ts';
import { type PlacedRows, placeRows } from './placed-rows.ts';

/** Two restarts found the same optimum when their inertias agree to this, relative. */
const SAME_OPTIMUM = 1e-6;
/** Restarts never exceed this many times nInit. */
const MOST_ROUNDS = 10;
/** Rows up to which each restart ends with single moves; beyond, one row hardly weighs in a cluster. */
const IMPROVE_UP_TO = 50_000;
/** Labels share 16 bits with 2 bits of the kernels. */
const MOST_CLUSTERS = 16_383;

export interface KMeansOptions {
  readonly nClusters: number;
  readonly seed: number;
  /** Restarts, default 10. More are made, in steps of nInit up to 10 × nInit, while only one reached the best. */
  readonly nInit?: number;
  /** Default 300. */
  readonly maxIter?: number;
  /**
   * Squared movement of the centers, relative to the mean variance of the columns, that ends a fit; default 1e-4, as in
   * scikit-learn. Restarts on at most 50 000 rows go on past it, to a fixed point no single move improves.
   */
  readonly tol?: number;
  /** Default k-means++. An array holds nClusters × nFeatures centers, row-major: one plain Lloyd fit from them. */
  readonly init?: 'k-means++' | 'random' | Float64Array;
}

export interface KMeansFit {
  readonly labels: Int32Array;
  /** nClusters × nFeatures, row-major. */
  readonly centers: Float64Array;
  readonly sizes: Int32Array;
  /** Sum of squared distances to the centers. */
  readonly inertia: number;
  /** Iterations of the best restart. */
  readonly iterations: number;
  readonly restarts: number;
}

/**
 * K-means (Lloyd 1982), exact: labels and number of iterations of a float64 implementation. Clusters are numbered by
 * size, largest first, then by center, lexicographically ascending. The same data, options and seed give the same bytes
 * on every host of one numeric mode.
 * @throws InvalidDatasetError for a value that is not finite, naming row and column
 * @throws InsufficientDataError for fewer different rows than clusters, naming both
 * @throws InvalidRequestError for an option out of range
 */
export function kmeans(kernels: Kernels, data: Matrix, options: KMeansOptions): KMeansFit {
  checkOptions(data, options);
  const { nClusters, init = 'k-means++' } = options;
  return kernels.memory.scope(() => {
    const placed = placeRows(kernels, data);
    requireDistinctRows({ ...data, values: placed.rows }, nClusters);
    const { maxIter = 300, tol = 1e-4 } = options;
    if (init instanceof Float64Array) {
      const only = lloyd(kernels, placed, placedCenters(placed, init), nClusters, {
        maxIter,
        tol,
        improve: false,
      });
      return canonicalFit(placed, only, 1);
    }
    const improve = data.nSamples <= IMPROVE_UP_TO;
    const random = new Random(options.seed);
    const seeding = init === 'random' ? seedRandomly : seedPlusPlus;
    const attempt = (restart: number) => {
      const centers = seeding(kernels, placed, nClusters, random.fork(restart));
      return lloyd(kernels, placed, centers, nClusters, { maxIter, tol, improve });
    };
    const { best, restarts } = bestOfRestarts(attempt, options.nInit ?? 10);
    return canonicalFit(placed, best, restarts);
  });
}

const seedPlusPlus = kmeansPlusPlus;
const seedRandomly = (_: Kernels, placed: PlacedRows, nClusters: number, random: Random) =>
  randomRows(placed, nClusters, random);

/** Restarts in rounds of nInit until the best optimum was reached twice, or ten rounds are over. Ties: the earliest. */
function bestOfRestarts(attempt: (restart: number) => LloydFit, nInit: number) {
  let best = attempt(0);
  let reached = 1;
  let restarts = 1;
  while (restarts < nInit || (nInit > 1 && reached < 2 && restarts < nInit * MOST_ROUNDS)) {
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

/** Numbers the clusters canonically and brings the centers back to the data's units. */
function canonicalFit(placed: PlacedRows, fit: LloydFit, restarts: number): KMeansFit {
  const { nFeatures, offset, scale } = placed;
  const nClusters = fit.sizes.length;
  const original = Float64Array.from(fit.centers, (x, at) => x / scale + offset[at % nFeatures]!);
  const byCenter = (a: number, b: number) => {
    for (let j = 0; j < nFeatures; j++) {
      const difference = original[a * nFeatures + j]! - original[b * nFeatures + j]!;
      if (difference !== 0) return difference;
    }
    return a - b;
  };
  const order = Array.from({ length: nClusters }, (_, c) => c).sort(
    (a, b) => fit.sizes[b]! - fit.sizes[a]! || byCenter(a, b),
  );
  const rank = new Int32Array(nClusters);
  const centers = new Float64Array(original.length);
  order.forEach((c, to) => {
    rank[c] = to;
    centers.set(original.subarray(c * nFeatures, (c + 1) * nFeatures), to * nFeatures);
  });
  const labels = new Int32Array(fit.labels.length);
  for (let row = 0; row < labels.length; row++) labels[row] = rank[fit.labels[row]!]!;
  return {
    labels,
    centers,
    sizes: Int32Array.from(order, (c) => fit.sizes[c]!),
    inertia: fit.inertia / scale ** 2,
    iterations: fit.iterations,
    restarts,
  };
}

function placedCenters({ nFeatures, offset, scale }: PlacedRows, centers: Float64Array): Float64Array {
  return centers.map((x, at) => (x - offset[at % nFeatures]!) * scale);
}

function checkOptions(
  data: Matrix,
  { nClusters, nInit = 10, maxIter = 300, tol = 1e-4, init }: KMeansOptions,
) {
  const whole = (name: string, value: number, most: number) => {
    if (Number.isInteger(value) && value >= 1 && value <= most) return;
    throw new InvalidRequestError(`${name} is ${value}; give a whole number from 1 to ${most}.`, {
      reason: 'option',
      option: name,
    });
  };
  whole('nClusters', nClusters, MOST_CLUSTERS);
  whole('nInit', nInit, 10_000);
  whole('maxIter', maxIter, 1_000_000);
  if (!(tol >= 0)) throw new InvalidRequestError(`tol is ${tol}; give a number from 0.`, { option: 'tol' });
  if (data.nSamples < nClusters) {
    throw new InsufficientDataError(
      `${nClusters} clusters need at least ${nClusters} rows, but the table has ${data.nSamples}. ` +
        'Ask for fewer clusters or add data.',
      { reason: 'rows', nSamples: data.nSamples, nClusters },
    );
  }
  if (init instanceof Float64Array) {
    const expected = nClusters * data.nFeatures;
    if (init.length !== expected || !init.every(Number.isFinite)) {
      throw new InvalidRequestError(
        `The initial centers must be ${expected} finite numbers (${nClusters} clusters × ${data.nFeatures} features), ` +
          `but ${init.length} were given${init.length === expected ? ', not all of them finite' : ''}.`,
        { reason: 'option', option: 'init' },
      );
    }
  }
}
