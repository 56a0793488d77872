import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../functions/arrow/matrix.ts';
import { adjustedRandScore } from '../../functions/clustering/adjusted-rand.ts';
import { calinskiHarabaszScore } from '../../functions/clustering/calinski-harabasz.ts';
import { silhouetteInterval } from '../../functions/clustering/silhouette-interval.ts';
import { simplifiedSilhouette } from '../../functions/clustering/simplified-silhouette.ts';
import { silhouetteScore } from '../../functions/clustering/validity.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';

const kernels = loadKernelsSync();
const matrixOf = (rows: number[][]): Matrix => ({
  nSamples: rows.length,
  nFeatures: rows[0]?.length ?? 0,
  values: Float32Array.from(rows.flat()),
});
const labels = (...values: number[]) => Int32Array.from(values);

describe('calinskiHarabaszScore', () => {
  it('is between- by within-variance on four rows worked by hand', () => {
    // Means 1 and 9, overall 5: between 2·16 + 2·16 = 64 with 1 degree, within 1+1+1+1 = 4 with 2.
    const line = matrixOf([[0], [2], [8], [10]]);
    expect(calinskiHarabaszScore(line, labels(0, 0, 1, 1), 2)).toBe(32);
  });

  it('is the same for renumbered clusters, moved rows and an empty cluster', () => {
    const rows = [[0.5], [2], [8], [10], [11]];
    const base = calinskiHarabaszScore(matrixOf(rows), labels(0, 0, 1, 1, 1), 2);
    expect(calinskiHarabaszScore(matrixOf(rows), labels(2, 2, 0, 0, 0), 3)).toBeCloseTo(base, 12);
    const moved = matrixOf(rows.map(([x]) => [x! + 2 ** 12]));
    expect(calinskiHarabaszScore(moved, labels(0, 0, 1, 1, 1), 2)).toBeCloseTo(base, 6);
  });

  it('is 1 when every row lies on its center', () => {
    expect(calinskiHarabaszScore(matrixOf([[1], [1], [3]]), labels(0, 0, 1), 2)).toBe(1);
  });

  it('fails for one cluster and for noise labels', () => {
    expect(() => calinskiHarabaszScore(matrixOf([[1], [2]]), labels(0, 0), 2)).toThrow(/at least 2/);
    expect(() => calinskiHarabaszScore(matrixOf([[1], [2]]), labels(0, -1), 2)).toThrow(/label -1/);
  });
});

describe('adjustedRandScore', () => {
  it('is 1 for the same partition under other names', () => {
    expect(adjustedRandScore(labels(0, 0, 1, 2), labels(7, 7, -1, 3))).toBe(1);
    expect(adjustedRandScore(labels(0, 0, 0), labels(4, 4, 4))).toBe(1);
    expect(adjustedRandScore(labels(0, 1, 2), labels(2, 0, 1))).toBe(1);
    expect(adjustedRandScore(labels(), labels())).toBe(1);
  });

  it('corrects for chance, down to below 0', () => {
    // Hubert and Arabie's formula by hand: shared pairs 1, pairs 2 and 3 of 6 → (1 − 1) / (2.5 − 1) = 0.
    expect(adjustedRandScore(labels(0, 0, 1, 1), labels(0, 0, 0, 1))).toBe(0);
    expect(adjustedRandScore(labels(0, 0, 1, 1), labels(0, 1, 0, 1))).toBeCloseTo(-0.5, 15);
  });

  it('is near 0 for unrelated labels, and symmetric', () => {
    const random = new Random(5);
    const a = Int32Array.from({ length: 5000 }, () => random.integer(4));
    const b = Int32Array.from({ length: 5000 }, () => random.integer(6));
    expect(Math.abs(adjustedRandScore(a, b))).toBeLessThan(0.005);
    expect(adjustedRandScore(a, b)).toBeCloseTo(adjustedRandScore(b, a), 14);
  });

  it('fails for different lengths', () => {
    expect(() => adjustedRandScore(labels(0), labels(0, 1))).toThrow(/one has 1 labels, the other 2/);
  });
});

describe('simplifiedSilhouette', () => {
  it('compares distances to centers, as worked by hand', () => {
    const rows = matrixOf([[0], [2], [9], [11]]);
    const { silhouette, byCluster } = simplifiedSilhouette(rows, labels(0, 0, 1, 1), Float64Array.of(1, 10));
    // Row 0: a = 1, b = 10; row 1: a = 1, b = 8; and mirrored.
    expect(byCluster[0]).toBeCloseTo((9 / 10 + 7 / 8) / 2, 15);
    expect(silhouette).toBeCloseTo((9 / 10 + 7 / 8) / 2, 15);
  });

  it('is 0 for a row on two centers, and ignores clusters without rows', () => {
    const rows = matrixOf([[1], [1], [5]]);
    const { silhouette, byCluster } = simplifiedSilhouette(rows, labels(0, 1, 1), Float64Array.of(1, 1, 5));
    expect(byCluster[0]).toBe(0);
    expect(byCluster[1]).toBe((0 + 0) / 2);
    expect(byCluster[2]).toBeNaN();
    expect(silhouette).toBe(0);
  });

  it('fails for centers of another shape', () => {
    const rows = matrixOf([[1, 2]]);
    expect(() => simplifiedSilhouette(rows, labels(0), Float64Array.of(1, 2, 3))).toThrow(/whole number/);
  });
});

describe('silhouetteInterval', () => {
  const random = new Random(1);
  const sizes = [6000, 2990, 10];
  const truth = Int32Array.from(sizes.flatMap((size, c) => Array<number>(size).fill(c)));
  const data = matrixOf(
    [...truth].map((c) => [c * 3 + random.normal(), random.normal() + (c === 2 ? 8 : 0)]),
  );

  it('is exact, with no error, when all rows fit', () => {
    const interval = silhouetteInterval(kernels, data, truth, 3, { seed: 1, limit: 9000 });
    expect(interval.silhouette).toBeCloseTo(silhouetteScore(kernels, data, truth, 3), 12);
    expect(interval).toMatchObject({ standardError: 0, nSampled: 9000 });
    expect(interval.low).toBe(interval.silhouette);
  });

  it('covers the exact value on most seeds, and always samples the smallest cluster', () => {
    const exact = silhouetteScore(kernels, data, truth, 3);
    let covered = 0;
    for (let seed = 0; seed < 40; seed++) {
      const interval = silhouetteInterval(kernels, data, truth, 3, { seed, limit: 600 });
      expect(interval.byCluster.every(Number.isFinite)).toBe(true);
      expect(interval.nSampled).toBeLessThan(650);
      expect(interval.high - interval.low).toBeLessThan(0.2);
      if (interval.low <= exact && exact <= interval.high) covered++;
    }
    // 95 % nominal; fewer than 34 of 40 would happen once in 150 such tests.
    expect(covered).toBeGreaterThanOrEqual(34);
  });

  it('fails for a sample of fewer than two rows', () => {
    expect(() => silhouetteInterval(kernels, data, truth, 3, { seed: 1, limit: 1 })).toThrow(/from 2/);
  });
});
