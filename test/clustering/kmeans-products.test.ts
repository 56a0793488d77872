import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../functions/arrow/matrix.ts';
import { assign } from '../../functions/clustering/assign.ts';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { lloydOracle, nearest } from '../support/kmeans-oracle.ts';
import { blobs, firstRows } from '../support/random-matrix.ts';

/** Close clusters on both sides of 0 and far from it: scalar products lose what tells them apart. */
function farPairs(nSamples: number, nFeatures: number, distance: number): Matrix {
  const near = blobs(nSamples, nFeatures, 4, 17, { spread: 0.2 });
  const values = near.values.map(
    (x, at) => x + (Math.floor(at / nFeatures) % 2 === 0 ? distance : -distance),
  );
  return { ...near, values };
}

describe.each(['relaxed-fma', 'strict'] as const)('distances from scalar products, %s', (numericMode) => {
  const kernels = loadKernelsSync({ numericMode });

  it.each([1, 50, 3000])('take the steps of a float64 Lloyd %f away from 0', (distance) => {
    for (const nFeatures of [2, 13]) {
      const data = farPairs(1501, nFeatures, distance);
      const init = firstRows(data, 8);
      const fit = kmeans(kernels, data, { nClusters: 8, seed: 1, init, tol: 0 });
      const oracle = lloydOracle(data, init);
      expect(fit.iterations).toBe(oracle.iterations);
      const names = new Map<number, number>();
      fit.labels.forEach((label, row) => {
        if (!names.has(label)) names.set(label, oracle.labels[row]!);
        expect(oracle.labels[row]).toBe(names.get(label));
      });
    }
  });

  it.each([1, 50, 3000])('label rows %f away from 0 with their nearest centers', (distance) => {
    const data = farPairs(403, 5, distance);
    const centers = firstRows(data, 11);
    const { labels } = assign(kernels, data, centers, 11);
    for (let row = 0; row < data.nSamples; row++) {
      expect(labels[row]).toBe(nearest(data, row, centers).label);
    }
  });
});
