import { InsufficientDataError, InvalidRequestError } from '../errors.ts';

export interface BisectingOptions {
  readonly seed: number;
  /** Number of leaves; without it the tree grows to `maxDepth`. */
  readonly nClusters?: number;
  /** Which leaf is split next when there is a number of leaves to reach; default the largest inertia. */
  readonly splitBy?: 'inertia' | 'size';
  /** Levels below the root; default 3, and without limit when `nClusters` is given. */
  readonly maxDepth?: number;
  /**
   * Fewest rows of a node that is split. Default: one hundredth of the rows but at least 10; 2 when `nClusters` is given.
   */
  readonly minPoints?: number;
  /**
   * A split with a lower mean silhouette is undone, and its node stays a leaf. Default 0.3. At −1, the default when
   * `nClusters` is given, nothing is undone and no silhouette measured.
   */
  readonly minSilhouette?: number;
  /** Restarts of each split, default 3; the lowest inertia wins. */
  readonly nInit?: number;
  /** Iterations of one split at most, default 300. */
  readonly maxIter?: number;
  /** Squared movement of the centers, relative to the mean variance of the node's columns, that ends a split; 1e-4. */
  readonly tol?: number;
  /**
   * Where splits start; default k-means++. A function gets the row numbers of a node, ascending and only to be read, and
   * returns the two of them to start from; there are no restarts then.
   */
  readonly init?: 'k-means++' | 'random' | ((rows: Int32Array) => readonly [number, number]);
}

/** Options with nothing left open. */
export type BisectingSettings = Required<BisectingOptions>;

const LEAST_POINTS = 10;
const LEAST_SHARE = 0.01;

/**
 * Fills in the defaults.
 * @throws InvalidRequestError for an option out of range
 * @throws InsufficientDataError for more clusters than rows
 */
export function bisectingSettings(options: BisectingOptions, nSamples: number): BisectingSettings {
  const { nClusters } = options;
  const isCounted = nClusters !== undefined;
  const settings: BisectingSettings = {
    nClusters: Number.POSITIVE_INFINITY,
    splitBy: 'inertia',
    maxDepth: isCounted ? Number.POSITIVE_INFINITY : 3,
    minPoints: isCounted ? 2 : Math.max(LEAST_POINTS, Math.ceil(nSamples * LEAST_SHARE)),
    minSilhouette: isCounted ? -1 : 0.3,
    nInit: 3,
    maxIter: 300,
    tol: 1e-4,
    init: 'k-means++',
    ...options,
  };
  requireWhole('nClusters', nClusters, 1);
  requireWhole('maxDepth', options.maxDepth, 0);
  requireWhole('minPoints', options.minPoints, 2);
  requireWhole('nInit', options.nInit, 1);
  requireWhole('maxIter', options.maxIter, 1);
  if (!(settings.tol >= 0)) refuse('tol', settings.tol, 'a number from 0');
  if (!(Math.abs(settings.minSilhouette) <= 1)) {
    refuse('minSilhouette', settings.minSilhouette, 'a number from -1 to 1');
  }
  if (isCounted && nSamples < nClusters) {
    throw new InsufficientDataError(
      `${nClusters} clusters need at least ${nClusters} rows, but the table has ${nSamples}. ` +
        'Ask for fewer clusters or add data.',
      { reason: 'rows', nSamples, nClusters },
    );
  }
  return typeof settings.init === 'function' ? { ...settings, nInit: 1 } : settings;
}

function requireWhole(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return;
  refuse(name, value, `a whole number from ${least}`);
}

function refuse(option: string, value: number, expected: string): never {
  throw new InvalidRequestError(`${option} is ${value}; give ${expected}.`, { reason: 'option', option });
}
