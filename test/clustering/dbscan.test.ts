import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dbscan } from '../../functions/clustering/dbscan.ts';
import { kDistances, kneeOf, rowKDistances } from '../../functions/clustering/dbscan-eps.ts';
import type { Rows } from '../../functions/clustering/neighbor-tree.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { dbscanOracle } from '../support/dbscan-oracle.ts';

const kernels = loadKernelsSync();
const rowsOf = (rows: number[][], precise = false): Rows => ({
  nSamples: rows.length,
  nFeatures: rows[0]?.length ?? 0,
  values: precise ? Float64Array.from(rows.flat()) : Float32Array.from(rows.flat()),
});

/** A repeatable stream in [0, 1). */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function expectOracle(rows: Rows, eps: number, minSamples: number): void {
  const expected = dbscanOracle(rows, eps, minSamples);
  const actual = dbscan(kernels, rows, { eps, minSamples, noiseDistances: true });
  expect([...actual.labels]).toEqual([...expected.labels]);
  expect(actual.nClusters).toBe(expected.nClusters);
  expect(actual.nCore).toBe(expected.nCore);
  expect(actual.nCore + actual.nBorder + actual.nNoise).toBe(rows.nSamples);
  // Relative to the float64 reference; scaling by a power of two changes nothing but the last square root.
  actual.noiseDistances!.forEach((distance, row) => {
    const reference = expected.noiseDistances[row]!;
    if (Number.isFinite(reference)) expect(distance / (reference || 1)).toBeCloseTo(reference ? 1 : 0, 12);
    else expect(distance).toBe(reference);
  });
}

describe('dbscan', () => {
  it('labels a chain, a border row and a noise row of a line worked by hand', () => {
    // 0 1 2 are core for eps 1 and minSamples 3 only in the middle; 10 is alone.
    const { labels, ...counts } = dbscan(kernels, rowsOf([[0], [1], [2], [10]]), { eps: 1, minSamples: 3 });
    expect([...labels]).toEqual([0, 0, 0, -1]);
    expect(counts).toMatchObject({ nClusters: 1, nCore: 1, nBorder: 2, nNoise: 1, eps: 1 });
  });

  it('gives a border row between two clusters to the one with the lower number', () => {
    const line = [[6], [7], [8], [4], [0], [1], [2]];
    // Row 3 (at 4) is two away from a core row of either cluster; the cluster of rows 0..2 is number 0.
    const { labels } = dbscan(kernels, rowsOf(line), { eps: 2, minSamples: 4 });
    expect([...labels]).toEqual([...dbscanOracle(rowsOf(line), 2, 4).labels]);
    const wide = dbscan(kernels, rowsOf([[6], [6.5], [7], [5], [4], [3.5], [3]]), { eps: 1, minSamples: 4 });
    expect([...wide.labels]).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });

  it('counts a pair at exactly eps as neighbours', () => {
    expect(dbscan(kernels, rowsOf([[0], [3]]), { eps: 3, minSamples: 2 }).nClusters).toBe(1);
    expect(dbscan(kernels, rowsOf([[0], [3]]), { eps: 3 - 2e-15, minSamples: 2 }).nClusters).toBe(0);
  });

  it('decides ties on float64 rows as float64 arithmetic does, not as float32 would', () => {
    // In float64 0.3 − 0.2 < 0.1 and 0.4 − 0.3 > 0.1; in float32 the two differ otherwise.
    const rows = rowsOf([[0.2], [0.3], [0.4]], true);
    expect([...dbscan(kernels, rows, { eps: 0.1, minSamples: 2 }).labels]).toEqual([0, 0, -1]);
  });

  it('equals the definition on clustered random rows of many shapes', () => {
    for (const [nSamples, nFeatures, eps, minSamples] of [
      [1, 3, 1, 1],
      [2, 1, 0.5, 2],
      [37, 2, 0.2, 3],
      [300, 3, 0.25, 5],
      [400, 7, 0.6, 4],
      [500, 16, 1.1, 6],
      [600, 5, 0.45, 8],
    ] as const) {
      const next = uniform(nSamples);
      const rows = Array.from({ length: nSamples }, () => {
        const center = Math.floor(next() * 4) * 0.5;
        return Array.from({ length: nFeatures }, () => center + (next() + next() - 1) * 0.5);
      });
      expectOracle(rowsOf(rows), eps, minSamples);
      expectOracle(rowsOf(rows, true), eps, minSamples);
    }
  });

  it('equals the definition on grids, where every neighbour is a tie at eps', () => {
    for (const step of [1, 0.1, 0.25, 1e-3]) {
      const grid = Array.from({ length: 144 }, (_, i) => [(i % 12) * step, Math.floor(i / 12) * step]);
      for (const minSamples of [3, 4, 5, 6]) {
        expectOracle(rowsOf(grid, true), step, minSamples);
        expectOracle(rowsOf(grid), Math.fround(step), minSamples);
        expectOracle(rowsOf(grid, true), step * Math.SQRT2, minSamples);
      }
    }
  });

  it('equals the definition for arbitrary small-integer rows, duplicates included', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }).chain((nFeatures) =>
          fc.array(
            fc.array(fc.integer({ min: -4, max: 4 }), { minLength: nFeatures, maxLength: nFeatures }),
            {
              minLength: 1,
              maxLength: 120,
            },
          ),
        ),
        fc.constantFrom(0.5, 1, Math.SQRT2, 2, 3),
        fc.integer({ min: 1, max: 9 }),
        (rows, eps, minSamples) => expectOracle(rowsOf(rows), eps, minSamples),
      ),
      { numRuns: 150 },
    );
  });

  it('keeps its labels, up to their numbering, when rows are shuffled, moved or scaled by a power of two', () => {
    const next = uniform(7);
    const rows = Array.from({ length: 400 }, () => [next() * 4, next() * 4, next()]);
    const base = dbscan(kernels, rowsOf(rows), { eps: 0.25, minSamples: 4 });
    const order = rows.map((_, i) => i).sort((a, b) => ((a * 7919) % 400) - ((b * 7919) % 400));
    const shuffled = dbscan(kernels, rowsOf(order.map((i) => rows[i]!)), { eps: 0.25, minSamples: 4 });
    expect(shuffled.nClusters).toBe(base.nClusters);
    expect(shuffled.nCore).toBe(base.nCore);
    order.forEach((row, i) => {
      expect(shuffled.labels[i]! < 0).toBe(base.labels[row]! < 0);
    });
    const scaled = dbscan(kernels, rowsOf(rows.map((row) => row.map((x) => x * 1024))), {
      eps: 256,
      minSamples: 4,
    });
    expect(scaled.labels).toEqual(base.labels);
  });

  it('does not lose rows of spread 1 around a mean of a million', () => {
    const next = uniform(3);
    const rows = Array.from({ length: 300 }, (_, i) => [1e6 + (i % 3) * 4 + next(), -1e6 + next()]);
    expectOracle(rowsOf(rows), 0.4, 4);
    expectOracle(rowsOf(rows, true), 0.4, 4);
    expect(dbscan(kernels, rowsOf(rows, true), { eps: 0.5, minSamples: 4 }).nClusters).toBe(3);
  });

  it('handles values of ±1e30, denormal values and constant columns', () => {
    expectOracle(rowsOf([[1e30], [-1e30], [1e30], [9.9e29], [0]]), 2e28, 2);
    expectOracle(rowsOf([[1e-40], [2e-40], [9e-40], [1.5e-40]]), 1e-40, 2);
    expectOracle(
      rowsOf([
        [5, 1],
        [5, 2],
        [5, 9],
        [5, 2.5],
      ]),
      1,
      2,
    );
  });

  it('puts identical rows into one cluster or all into noise', () => {
    const same = rowsOf(Array.from({ length: 3000 }, () => [2, -1, 7]));
    expect(dbscan(kernels, same, { eps: 0.1, minSamples: 3000 })).toMatchObject({
      nClusters: 1,
      nCore: 3000,
    });
    expect(dbscan(kernels, same, { eps: 0.1, minSamples: 3001 })).toMatchObject({
      nClusters: 0,
      nNoise: 3000,
    });
  });

  it('equals the definition on many groups of repeated rows, each larger than a leaf', () => {
    const random = uniform(11);
    const groups = Array.from({ length: 90 }, (_, g) => [g % 9, Math.floor(g / 9) * 1.5, (g * 7) % 5]);
    const rows = Array.from({ length: 2700 }, (_, i) => groups[i % 90]!).sort(() => random() - 0.5);
    expectOracle(rowsOf(rows), 0.25, 5);
    expectOracle(rowsOf(rows), 1.6, 40);
    expect(Math.max(...kDistances(kernels, rowsOf(rows), 30))).toBe(0);
    expect(Math.max(...kDistances(kernels, rowsOf(rows), 31))).toBeLessThan(3);
  });

  it('compares few pairs when everything is one cluster, noise, identical or a tie', () => {
    const next = uniform(13);
    const nSamples = 8000;
    const spread = rowsOf(Array.from({ length: nSamples }, () => [next(), next(), next(), next(), next()]));
    const oneHot = rowsOf(
      Array.from({ length: nSamples }, () => {
        const level = Math.floor(next() * 6);
        return Array.from({ length: 6 }, (_, j) => (j === level ? 1 : 0));
      }),
    );
    const same = rowsOf(Array.from({ length: nSamples }, () => [1, 2, 3]));
    const shareOfPairs = (rows: Rows, eps: number) =>
      dbscan(kernels, rows, { eps, minSamples: 10 }).distancesEvaluated / nSamples ** 2;
    expect(shareOfPairs(spread, 10)).toBeLessThan(0.001);
    expect(shareOfPairs(spread, 1e-6)).toBeLessThan(0.02);
    expect(shareOfPairs(oneHot, Math.SQRT2)).toBeLessThan(0.001);
    expect(shareOfPairs(oneHot, 0.5)).toBeLessThan(0.001);
    expect(shareOfPairs(same, 0.1)).toBeLessThan(0.001);
    // What is usual here, for comparison.
    expect(shareOfPairs(spread, 0.15)).toBeLessThan(0.2);
  });

  it('gives the same labels with fused and with strict arithmetic', () => {
    const strict = loadKernelsSync({ numericMode: 'strict' });
    const next = uniform(11);
    const rows = rowsOf(Array.from({ length: 2000 }, () => [next(), next(), next(), next()]));
    const options = { eps: 0.09, minSamples: 4, noiseDistances: true };
    expect(dbscan(strict, rows, options).labels).toEqual(dbscan(kernels, rows, options).labels);
    expect(dbscan(strict, rows, options).noiseDistances).toEqual(
      dbscan(kernels, rows, options).noiseDistances,
    );
  });

  it('labels no rows as nothing', () => {
    expect(dbscan(kernels, rowsOf([]), { eps: 1, minSamples: 5 })).toMatchObject({ nClusters: 0, nNoise: 0 });
  });

  it('fails for NaN and infinity, naming row and column', () => {
    const rows = [
      [0, 1],
      [2, Number.NaN],
    ];
    expect(() => dbscan(kernels, rowsOf(rows), { eps: 1, minSamples: 2 })).toThrow(
      /Row 1, column 1 .* is NaN/,
    );
    rows[1]![1] = Number.NEGATIVE_INFINITY;
    expect(() => dbscan(kernels, rowsOf(rows), { eps: 1, minSamples: 2 })).toThrow(/is -Infinity/);
  });

  it('fails for a radius or a count out of range, and for a range past float32', () => {
    const rows = rowsOf([[0], [1]]);
    for (const eps of [0, 1e-200, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => dbscan(kernels, rows, { eps, minSamples: 2 })).toThrow(/eps is/);
    }
    expect(() => dbscan(kernels, rows, { eps: 1, minSamples: 0 })).toThrow(/minSamples is 0/);
    expect(() => dbscan(kernels, rowsOf([[0], [1e30]]), { eps: 1e-20, minSamples: 2 })).toThrow(
      /past float32/,
    );
  });
});

describe('eps from the k-distance curve', () => {
  it('measures the distance to the minSamples-th nearest row, itself included', () => {
    expect([...kDistances(kernels, rowsOf([[0], [1], [3], [7]]), 2)]).toEqual([1, 1, 2, 4]);
    expect([...kDistances(kernels, rowsOf([[5], [5], [5], [9]]), 3)]).toEqual([0, 0, 0, 4]);
  });

  it('measures that distance for every row, in the order of the rows, repeated ones included', () => {
    const next = uniform(11);
    const points = Array.from({ length: 700 }, () => [next() * 4, next() * 4, next()]);
    points.push(...points.slice(0, 40), ...points.slice(0, 40));
    const rows = rowsOf(points);
    for (const minSamples of [1, 3, 5]) {
      const expected = points.map((_, i) => {
        const distances = points.map((_, j) =>
          Math.hypot(...[0, 1, 2].map((f) => rows.values[3 * i + f]! - rows.values[3 * j + f]!)),
        );
        return distances.sort((a, b) => a - b)[minSamples - 1]!;
      });
      for (const [row, distance] of rowKDistances(kernels, rows, minSamples).entries()) {
        expect(distance, `row ${row}`).toBeCloseTo(expected[row]!, 5);
      }
    }
  });

  it('finds the corner of a curve that is flat and then steep', () => {
    expect(kneeOf(Float64Array.from([1, 1.1, 1.2, 1.3, 5, 10]))).toBe(1.3);
    expect(kneeOf(Float64Array.from([2, 2, 2]))).toBe(2);
  });

  it('separates dense groups from scattered rows without being told a radius', () => {
    const next = uniform(5);
    const dense = Array.from({ length: 600 }, (_, i) => [(i % 3) * 10 + next() * 0.8, next() * 0.8]);
    const scattered = Array.from({ length: 12 }, (_, i) => [i * 3, 20 + i * 5]);
    const result = dbscan(kernels, rowsOf([...dense, ...scattered]), { eps: 'auto', minSamples: 5 });
    expect(result.nClusters).toBe(3);
    expect(result.labels.subarray(600).every((label) => label === -1)).toBe(true);
  });

  it('fails when all rows coincide or are too few', () => {
    const same = rowsOf(Array.from({ length: 20 }, () => [1, 1]));
    expect(() => dbscan(kernels, same, { eps: 'auto', minSamples: 5 })).toThrow(/Give eps as a number/);
    expect(() => dbscan(kernels, rowsOf([[1], [2]]), { eps: 'auto', minSamples: 5 })).toThrow(/2 rows/);
  });
});
