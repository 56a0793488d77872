import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { exhaustiveKMeans } from '../../functions/drilldown/exhaustive-kmeans.ts';
import { loadKernels } from '../../functions/kernels/instance.ts';

const kernels = await loadKernels();
const matrix = (values: readonly number[], nFeatures: number) => ({
  nSamples: values.length / nFeatures,
  nFeatures,
  values: Float32Array.from(values),
});

/** Sum of squared distances to the means. */
function inertia(
  { nSamples, nFeatures, values }: ReturnType<typeof matrix>,
  labels: ArrayLike<number>,
): number {
  let total = 0;
  for (const cluster of new Set(Array.from(labels))) {
    const rows = Array.from({ length: nSamples }, (_, row) => row).filter((row) => labels[row] === cluster);
    for (let j = 0; j < nFeatures; j++) {
      const mean = rows.reduce((sum, row) => sum + values[row * nFeatures + j]!, 0) / rows.length;
      total += rows.reduce((sum, row) => sum + (values[row * nFeatures + j]! - mean) ** 2, 0);
    }
  }
  return total;
}

describe('exhaustive k-means', () => {
  it('finds the groups of a toy worked by hand', () => {
    expect([...exhaustiveKMeans(matrix([0, 10, 1, 11, 30], 1), 3)]).toEqual([0, 1, 0, 1, 2]);
  });

  it('is never worse than the best of 200 restarts', () => {
    const table = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 8, maxLength: 18 });
    fc.assert(
      fc.property(table, fc.integer({ min: 2, max: 3 }), (numbers, nClusters) => {
        const data = matrix(numbers.slice(0, numbers.length - (numbers.length % 2)), 2);
        const distinct = new Set(
          Array.from({ length: data.nSamples }, (_, row) =>
            data.values.subarray(2 * row, 2 * row + 2).join(),
          ),
        );
        fc.pre(distinct.size >= nClusters);
        const restarts = kmeans(kernels, data, { nClusters, seed: 1, nInit: 20 });
        const optimum = inertia(data, exhaustiveKMeans(data, nClusters));
        expect(optimum).toBeLessThanOrEqual(inertia(data, restarts.labels) * (1 + 1e-12) + 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  it('gives each cluster a row where there are as many clusters as rows', () => {
    expect([...exhaustiveKMeans(matrix([5, 5, 5, 7], 1), 4)]).toEqual([0, 1, 2, 3]);
  });
});
