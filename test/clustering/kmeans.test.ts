import { describe, expect, it } from 'vitest';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { InsufficientDataError, InvalidDatasetError, InvalidRequestError } from '../../functions/errors.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { inertiaOf, lloydOracle } from '../support/kmeans-oracle.ts';
import { blobs, firstRows, matrixOf } from '../support/random-matrix.ts';

const kernels = loadKernelsSync();

/** Inertia of float64 sums in two orders: both are right to their last digits only. */
const INERTIA_TOLERANCE = 1e-9;

function expectSameFit(data: ReturnType<typeof blobs>, k: number, tol = 0, maxIter = 300) {
  const init = firstRows(data, k);
  const fit = kmeans(kernels, data, { nClusters: k, seed: 1, init, tol, maxIter });
  const oracle = lloydOracle(data, init, maxIter, tol);
  expect(fit.iterations).toBe(oracle.iterations);
  expect(Math.abs(fit.inertia - oracle.inertia)).toBeLessThanOrEqual(INERTIA_TOLERANCE * oracle.inertia);
  // The same partition: our numbers are by size, the oracle's by initial center.
  const names = new Map<number, number>();
  fit.labels.forEach((label, row) => {
    if (!names.has(label)) names.set(label, oracle.labels[row]!);
    expect(oracle.labels[row]).toBe(names.get(label));
  });
}

describe('kmeans', () => {
  it('finds the two pairs of a toy worked by hand', () => {
    const data = matrixOf([
      [0, 0],
      [0, 2],
      [10, 0],
      [10, 4],
      [10, 2],
    ]);
    const fit = kmeans(kernels, data, { nClusters: 2, seed: 42 });
    // Means (10, 2) of three rows and (0, 1) of two; inertia 4 + 4 + 0 + 1 + 1.
    expect([...fit.labels]).toEqual([1, 1, 0, 0, 0]);
    expect([...fit.centers]).toEqual([10, 2, 0, 1]);
    expect([...fit.sizes]).toEqual([3, 2]);
    expect(fit.inertia).toBe(10);
  });

  it.each([
    { n: 9, d: 1, k: 2 },
    { n: 64, d: 2, k: 3 },
    { n: 501, d: 3, k: 8 },
    { n: 1003, d: 4, k: 5 },
    { n: 800, d: 7, k: 13 },
    { n: 2000, d: 16, k: 9 },
    { n: 1500, d: 5, k: 300 },
    { n: 6000, d: 16, k: 8 },
    { n: 3000, d: 24, k: 40 },
  ])('takes the steps of a float64 Lloyd on $n × $d samples, $k clusters', ({ n, d, k }) => {
    expectSameFit(blobs(n, d, 6, n + d), k);
  });

  it('takes the same steps on heavy tails, with a tolerance and with few iterations', () => {
    expectSameFit(blobs(1200, 4, 5, 3, { heavyTail: true }), 6);
    expectSameFit(blobs(7000, 18, 5, 3, { heavyTail: true, spread: 0.3 }), 36);
    expectSameFit(blobs(1200, 4, 5, 4), 6, 1e-4);
    expectSameFit(blobs(1200, 4, 5, 5), 6, 0, 3);
  });

  it('keeps the answer when columns lie a million away from 0', () => {
    expectSameFit(blobs(700, 3, 4, 8, { spread: 2, offset: 1e6 }), 4);
    expectSameFit(blobs(700, 3, 4, 9, { spread: 2, offset: -1e6 }), 4);
  });

  it.each([1e30, 1e-30, 3e-39])('keeps the answer for values around %f', (magnitude) => {
    const small = blobs(300, 2, 3, 12);
    const data = { ...small, values: small.values.map((x) => Math.round(x * 256) * magnitude) };
    const fit = kmeans(kernels, data, { nClusters: 3, seed: 1 });
    const reference = kmeans(
      kernels,
      { ...small, values: small.values.map((x) => Math.round(x * 256)) },
      { nClusters: 3, seed: 1 },
    );
    expect([...fit.sizes]).toEqual([...reference.sizes]);
  });

  it('numbers clusters by size and then by center, whatever the order of the initial centers', () => {
    const data = blobs(600, 3, 4, 21);
    const init = firstRows(data, 4);
    const reversed = Float64Array.from([3, 2, 1, 0].flatMap((c) => [...init.subarray(c * 3, c * 3 + 3)]));
    const fit = kmeans(kernels, data, { nClusters: 4, seed: 1, init });
    const other = kmeans(kernels, data, { nClusters: 4, seed: 1, init: reversed });
    expect(other).toEqual(fit);
    expect([...fit.sizes]).toEqual([...fit.sizes].sort((a, b) => b - a));
    const ties = kmeans(kernels, matrixOf([[5], [1]]), { nClusters: 2, seed: 3 });
    expect([...ties.centers]).toEqual([1, 5]);
  });

  it('repeats itself byte for byte and gives the same partition in strict mode', () => {
    const data = blobs(3000, 5, 7, 33);
    const fit = kmeans(kernels, data, { nClusters: 7, seed: 42 });
    expect(kmeans(loadKernelsSync(), data, { nClusters: 7, seed: 42 })).toEqual(fit);
    const strict = kmeans(loadKernelsSync({ numericMode: 'strict' }), data, { nClusters: 7, seed: 42 });
    expect(strict.labels).toEqual(fit.labels);
    expect(strict.centers).toEqual(fit.centers);
  });

  it('does not depend on the order of the rows when the initial centers are given', () => {
    const data = blobs(1001, 3, 4, 5);
    const init = firstRows(data, 4);
    const backwards = new Float32Array(data.values.length);
    for (let row = 0; row < 1001; row++) {
      backwards.set(data.values.subarray(row * 3, row * 3 + 3), (1000 - row) * 3);
    }
    const fit = kmeans(kernels, data, { nClusters: 4, seed: 1, init });
    const other = kmeans(kernels, { ...data, values: backwards }, { nClusters: 4, seed: 1, init });
    expect(other.centers).toEqual(fit.centers);
    expect([...other.labels].reverse()).toEqual([...fit.labels]);
  });

  it('gives an empty cluster the sample farthest from its center', () => {
    const data = matrixOf([[0], [1], [2], [3], [20]]);
    const init = Float64Array.from([1, 500]);
    const fit = kmeans(kernels, data, { nClusters: 2, seed: 1, init });
    expect([...fit.labels]).toEqual([0, 0, 0, 0, 1]);
    expect([...fit.centers]).toEqual([1.5, 20]);
  });

  it('makes more restarts while only one reached the best, and stops when two did', () => {
    const easy = kmeans(kernels, blobs(400, 2, 3, 2, { spread: 0.01 }), { nClusters: 3, seed: 42 });
    expect(easy.restarts).toBe(10);
    const hard = kmeans(kernels, blobs(400, 2, 40, 2), { nClusters: 25, seed: 42, nInit: 2 });
    expect(hard.restarts).toBeGreaterThan(2);
    expect(hard.restarts).toBeLessThanOrEqual(20);
    expect(hard.restarts % 2).toBe(0);
  });

  it('never gets worse with more restarts', () => {
    const data = blobs(500, 3, 12, 9);
    const inertias = [1, 3, 9].map(
      (nInit) => kmeans(kernels, data, { nClusters: 12, seed: 5, nInit }).inertia,
    );
    expect(inertias[1]).toBeLessThanOrEqual(inertias[0]!);
    expect(inertias[2]).toBeLessThanOrEqual(inertias[1]!);
  });

  it('starts large tables from a sample, and still ends at a fixed point of all rows', () => {
    const data = blobs(70_000, 2, 6, 17, { spread: 0.05 });
    const fit = kmeans(kernels, data, { nClusters: 6, seed: 42, tol: 0 });
    expect(kmeans(kernels, data, { nClusters: 6, seed: 42, tol: 0 })).toEqual(fit);
    const again = kmeans(kernels, data, { nClusters: 6, seed: 1, tol: 0, init: fit.centers });
    expect(again.labels).toEqual(fit.labels);
    expect(again.inertia).toBeCloseTo(fit.inertia, 6);
    const one = kmeans(kernels, data, { nClusters: 6, seed: 42, nInit: 1 });
    expect(one.inertia).toBeLessThan(1.001 * fit.inertia);
  });

  it('starts from random rows too', () => {
    const data = blobs(500, 3, 4, 9, { spread: 0.02 });
    const fit = kmeans(kernels, data, { nClusters: 4, seed: 5, init: 'random', nInit: 20 });
    const usual = kmeans(kernels, data, { nClusters: 4, seed: 5 });
    expect(fit.inertia).toBeCloseTo(usual.inertia, 6);
  });

  it('reports inertia and sizes of the labels it returns', () => {
    const data = blobs(777, 3, 4, 13);
    const fit = kmeans(kernels, data, { nClusters: 4, seed: 5, maxIter: 2 });
    expect(inertiaOf(data, fit.labels, fit.centers)).toBeCloseTo(fit.inertia, 8);
    const counts = new Int32Array(4);
    for (const label of fit.labels) counts[label]!++;
    expect([...counts].sort((a, b) => b - a)).toEqual([...fit.sizes]);
  });

  it('handles one cluster, as many clusters as rows, duplicates and constant columns', () => {
    const one = kmeans(kernels, matrixOf([[1], [2], [6]]), { nClusters: 1, seed: 1 });
    expect([...one.centers]).toEqual([3]);
    expect(one.inertia).toBe(14);
    const all = kmeans(kernels, matrixOf([[4], [1], [9]]), { nClusters: 3, seed: 1 });
    expect(all.inertia).toBe(0);
    expect([...all.centers]).toEqual([1, 4, 9]);
    const twins = matrixOf([
      [1, 7],
      [1, 7],
      [5, 7],
      [5, 7],
    ]);
    expect(kmeans(kernels, twins, { nClusters: 2, seed: 1 }).inertia).toBe(0);
  });

  it('fails for fewer different rows than clusters, naming both numbers', () => {
    const twins = matrixOf([[1], [1], [2], [2]]);
    const attempt = () => kmeans(kernels, twins, { nClusters: 3, seed: 1 });
    expect(attempt).toThrow(InsufficientDataError);
    expect(attempt).toThrow('3 clusters need at least 3 different rows, but the table has 2 (in 4 rows).');
    const empty = { nSamples: 0, nFeatures: 2, values: new Float32Array(0) };
    expect(() => kmeans(kernels, empty, { nClusters: 2, seed: 1 })).toThrow('the table has 0');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'fails for %s, naming row and column',
    (bad) => {
      for (const row of [0, 5, 12]) {
        const data = blobs(13, 3, 2, 1);
        data.values[row * 3 + 1] = bad;
        const attempt = () => kmeans(kernels, data, { nClusters: 2, seed: 1 });
        expect(attempt).toThrow(InvalidDatasetError);
        expect(attempt).toThrow(`Row ${row}, column 1`);
      }
    },
  );

  it('leaves its labels where the caller wants them, in the memory of the kernels or not', () => {
    for (const n of [203, 70_001]) {
      const data = blobs(n, 2, 3, 5, { spread: 2 });
      const expected = kmeans(kernels, data, { nClusters: 3, seed: 1, nInit: 3 });
      kernels.memory.scope(() => {
        const around = kernels.memory.i32(n + 2).fill(-7);
        for (const labels of [around.subarray(1, n + 1), new Int32Array(n)]) {
          const used = kernels.memory.used;
          const fit = kmeans(kernels, data, { nClusters: 3, seed: 1, nInit: 3, labels });
          expect(fit).toEqual({ ...expected, labels });
          expect(fit.labels).toBe(labels);
          expect(labels.every((label, row) => label === expected.labels[row])).toBe(true);
          expect(kernels.memory.used).toBe(used);
        }
        expect([around[0], around[n + 1]]).toEqual([-7, -7]);
      });
    }
  });

  it('fails for options out of range and frees its memory all the same', () => {
    const data = blobs(20, 2, 2, 1);
    const before = kernels.memory.used;
    expect(() => kmeans(kernels, data, { nClusters: 0, seed: 1 })).toThrow(InvalidRequestError);
    expect(() => kmeans(kernels, data, { nClusters: 2.5, seed: 1 })).toThrow('nClusters is 2.5');
    expect(() => kmeans(kernels, data, { nClusters: 2, seed: 1, tol: -1 })).toThrow('tol is -1');
    const init = new Float64Array(3);
    expect(() => kmeans(kernels, data, { nClusters: 2, seed: 1, init })).toThrow('must be 4 finite numbers');
    const labels = new Int32Array(19);
    expect(() => kmeans(kernels, data, { nClusters: 2, seed: 1, labels })).toThrow('the array given has 19');
    expect(() => kmeans(kernels, data, { nClusters: 21, seed: 1 })).toThrow('the table has 20');
    expect(kernels.memory.used).toBe(before);
  });
});
