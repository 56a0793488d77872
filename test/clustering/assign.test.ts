import { describe, expect, it } from 'vitest';
import { assign } from '../../functions/clustering/assign.ts';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { InvalidDatasetError, InvalidRequestError } from '../../functions/errors.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { nearest } from '../support/kmeans-oracle.ts';
import { blobs, firstRows, matrixOf } from '../support/random-matrix.ts';

const kernels = loadKernelsSync();

describe('assign', () => {
  it.each([
    { n: 0, d: 2, k: 1 },
    { n: 1, d: 1, k: 2 },
    { n: 7, d: 3, k: 4 },
    { n: 1001, d: 5, k: 9 },
  ])('labels $n × $d samples as float64 does, with float64 distances', ({ n, d, k }) => {
    const centers = firstRows(blobs(k, d, k, 7), k);
    const data = blobs(n, d, 3, 8);
    const { labels, distances } = assign(kernels, data, centers, k);
    expect(labels.length).toBe(n);
    for (let row = 0; row < n; row++) {
      const expected = nearest(data, row, centers);
      expect(labels[row]).toBe(expected.label);
      expect(distances[row]).toBe(Math.sqrt(expected.square));
    }
  });

  it('gives the lowest index on exact ties and decides ties that float32 cannot see', () => {
    const data = matrixOf([[1], [1]]);
    expect([...assign(kernels, data, Float64Array.from([2, 0]), 2).labels]).toEqual([0, 0]);
    // 1e-12 nearer to the second center: far below what float32 resolves.
    expect([...assign(kernels, data, Float64Array.from([2, 1e-12]), 2).labels]).toEqual([1, 1]);
  });

  it('gives a row alone exactly what it gave the row among others', () => {
    const data = blobs(400, 4, 5, 3, { heavyTail: true });
    const { centers } = kmeans(kernels, data, { nClusters: 5, seed: 42 });
    const all = assign(kernels, data, centers, 5);
    for (let row = 0; row < 400; row++) {
      const values = data.values.slice(row * 4, row * 4 + 4);
      const one = assign(kernels, { nSamples: 1, nFeatures: 4, values }, centers, 5);
      expect([one.labels[0], one.distances[0]]).toEqual([all.labels[row], all.distances[row]]);
    }
  });

  it('repeats the labels of the fit its centers come from', () => {
    for (const seed of [1, 2, 3]) {
      const data = blobs(900, 3, 6, seed, { offset: seed === 3 ? 1e5 : 0 });
      const fit = kmeans(kernels, data, { nClusters: 6, seed });
      expect(assign(kernels, data, fit.centers, 6).labels).toEqual(fit.labels);
    }
  });

  it('finds the nearest of centers far outside the data', () => {
    const data = matrixOf([[0], [10]]);
    expect([...assign(kernels, data, Float64Array.from([-3e20, 1e20, 2e20]), 3).labels]).toEqual([1, 1]);
  });

  it('fails for the wrong number of centers and for values that are not finite', () => {
    const data = matrixOf([[0, 1]]);
    expect(() => assign(kernels, data, new Float64Array(3), 2)).toThrow(InvalidRequestError);
    expect(() => assign(kernels, data, Float64Array.from([Number.NaN, 0]), 1)).toThrow(InvalidRequestError);
    expect(() => assign(kernels, matrixOf([[0, Number.NaN]]), new Float64Array(2), 1)).toThrow(
      InvalidDatasetError,
    );
  });
});
