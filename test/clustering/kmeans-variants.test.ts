import { describe, expect, it } from 'vitest';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { InvalidDatasetError, InvalidRequestError } from '../../functions/errors.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';
import { blobs, firstRows, matrixOf } from '../support/random-matrix.ts';

const kernels = loadKernelsSync();

describe('kmeans with weights', () => {
  it('places a center at the weighted mean', () => {
    const data = matrixOf([[0], [4], [100], [110]]);
    const fit = kmeans(kernels, data, {
      nClusters: 2,
      seed: 1,
      sampleWeights: Float64Array.from([1, 3, 1, 1]),
    });
    // (0 × 1 + 4 × 3) / 4 and 105; inertia 9 + 3 × 1 + 25 + 25.
    expect([...fit.centers]).toEqual([3, 105]);
    expect(fit.inertia).toBeCloseTo(62, 10);
  });

  it('equals repeating each row as often as it weighs', () => {
    const random = new Random(3);
    const data = blobs(400, 3, 4, 6);
    const weights = Float64Array.from({ length: 400 }, () => 1 + random.integer(4));
    const rows = [...weights].flatMap((weight, row) => new Array<number>(weight).fill(row));
    const repeated = {
      nSamples: rows.length,
      nFeatures: 3,
      values: Float32Array.from(rows.flatMap((row) => [...data.values.subarray(row * 3, row * 3 + 3)])),
    };
    const init = firstRows(data, 4);
    const weighted = kmeans(kernels, data, { nClusters: 4, seed: 1, init, sampleWeights: weights });
    const plain = kmeans(kernels, repeated, { nClusters: 4, seed: 1, init });
    expect(weighted.iterations).toBe(plain.iterations);
    expect(weighted.inertia).toBeCloseTo(plain.inertia, 8);
    // Clusters are numbered by rows, which differ: the centers are the same set.
    const sorted = (centers: Float64Array) =>
      [0, 1, 2, 3].map((c) => [...centers.subarray(c * 3, c * 3 + 3)]).sort((a, b) => a[0]! - b[0]!);
    sorted(weighted.centers).forEach((center, c) => {
      center.forEach((x, j) => {
        expect(x).toBeCloseTo(sorted(plain.centers)[c]![j]!, 10);
      });
    });
  });

  it('fails for a weight that is not above 0, and for the wrong number of weights', () => {
    const data = matrixOf([[0], [4], [100]]);
    const attempt = (sampleWeights: Float64Array) => () =>
      kmeans(kernels, data, { nClusters: 2, seed: 1, sampleWeights });
    expect(attempt(Float64Array.from([1, 0, 1]))).toThrow('The weight of row 1 is 0');
    expect(attempt(Float64Array.from([1, Number.NaN, 1]))).toThrow(InvalidRequestError);
    expect(attempt(Float64Array.from([1, 1]))).toThrow('3 rows need 3 weights; 2 were given.');
  });
});

describe('kmeans by cosine', () => {
  it('groups rows by direction, whatever their length', () => {
    const random = new Random(8);
    const angles = Array.from({ length: 90 }, (_, i) => (i % 3) * 2 + 0.2 * random.normal());
    const data = matrixOf(
      angles.map((angle) => {
        const length = Math.exp(3 * random.normal());
        return [length * Math.cos(angle), length * Math.sin(angle)];
      }),
    );
    const fit = kmeans(kernels, data, { nClusters: 3, seed: 42, metric: 'cosine' });
    fit.labels.forEach((label, row) => {
      expect(label).toBe(fit.labels[row % 3]);
    });
    expect(new Set(fit.labels).size).toBe(3);
    for (const c of [0, 1, 2])
      expect(Math.hypot(fit.centers[2 * c]!, fit.centers[2 * c + 1]!)).toBeCloseTo(1, 12);
    // Σ |x − c|² = Σ 2 (1 − cos).
    const expected = angles.reduce((sum, angle, row) => {
      const c = fit.labels[row]! * 2;
      return sum + 2 - 2 * (Math.cos(angle) * fit.centers[c]! + Math.sin(angle) * fit.centers[c + 1]!);
    }, 0);
    expect(fit.inertia).toBeCloseTo(expected, 5);
  });

  it('does not change when rows are scaled', () => {
    const data = blobs(300, 4, 3, 9);
    const doubled = { ...data, values: data.values.map((x) => 2 * x) };
    const fit = kmeans(kernels, data, { nClusters: 3, seed: 1, metric: 'cosine' });
    expect(kmeans(kernels, doubled, { nClusters: 3, seed: 1, metric: 'cosine' })).toEqual(fit);
  });

  it('fails for a row of zeros, naming it', () => {
    const data = matrixOf([
      [1, 1],
      [0, 0],
      [1, 2],
    ]);
    const attempt = () => kmeans(kernels, data, { nClusters: 2, seed: 1, metric: 'cosine' });
    expect(attempt).toThrow(InvalidDatasetError);
    expect(attempt).toThrow('Row 1 (from 0) holds only zeros');
  });
});
