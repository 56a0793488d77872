import type { Matrix } from '../arrow/matrix.ts';
import { copyValues } from '../kernels/copy-values.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { KernelU16 } from '../kernels/memory.ts';
import { alone, type Crew, callsOver } from './crew.ts';
import { requireDistinctRows } from './distinct-rows.ts';
import type { FitWork, LloydFit } from './kmeans-lloyd.ts';
import { checkKMeansOptions, type KMeansOptions } from './kmeans-options.ts';
import { type Round, runAttempt, searchBestFit } from './kmeans-restarts.ts';
import { type PlacedRows, placeRows } from './placed-rows.ts';
import { unitRows } from './unit-rows.ts';

export type { KMeansOptions } from './kmeans-options.ts';

export interface KMeansFit {
  /** The array of `options.labels`, where one was given. */
  readonly labels: Int32Array;
  /** nClusters × nFeatures, row-major. */
  readonly centers: Float64Array;
  readonly sizes: Int32Array;
  /** Sum of squared distances to the centers. */
  readonly inertia: number;
  /** Iterations of the best restart. */
  readonly iterations: number;
  readonly restarts: number;
  /** Of the best restart. */
  readonly work: FitWork;
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
  return kernels.memory.scope(() => {
    const search = searchKMeans(kernels, data, options);
    for (;;) {
      const { done, value } = search.next();
      if (done) return value;
      for (const attempt of value.attempts) {
        value.take(runAttempt(kernels, value.rows, attempt, undefined, value.labels()));
      }
    }
  });
}

/**
 * The steps of `kmeans`, for a caller that makes the attempts of each round itself, on several threads for instance. Rows
 * lie in memory that the caller frees.
 * @param crew who makes the calls between the fits: places the rows, takes a sample, numbers the labels
 */
export function* searchKMeans(
  kernels: Kernels,
  data: Matrix,
  options: KMeansOptions,
  crew: Crew = alone(kernels),
): Generator<Round, KMeansFit, void> {
  checkKMeansOptions(data, options);
  const placed = placeRows(kernels, options.metric === 'cosine' ? unitRows(data) : data, crew);
  requireDistinctRows({ ...data, values: placed.rows }, options.nClusters);
  const { best, restarts } = yield* searchBestFit(kernels, placed, options, crew);
  return canonicalFit(kernels, placed, best, restarts, crew, options.labels);
}

/** Numbers the clusters canonically, those of the fit's own labels too, and brings the centers back to the data's units. */
function canonicalFit(
  kernels: Kernels,
  placed: PlacedRows,
  fit: LloydFit,
  restarts: number,
  crew: Crew,
  labels?: Int32Array,
): KMeansFit {
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
  return {
    labels: rankLabels(kernels, fit.labels, rank, crew, labels),
    centers,
    sizes: Int32Array.from(order, (c) => fit.sizes[c]!),
    inertia: fit.inertia / scale ** 2,
    iterations: fit.iterations,
    restarts,
    work: fit.work,
  };
}

/** Each label's rank, in `target` or a new array. */
function rankLabels(
  { memory }: Kernels,
  labels: Uint16Array,
  rank: Int32Array,
  crew: Crew,
  target: Int32Array = new Int32Array(labels.length),
): Int32Array {
  return memory.scope(() => {
    const from = memory.holds(labels) ? labels : memory.u16(labels.length);
    if (from !== labels) copyValues(from as KernelU16, labels);
    const to = memory.holds(target) ? target : memory.i32(labels.length);
    const ranks = memory.i32(rank.length);
    ranks.set(rank);
    const calls = callsOver(labels.length, (_, first, last) => [
      ...[from.byteOffset + 2 * first, last - first],
      ...[ranks.byteOffset, to.byteOffset + 4 * first],
    ]);
    crew.run('rank_labels_i32', calls);
    if (to !== target) target.set(to);
    return target;
  });
}
