import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../functions/arrow/matrix.ts';
import { bisectingKMeans } from '../../functions/clustering/bisecting.ts';
import {
  type BisectingNode,
  cutAtDepth,
  labelsAtDepth,
  leavesOf,
  treeStatistics,
} from '../../functions/clustering/bisecting-tree.ts';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { InsufficientDataError, InvalidDatasetError, InvalidRequestError } from '../../functions/errors.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { bisectingOracle, rowsOf } from '../support/bisecting-oracle.ts';
import { REAL_DATA, realRows } from '../support/expected-clustering.ts';
import { inertiaOf, silhouetteOracle } from '../support/kmeans-oracle.ts';
import { blobs, matrixOf } from '../support/random-matrix.ts';

const kernels = loadKernelsSync();
/** Float64 sums in two orders. */
const SUM_TOLERANCE = 1e-9;
/** The silhouette kernel computes distances in float32. */
const SILHOUETTE_TOLERANCE = 1e-6;

const firstAndMiddle = (rows: Int32Array): [number, number] => [rows[0]!, rows[rows.length >> 1]!];

/** Four pairs on a line: {0, 1}, {10, 11}, {100, 101}, {120, 123}. */
const PAIRS = matrixOf([[0], [100], [10], [120], [1], [101], [11], [123]]);

/** A partition as sorted lists of row numbers. */
function partition(labels: Int32Array, nClusters: number): string[] {
  const clusters = Array.from({ length: nClusters }, (_, c) =>
    [...labels.keys()].filter((i) => labels[i] === c),
  );
  return clusters.map((rows) => rows.join()).sort();
}

function nodesOf(node: BisectingNode): BisectingNode[] {
  return [node, ...(node.children?.flatMap(nodesOf) ?? [])];
}

/** What holds for every tree. */
function expectSoundTree(data: Matrix, fit: ReturnType<typeof bisectingKMeans>) {
  for (const { size, inertia, children, label } of nodesOf(fit.tree)) {
    expect(label === undefined).toBe(children !== undefined);
    if (!children) continue;
    expect(children[0].size + children[1].size).toBe(size);
    expect(children[0].size).toBeGreaterThanOrEqual(children[1].size);
    expect(children[1].size).toBeGreaterThan(0);
    expect(children[0].inertia + children[1].inertia).toBeLessThanOrEqual(inertia * (1 + SUM_TOLERANCE));
  }
  const counts = new Int32Array(fit.sizes.length);
  for (const label of fit.labels) counts[label]!++;
  expect(counts).toEqual(fit.sizes);
  expect([...fit.sizes]).toEqual([...fit.sizes].sort((a, b) => b - a));
  expect(
    leavesOf(fit.tree)
      .map((leaf) => leaf.label!)
      .sort((a, b) => a - b),
  ).toEqual([...fit.sizes.keys()]);
  const inertia = inertiaOf(data, fit.labels, fit.centers);
  expect(Math.abs(fit.inertia - inertia)).toBeLessThanOrEqual(SUM_TOLERANCE * inertia);
}

describe('bisectingKMeans', () => {
  it('finds the tree of a toy worked by hand', () => {
    const fit = bisectingKMeans(kernels, PAIRS, { seed: 1, minPoints: 3, maxDepth: 2 });
    expectSoundTree(PAIRS, fit);
    // Root: mean 466 / 8. Halves {0, 1, 10, 11} (mean 5.5) and {100, 101, 120, 123} (mean 111).
    expect(fit.tree.center[0]).toBe(58.25);
    expect(fit.tree.children!.map(({ size, center, inertia }) => [size, center[0], inertia])).toEqual([
      [4, 5.5, 101],
      [4, 111, 121 + 100 + 81 + 144],
    ]);
    expect([...fit.centers]).toEqual([0.5, 10.5, 100.5, 121.5]);
    expect([...fit.labels]).toEqual([0, 2, 1, 3, 0, 2, 1, 3]);
    expect(fit.inertia).toBe(0.5 + 0.5 + 0.5 + 4.5);
    expect(fit.tree.silhouette).toBeCloseTo(
      silhouetteOracle(PAIRS, labelsAtDepth(fit.tree, fit.labels, 1), 2),
      6,
    );
  });

  it('stops at the depth, at small nodes, and at weak splits', () => {
    const splits = (options: object) => {
      const { tree } = bisectingKMeans(kernels, PAIRS, { seed: 1, minPoints: 2, ...options });
      return nodesOf(tree).filter(({ children }) => children).length;
    };
    expect(splits({ maxDepth: 0 })).toBe(0);
    expect(splits({ maxDepth: 1 })).toBe(1);
    expect(splits({ maxDepth: 2 })).toBe(3);
    expect(splits({ minPoints: 5 })).toBe(1);
    expect(splits({ minPoints: 9 })).toBe(0);
    // A pair has a silhouette of 0 when split: both rows are alone.
    expect(splits({ maxDepth: 9, minSilhouette: 0.3 })).toBe(3);
    expect(splits({ maxDepth: 9, minSilhouette: -1 })).toBe(7);
    expect(splits({ minSilhouette: 1 })).toBe(0);
  });

  it('keeps the silhouette of a split it undoes, and prunes by the default of 0.3', () => {
    const random = blobs(400, 6, 1, 5);
    const fit = bisectingKMeans(kernels, random, { seed: 1 });
    expect(fit.sizes.length).toBe(1);
    expect(fit.tree.silhouette!).toBeLessThan(0.3);
    expect(fit.tree.children).toBeUndefined();
    const apart = blobs(400, 6, 8, 5, { spread: 0.01 });
    const deep = bisectingKMeans(kernels, apart, { seed: 1 });
    for (const node of nodesOf(deep.tree))
      if (node.children) expect(node.silhouette!).toBeGreaterThanOrEqual(0.3);
    expect(Math.max(...leavesOf(deep.tree).map(({ depth }) => depth))).toBe(3);
  });

  it.each([
    { n: 40, d: 1, k: 5 },
    { n: 300, d: 2, k: 8 },
    { n: 501, d: 3, k: 7 },
    { n: 700, d: 5, k: 9 },
    { n: 1003, d: 16, k: 6 },
    { n: 400, d: 19, k: 12 },
    { n: 20_001, d: 6, k: 5 },
  ])(
    'makes the splits of a float64 reference from the same starts on $n × $d rows, $k clusters',
    ({ n, d, k }) => {
      for (const options of [{}, { heavyTail: true }, { offset: 1e5, spread: 2 }]) {
        const data = blobs(n, d, 6, n + d, options);
        const fit = bisectingKMeans(kernels, data, { seed: 1, nClusters: k, tol: 0, init: firstAndMiddle });
        expectSoundTree(data, fit);
        const expected = bisectingOracle(data, k, firstAndMiddle);
        expect(partition(fit.labels, k)).toEqual(expected.map((rows) => rows.join()).sort());
      }
    },
  );

  it('splits the largest inertia, or the largest size', () => {
    // Many rows close together, and few far apart.
    const rows = [...Array(20).keys()].map((i) => [i / 100]);
    const data = matrixOf([...rows, [50], [60], [70], [80]]);
    const byInertia = bisectingKMeans(kernels, data, { seed: 1, nClusters: 3 });
    expect([...byInertia.sizes]).toEqual([20, 2, 2]);
    const bySize = bisectingKMeans(kernels, data, { seed: 1, nClusters: 3, splitBy: 'size' });
    expect([...bySize.sizes]).toEqual([10, 10, 4]);
  });

  it('has sound trees whatever the rows are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 2, maxLength: 2 }), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.integer({ min: 0, max: 1000 }),
        (rows, seed) => {
          const data = matrixOf(rows);
          const distinct = new Set(rows.map((row) => row.join())).size;
          const fit = bisectingKMeans(kernels, data, { seed, nClusters: distinct });
          expectSoundTree(data, fit);
          expect(fit.inertia).toBe(0);
          expectSoundTree(data, bisectingKMeans(kernels, data, { seed, minPoints: 2, minSilhouette: -0.5 }));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('repeats itself byte for byte, in strict mode too, and ignores the order of rows and a shift', () => {
    const data = blobs(2000, 4, 7, 33);
    const options = { seed: 42, nClusters: 7 };
    const fit = bisectingKMeans(kernels, data, options);
    expect(bisectingKMeans(loadKernelsSync(), data, options)).toEqual(fit);
    const strict = bisectingKMeans(loadKernelsSync({ numericMode: 'strict' }), data, options);
    expect(strict.labels).toEqual(fit.labels);
    const apart = blobs(600, 3, 5, 3, { spread: 0.004 });
    const order = [...Array(600).keys()].reverse();
    const forward = bisectingKMeans(kernels, apart, { seed: 1, nClusters: 5 });
    const backward = bisectingKMeans(kernels, rowsOf(apart, order), { seed: 1, nClusters: 5 });
    expect(order.map((row) => forward.labels[row])).toEqual([...backward.labels]);
    expect(backward.inertia).toBeCloseTo(forward.inertia, 9);
    const moved = { ...apart, values: apart.values.map((x) => 4 * x) };
    expect(bisectingKMeans(kernels, moved, { seed: 1, nClusters: 5 }).labels).toEqual(forward.labels);
  });

  it('is no further from k-means than one bad split on well separated blobs', () => {
    const data = blobs(3000, 8, 8, 17, { spread: 0.02 });
    const fit = bisectingKMeans(kernels, data, { seed: 7, nClusters: 8 });
    const flat = kmeans(kernels, data, { seed: 7, nClusters: 8 });
    expect(fit.inertia).toBeGreaterThanOrEqual(flat.inertia * (1 - SUM_TOLERANCE));
    expect(fit.inertia).toBeLessThanOrEqual(flat.inertia * 1.5);
  });

  it('keeps the answer for very large, very small and far-away values', () => {
    const splits = (factor: number, offset = 0) => {
      const data = { ...PAIRS, values: PAIRS.values.map((x) => x * factor + offset) };
      return [...bisectingKMeans(kernels, data, { seed: 1, nClusters: 4 }).labels];
    };
    const expected = splits(1);
    for (const factor of [1e30, 1e-30, 2 ** -140]) expect(splits(factor)).toEqual(expected);
    expect(splits(1, 1e6)).toEqual(expected);
  });

  it('leaves equal rows, one row and a constant column in peace', () => {
    const equal = bisectingKMeans(kernels, matrixOf(Array(50).fill([3, 4])), { seed: 1, minPoints: 2 });
    expect(equal.sizes.length).toBe(1);
    expect(equal.inertia).toBe(0);
    const one = bisectingKMeans(kernels, matrixOf([[7]]), { seed: 1 });
    expect([...one.labels]).toEqual([0]);
    const constant = matrixOf([...Array(40).keys()].map((i) => [5, i % 2 === 0 ? i / 100 : 9 + i / 100]));
    const halves = bisectingKMeans(kernels, constant, { seed: 1, nClusters: 2 });
    expect([...halves.labels]).toEqual([...Array(40).keys()].map((i) => i % 2));
    const twins = bisectingKMeans(kernels, matrixOf([[1], [1], [2], [2], [2]]), {
      seed: 1,
      nClusters: 2,
      init: (rows) => [rows[0]!, rows[1]!],
    });
    expect([...twins.labels]).toEqual([1, 1, 0, 0, 0]);
  });

  it('fails on values that are not finite, on too few rows and on bad options', () => {
    const data = matrixOf([
      [1, 2],
      [3, Number.NaN],
    ]);
    expect(() => bisectingKMeans(kernels, data, { seed: 1 })).toThrow(InvalidDatasetError);
    expect(() => bisectingKMeans(kernels, data, { seed: 1 })).toThrow(/Row 1, column 1/);
    expect(() => bisectingKMeans(kernels, matrixOf([]), { seed: 1 })).toThrow(InsufficientDataError);
    const same = matrixOf([[1], [1], [1]]);
    expect(() => bisectingKMeans(kernels, same, { seed: 1, nClusters: 2 })).toThrow(/1 \(in 3 rows\)/);
    expect(() => bisectingKMeans(kernels, same, { seed: 1, nClusters: 4 })).toThrow(/the table has 3/);
    for (const bad of [
      { nClusters: 0 },
      { maxDepth: -1 },
      { minPoints: 1 },
      { minSilhouette: 2 },
      { nInit: 0.5 },
      { maxIter: 0 },
      { tol: Number.NaN },
    ]) {
      expect(() => bisectingKMeans(kernels, PAIRS, { seed: 1, ...bad })).toThrow(InvalidRequestError);
    }
    const foreign = { seed: 1, nClusters: 3, init: () => [0, 8] as const };
    expect(() => bisectingKMeans(kernels, PAIRS, foreign)).toThrow(/chose row 8, which is not among the 8/);
  });
});

describe('treeStatistics', () => {
  it('counts the levels and leaves of a toy, and finds the level that separates best', () => {
    const fit = bisectingKMeans(kernels, PAIRS, { seed: 1, minPoints: 2 });
    const statistics = treeStatistics(kernels, PAIRS, fit, 1);
    expect(statistics).toMatchObject({ nLevels: 3, nLeafClusters: 4, avgLeafSize: 2 });
    expect(cutAtDepth(fit.tree, 1)).toHaveLength(2);
    statistics.silhouettes.forEach((silhouette, at) => {
      const k = cutAtDepth(fit.tree, at + 1).length;
      const expected = silhouetteOracle(PAIRS, labelsAtDepth(fit.tree, fit.labels, at + 1), k);
      expect(Math.abs(silhouette - expected)).toBeLessThan(SILHOUETTE_TOLERANCE);
    });
    expect(statistics.bestDepth).toBe(statistics.silhouettes[0]! >= statistics.silhouettes[1]! ? 1 : 2);
  });

  it('says 0 for a tree without a split', () => {
    const data = matrixOf([[1], [1]]);
    const fit = bisectingKMeans(kernels, data, { seed: 1 });
    expect(treeStatistics(kernels, data, fit, 1)).toEqual({
      nLevels: 1,
      nLeafClusters: 1,
      avgLeafSize: 2,
      bestDepth: 0,
      silhouettes: [],
    });
  });
});

describe('bisectingKMeans on real tables', () => {
  const names = ['sipu/sipu/s1.data.gz', 'sipu/sipu/unbalance.data.gz', 'sklearn/wine_data.csv'];
  for (const name of names.map((path) => `clustering_${path}`)) {
    it.skipIf(!existsSync(join(REAL_DATA, name)))(`splits ${name} as float64 does`, () => {
      const { nSamples, nFeatures, values } = realRows(name);
      const data = { nSamples, nFeatures, values: Float32Array.from(values) };
      const fit = bisectingKMeans(kernels, data, { seed: 1, nClusters: 8, tol: 0, init: firstAndMiddle });
      expectSoundTree(data, fit);
      const expected = bisectingOracle(data, 8, firstAndMiddle);
      expect(partition(fit.labels, 8)).toEqual(expected.map((rows) => rows.join()).sort());
    });
  }
});
