import type { Matrix } from '../arrow/matrix.ts';
import { InsufficientDataError, InvalidRequestError } from '../errors.ts';

/** Labels share 16 bits with 2 bits of the kernels. */
const MOST_CLUSTERS = 16_383;

export interface KMeansOptions {
  readonly nClusters: number;
  readonly seed: number;
  /**
   * Restarts, default 10. More are made, in steps of nInit up to 10 × nInit, while only one reached the best.
   * Beyond 65 536 rows restarts are made on a sample of them, and the best goes on with all rows.
   */
  readonly nInit?: number;
  /** Default 300. */
  readonly maxIter?: number;
  /**
   * Squared movement of the centers, relative to the mean variance of the columns, that ends a fit; default 1e-4, as in
   * scikit-learn. Restarts on at most 65 536 rows go on past it, to a fixed point no single move improves.
   */
  readonly tol?: number;
  /** Default k-means++. An array holds nClusters × nFeatures centers, row-major: one plain Lloyd fit from them. */
  readonly init?: 'k-means++' | 'random' | Float64Array;
  /** Default euclidean. Cosine scales rows and centers to length 1 (spherical k-means). */
  readonly metric?: 'euclidean' | 'cosine';
  /**
   * How much each row counts in centers and inertia: finite, above 0. Starts are drawn without weights, every restart
   * works on all rows, and no single moves follow.
   */
  readonly sampleWeights?: Float64Array;
  /** Where the labels go, one per row; default a new array. One in the kernels' memory saves a copy, and fresh memory. */
  readonly labels?: Int32Array;
}

/**
 * @throws InvalidRequestError for an option out of range
 * @throws InsufficientDataError for fewer rows than clusters, naming both
 */
export function checkKMeansOptions(
  data: Matrix,
  { nClusters, nInit = 10, maxIter = 300, tol = 1e-4, init, sampleWeights, labels }: KMeansOptions,
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
  if (sampleWeights) checkWeights(sampleWeights, data.nSamples);
  if (labels && labels.length !== data.nSamples) {
    throw new InvalidRequestError(
      `The labels of ${data.nSamples} rows go into as many numbers, but the array given has ${labels.length}.`,
      { reason: 'option', option: 'labels' },
    );
  }
}

function checkWeights(weights: Float64Array, nSamples: number): void {
  const bad = weights.findIndex((weight) => !(weight > 0 && weight < Number.POSITIVE_INFINITY));
  if (weights.length === nSamples && bad < 0) return;
  throw new InvalidRequestError(
    bad < 0
      ? `${nSamples} rows need ${nSamples} weights; ${weights.length} were given.`
      : `The weight of row ${bad} is ${weights[bad]}; weights must be finite and above 0. Leave rows of no weight out.`,
    { reason: 'option', option: 'sampleWeights' },
  );
}
