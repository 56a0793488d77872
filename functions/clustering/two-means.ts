import type { Kernels } from '../kernels/instance.ts';
import { lloyd } from './kmeans-lloyd.ts';
import type { PlacedRows } from './placed-rows.ts';

export interface TwoMeansOptions {
  readonly maxIter: number;
  /** As in `LloydOptions`. */
  readonly tol: number;
}

/** Rows split in two, in placed units. Side 0 is that of the first start. */
export interface TwoMeansFit {
  /** 0 or 1 per row. */
  readonly sides: ArrayLike<number>;
  readonly sizes: readonly [number, number];
  readonly centers: readonly [Float64Array, Float64Array];
  /** Sum of squared distances to the side's center. */
  readonly inertias: readonly [number, number];
  readonly iterations: number;
}

/** K-means with two clusters from given starts (2 × nFeatures, placed units). */
export function twoMeans(
  kernels: Kernels,
  placed: PlacedRows,
  starts: Float64Array,
  options: TwoMeansOptions,
): TwoMeansFit {
  const { nFeatures, nSamples, rows } = placed;
  const { labels, centers, sizes, iterations } = lloyd(kernels, placed, starts, 2, {
    ...options,
    improve: false,
  });
  const inertias: [number, number] = [0, 0];
  for (let row = 0; row < nSamples; row++) {
    const side = labels[row]!;
    let square = 0;
    for (let j = 0; j < nFeatures; j++)
      square += (rows[row * nFeatures + j]! - centers[side * nFeatures + j]!) ** 2;
    inertias[side]! += square;
  }
  return {
    sides: labels,
    sizes: [sizes[0]!, sizes[1]!],
    centers: [centers.slice(0, nFeatures), centers.slice(nFeatures)],
    inertias,
    iterations,
  };
}
