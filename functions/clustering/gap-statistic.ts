import type { Matrix } from '../arrow/matrix.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { Random } from '../stats/random.ts';
import { kmeans } from './kmeans.ts';
import { uniformReference } from './structure-reference.ts';

export interface GapOptions {
  /** Largest number of clusters tried; 1 is always the smallest. */
  readonly maxClusters: number;
  readonly seed: number;
  /** Tables without clusters to compare with, default 20. */
  readonly nReferences?: number;
  /** Restarts of each fit, default 5. */
  readonly nInit?: number;
}

/** One number of clusters. */
export interface Gap {
  readonly nClusters: number;
  /** Natural logarithm of the inertia. */
  readonly logInertia: number;
  /** Mean of the references' logarithms minus the data's: how much tighter than chance. */
  readonly gap: number;
  /** Standard deviation of the references, with their own simulation error. */
  readonly standardError: number;
}

export interface GapStatistic {
  readonly table: readonly Gap[];
  /** Smallest number of clusters whose gap is not exceeded by the next one's, less a standard error. */
  readonly nClusters: number;
}

/**
 * Gap statistic (Tibshirani, Walther & Hastie 2001): k-means inertia against that of uniform tables in the box along
 * the principal axes. It can choose 1: no clusters.
 * @throws InsufficientDataError when there are fewer different rows than clusters
 */
export function gapStatistic(kernels: Kernels, data: Matrix, options: GapOptions): GapStatistic {
  const { maxClusters, seed, nReferences = 20, nInit = 5 } = options;
  if (
    !Number.isInteger(maxClusters) ||
    maxClusters < 1 ||
    !Number.isInteger(nReferences) ||
    nReferences < 2
  ) {
    throw new InvalidRequestError(
      `maxClusters is ${maxClusters} and nReferences ${nReferences}: they must be whole numbers from 1 and from 2.`,
    );
  }
  const random = new Random(seed);
  const reference = uniformReference(data);
  const references = Array.from({ length: nReferences }, (_, i) => reference(random.fork(i)));
  const logInertia = (matrix: Matrix, nClusters: number) =>
    Math.log(Math.max(Number.MIN_VALUE, kmeans(kernels, matrix, { nClusters, seed, nInit }).inertia));
  const table = Array.from({ length: maxClusters }, (_, i) => {
    const nClusters = i + 1;
    const logs = references.map((matrix) => logInertia(matrix, nClusters));
    const mean = logs.reduce((sum, log) => sum + log, 0) / nReferences;
    const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / nReferences;
    const own = logInertia(data, nClusters);
    return {
      nClusters,
      logInertia: own,
      gap: mean - own,
      standardError: Math.sqrt(variance * (1 + 1 / nReferences)),
    };
  });
  const selected = table.find(({ gap }, i) => {
    const next = table[i + 1];
    return next === undefined || gap >= next.gap - next.standardError;
  })!;
  return { table, nClusters: selected.nClusters };
}
