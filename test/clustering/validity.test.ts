import { describe, expect, it } from 'vitest';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import {
  daviesBouldinScore,
  silhouetteSamples,
  silhouetteScore,
} from '../../functions/clustering/validity.ts';
import { InsufficientDataError, InvalidDatasetError, InvalidRequestError } from '../../functions/errors.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { daviesBouldinOracle, silhouetteOracle } from '../support/kmeans-oracle.ts';
import { blobs, matrixOf } from '../support/random-matrix.ts';

const kernels = loadKernelsSync();
/** Distances are float32, their sums float64: errors of single distances average out. */
const TOLERANCE = 1e-6;

const toy = matrixOf([[0], [2], [10], [14]]);
const toyLabels = Int32Array.from([0, 0, 1, 1]);

describe('silhouetteScore', () => {
  it('matches a toy worked by hand', () => {
    // a, b per row: (2, 12), (2, 10), (4, 9), (4, 13).
    const expected = [10 / 12, 8 / 10, 5 / 9, 9 / 13];
    const values = silhouetteSamples(kernels, toy, toyLabels, 2);
    values.forEach((value, row) => {
      expect(value).toBeCloseTo(expected[row]!, 6);
    });
  });

  it.each([
    { n: 13, d: 1, k: 2 },
    { n: 200, d: 3, k: 5 },
    { n: 1200, d: 6, k: 4 },
    { n: 611, d: 16, k: 9 },
  ])('equals the definition in float64 on $n × $d samples, $k clusters', ({ n, d, k }) => {
    for (const offset of [0, 1e5]) {
      const data = blobs(n, d, k, n, { offset, spread: 0.2 });
      const { labels } = kmeans(kernels, data, { nClusters: k, seed: 1 });
      const score = silhouetteScore(kernels, data, labels, k);
      expect(Math.abs(score - silhouetteOracle(data, labels, k))).toBeLessThan(TOLERANCE);
    }
  });

  it('counts a row alone in its cluster and identical rows as 0, and ignores clusters without rows', () => {
    const labels = Int32Array.from([0, 0, 1, 3]);
    const score = silhouetteScore(kernels, toy, labels, 5);
    expect(score).toBeCloseTo(silhouetteOracle(toy, labels, 5), 6);
    const same = matrixOf([[3], [3], [3], [3]]);
    expect(silhouetteScore(kernels, same, toyLabels, 2)).toBe(0);
  });

  it('fails for one cluster, for labels out of range or missing, and for values that are not finite', () => {
    expect(() => silhouetteScore(kernels, toy, new Int32Array(4), 2)).toThrow(InsufficientDataError);
    expect(() => silhouetteScore(kernels, toy, Int32Array.from([0, 1, 2, 0]), 2)).toThrow(
      'Row 2 has label 2; labels must be from 0 to 1.',
    );
    expect(() => silhouetteScore(kernels, toy, new Int32Array(3), 2)).toThrow(InvalidRequestError);
    const bad = matrixOf([[0], [1], [Number.NaN], [2]]);
    expect(() => silhouetteScore(kernels, bad, toyLabels, 2)).toThrow(InvalidDatasetError);
  });
});

describe('daviesBouldinScore', () => {
  it('matches a toy worked by hand', () => {
    // Spreads 1 and 2, centers 1 and 12: (1 + 2) / 11 for both.
    expect(daviesBouldinScore(kernels, toy, toyLabels, 2)).toBeCloseTo(3 / 11, 7);
  });

  it.each([
    { n: 13, d: 1, k: 2 },
    { n: 2000, d: 5, k: 6 },
    { n: 611, d: 16, k: 9 },
  ])('equals the definition in float64 on $n × $d samples, $k clusters', ({ n, d, k }) => {
    for (const offset of [0, 1e6]) {
      const data = blobs(n, d, k, n, { offset, spread: 0.3 });
      const { labels } = kmeans(kernels, data, { nClusters: k, seed: 1 });
      const score = daviesBouldinScore(kernels, data, labels, k);
      const expected = daviesBouldinOracle(data, labels, k);
      expect(Math.abs(score - expected)).toBeLessThan(TOLERANCE * expected);
    }
  });

  it('stays finite for huge values and coinciding centers', () => {
    const huge = matrixOf([[0], [2e30], [10e30], [14e30]]);
    expect(daviesBouldinScore(kernels, huge, toyLabels, 2)).toBeCloseTo(3 / 11, 6);
    const crossed = matrixOf([[1], [-1], [2], [-2]]);
    expect(daviesBouldinScore(kernels, crossed, toyLabels, 2)).toBe(0);
  });

  it('fails for one cluster and for values that are not finite', () => {
    expect(() => daviesBouldinScore(kernels, toy, new Int32Array(4), 2)).toThrow(InsufficientDataError);
    const bad = matrixOf([[0], [1], [Number.NaN], [2]]);
    expect(() => daviesBouldinScore(kernels, bad, toyLabels, 2)).toThrow('Row 2, column 0');
    const noise = Int32Array.of(0, 1, -1, 0);
    expect(() => daviesBouldinScore(kernels, toy, noise, 2)).toThrow('Row 2 has label -1');
    expect(() => daviesBouldinScore(kernels, toy, Int32Array.of(0, 1, 2, 0), 2)).toThrow('Row 2 has label 2');
    expect(() => daviesBouldinScore(kernels, toy, Int32Array.of(0, 1, 0), 2)).toThrow('3 were given');
  });
});
