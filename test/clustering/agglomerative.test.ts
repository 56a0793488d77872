import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agglomerate, type Linkage } from '../../functions/clustering/agglomerative.ts';
import { cutAtCount, mergeTree } from '../../functions/clustering/dendrogram.ts';
import { matrixMerges } from '../../functions/clustering/linkage-matrix.ts';
import { wardMerges } from '../../functions/clustering/linkage-ward.ts';
import type { Rows } from '../../functions/clustering/neighbor-tree.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { linkageOracle } from '../support/linkage-oracle.ts';

const kernels = loadKernelsSync();
const LINKAGES: readonly Linkage[] = ['ward', 'complete', 'average', 'single'];
const rowsOf = (rows: number[][], precise = true): Rows => ({
  nSamples: rows.length,
  nFeatures: rows[0]?.length ?? 0,
  values: precise ? Float64Array.from(rows.flat()) : Float32Array.from(rows.flat()),
});

function randomRows(nSamples: number, nFeatures: number, seed = nSamples): number[][] {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: nSamples }, () => {
    const center = Math.floor(next() * 3);
    return Array.from({ length: nFeatures }, () => center + next());
  });
}

/** Sums in another order than the oracle's: a few float64 roundings. */
const HEIGHT_TOLERANCE = 1e-10;

function expectHeights(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThanOrEqual(HEIGHT_TOLERANCE * expected[i]!);
  }
}

describe('agglomerate', () => {
  it('merges four rows of a line as worked by hand', () => {
    const rows = rowsOf([[0], [1], [4], [9]]);
    expect([...agglomerate(kernels, rows, 'single').heights]).toEqual([1, 3, 5]);
    expect([...agglomerate(kernels, rows, 'complete').heights]).toEqual([1, 4, 9]);
    expect([...agglomerate(kernels, rows, 'average').heights]).toEqual([1, 3.5, 22 / 3]);
    // {0,1} at 1; {4} with center ½: √(2·2·1/3)·3.5; {9} with center 5/3: √(2·3·1/4)·22/3.
    const ward = agglomerate(kernels, rows, 'ward');
    expectHeights(ward.heights, [1, Math.sqrt(4 / 3) * 3.5, Math.sqrt(1.5) * (22 / 3)]);
    expect([...ward.left]).toEqual([0, 2, 3]);
    expect([...ward.right]).toEqual([1, 4, 5]);
    expect([...ward.sizes]).toEqual([2, 3, 4]);
  });

  it.each(LINKAGES)('gives the heights of the definition of %s linkage', (linkage) => {
    for (const [nSamples, nFeatures] of [
      [2, 1],
      [3, 2],
      [9, 3],
      [17, 5],
      [40, 2],
      [60, 7],
    ] as const) {
      const rows = rowsOf(randomRows(nSamples, nFeatures));
      expectHeights(agglomerate(kernels, rows, linkage).heights, linkageOracle(rows, linkage));
    }
  });

  it('gives the same Ward tree from centroids as from the distance matrix, over several re-sorts', () => {
    for (const [nSamples, nFeatures] of [
      [65, 1],
      [300, 2],
      [700, 16],
      [1500, 13],
    ] as const) {
      const rows = rowsOf(randomRows(nSamples, nFeatures));
      const ours = wardMerges(kernels, rows);
      const matrix = matrixMerges(kernels, rows, 'ward');
      const tree = mergeTree(nSamples, ours.pairs, ours.heights);
      const reference = mergeTree(nSamples, matrix.pairs, matrix.heights);
      expectHeights(tree.heights, reference.heights);
      expect(tree.left).toEqual(reference.left);
      expect(tree.right).toEqual(reference.right);
      expect(ours.distancesEvaluated).toBeLessThan(4 * nSamples ** 2);
    }
  });

  it('merges identical rows at height 0, many of them or few', () => {
    const rows = rowsOf([...Array(300)].map((_, i) => [i % 3, (i % 3) ** 2]));
    for (const linkage of LINKAGES) {
      const tree = agglomerate(kernels, rows, linkage);
      expect([...tree.heights.subarray(0, 297)].every((height) => height === 0)).toBe(true);
      expect(tree.heights[297]).toBeGreaterThan(0);
      const labels = cutAtCount(tree, 3);
      expect([...labels.keys()].every((i) => labels[i] === labels[i % 3])).toBe(true);
    }
    // Ward heights of three groups of 100 rows: √(2·100·100/200) × the distance of (0, 0) and (1, 1) first.
    expectHeights(agglomerate(kernels, rows, 'ward').heights.subarray(297, 298), [10 * Math.SQRT2]);
  });

  it('does not lose rows of spread 1 around a mean of a million', () => {
    const near = randomRows(200, 3);
    const far = near.map((row) => row.map((x, j) => x + (j === 1 ? -1e6 : 1e6)));
    for (const linkage of LINKAGES) {
      const expected = agglomerate(kernels, rowsOf(near), linkage).heights;
      const actual = agglomerate(kernels, rowsOf(far), linkage).heights;
      // A million costs six digits of the sixteen.
      expected.forEach((height, i) => {
        expect(Math.abs(actual[i]! - height)).toBeLessThan(1e-8 * height);
      });
    }
  });

  it('scales its heights with the rows, from denormal to 1e30', () => {
    const rows = randomRows(50, 2);
    for (const linkage of LINKAGES) {
      const expected = agglomerate(kernels, rowsOf(rows), linkage).heights;
      for (const scale of [2 ** -1010, 2 ** -140, 2 ** 100]) {
        const scaled = agglomerate(kernels, rowsOf(rows.map((row) => row.map((x) => x * scale))), linkage);
        expect([...scaled.heights]).toEqual([...expected.map((height) => height * scale)]);
      }
    }
  });

  it('has ascending heights, whole sizes and every cluster used once, for any integer rows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.constantFrom(...LINKAGES),
        (rows, linkage) => {
          const tree = agglomerate(kernels, rowsOf(rows.map((row) => [...row])), linkage);
          const used = [...tree.left, ...tree.right].sort((a, b) => a - b);
          expect(used).toEqual([...Array(Math.max(0, 2 * rows.length - 2)).keys()]);
          expect([...tree.heights]).toEqual([...tree.heights].sort((a, b) => a - b));
          if (rows.length > 1) expect(tree.sizes.at(-1)).toBe(rows.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps its heights when rows are shuffled', () => {
    const rows = randomRows(120, 4);
    const shuffled = rows.map((_, i) => rows[(i * 77 + 5) % 120]!);
    for (const linkage of LINKAGES) {
      const expected = agglomerate(kernels, rowsOf(rows), linkage).heights;
      expectHeights(agglomerate(kernels, rowsOf(shuffled), linkage).heights, expected);
    }
  });

  it('gives the same tree with fused and with strict arithmetic', () => {
    const strict = loadKernelsSync({ numericMode: 'strict' });
    const rows = rowsOf(randomRows(900, 9), false);
    expect(wardMerges(strict, rows).pairs).toEqual(wardMerges(kernels, rows).pairs);
    expect(wardMerges(strict, rows).heights).toEqual(wardMerges(kernels, rows).heights);
  });

  it('fails for no rows, for NaN, and past the limits of the quadratic linkages', () => {
    expect(() => agglomerate(kernels, rowsOf([]), 'ward')).toThrow(/at least one of each/);
    expect(() => agglomerate(kernels, rowsOf([[1], [Number.NaN]]), 'ward')).toThrow(/Row 1, column 0/);
    const many = { nSamples: 20_001, nFeatures: 1, values: new Float32Array(20_001) };
    expect(() => agglomerate(kernels, many, 'complete')).toThrow(/20001 rows are more than the 20000/);
    const tooMany = { nSamples: 100_001, nFeatures: 1, values: new Float32Array(100_001) };
    expect(() => agglomerate(kernels, tooMany, 'single')).toThrow(/100001 rows are more than the 100000/);
  });
});
