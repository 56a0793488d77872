import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adjustedRandScore } from '../../functions/clustering/adjusted-rand.ts';
import { agglomerate, type Linkage } from '../../functions/clustering/agglomerative.ts';
import { calinskiHarabaszScore } from '../../functions/clustering/calinski-harabasz.ts';
import { dbscan } from '../../functions/clustering/dbscan.ts';
import { cutAtCount, leafOrder, type MergeTree } from '../../functions/clustering/dendrogram.ts';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import type { Rows } from '../../functions/clustering/neighbor-tree.ts';
import { daviesBouldinScore, silhouetteScore } from '../../functions/clustering/validity.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import {
  EXPECTED,
  type ExpectedScores,
  labelDigest,
  REAL_DATA,
  realRows,
  syntheticRows,
} from '../support/expected-clustering.ts';

const kernels = loadKernelsSync();
const { versions } = EXPECTED;
const peers = `scikit-learn ${versions.scikitLearn} and SciPy ${versions.scipy}`;

/** Heights may differ by the order of float64 sums, scores by the rounding of the rows to float32. */
const HEIGHT_TOLERANCE = 1e-9;
const SCORE_TOLERANCE = 1e-6;
/** How much worse than the best of 60 starts of the peer the default restarts may be, as a factor. */
const INERTIA_TOLERANCE = 1.001;

/** Five clusters; those of single linkage are recorded in the order of their first row. */
function comparableCut(tree: MergeTree, linkage: string): Int32Array {
  const labels = cutAtCount(tree, 5);
  if (linkage !== 'single') return labels;
  const numbers = [...new Set(labels)];
  return labels.map((label) => numbers.indexOf(label));
}

function expectScores(rows: Rows, labels: Int32Array, other: Int32Array, expected: ExpectedScores): void {
  const matrix = { ...rows, values: Float32Array.from(rows.values) };
  const actual = {
    silhouette: silhouetteScore(kernels, matrix, labels, 5),
    daviesBouldin: daviesBouldinScore(kernels, matrix, labels, 5),
    calinskiHarabasz: calinskiHarabaszScore(matrix, labels, 5),
    adjustedRand: adjustedRandScore(labels, other),
  };
  for (const [name, value] of Object.entries(expected)) {
    const error = Math.abs(actual[name as keyof ExpectedScores] - value);
    expect.soft(error / Math.max(1, Math.abs(value)), name).toBeLessThan(SCORE_TOLERANCE);
  }
}

describe(`synthetic rows, against ${peers}`, () => {
  it.each(EXPECTED.synthetic)('gives the trees, leaf orders, cuts and labels of $n × $d', (expected) => {
    const rows = syntheticRows(expected.n, expected.d, expected.seed);
    for (const [linkage, tree] of Object.entries(expected.trees)) {
      const actual = agglomerate(kernels, rows, linkage as Linkage);
      expect([...actual.left], linkage).toEqual(tree.left);
      expect([...actual.right], linkage).toEqual(tree.right);
      expect([...actual.sizes], linkage).toEqual(tree.sizes);
      actual.heights.forEach((height, i) => {
        expect(Math.abs(height / tree.heights[i]! - 1)).toBeLessThan(HEIGHT_TOLERANCE);
      });
      expect([...leafOrder(actual)], linkage).toEqual(tree.leaves);
      expect([...comparableCut(actual, linkage)], linkage).toEqual(tree.cut5);
    }
    const { eps, minSamples } = expected;
    expect([...dbscan(kernels, rows, { eps, minSamples }).labels]).toEqual(expected.dbscan);
    const labels = (linkage: string) => Int32Array.from(expected.trees[linkage]!.cut5);
    expectScores(rows, labels('ward'), labels('average'), expected.scores);
  });
});

describe.skipIf(!existsSync(REAL_DATA))(`real tables, against ${peers}`, () => {
  it.each(Object.entries(EXPECTED.real))('agrees on %s', (name, expected) => {
    const rows = realRows(name);
    expect([rows.nSamples, rows.nFeatures]).toEqual([expected.n, expected.d]);
    const found = dbscan(kernels, rows, { eps: expected.eps, minSamples: 5 });
    expect(found).toMatchObject({
      nClusters: expected.nClusters,
      nNoise: expected.nNoise,
      nCore: expected.nCore,
    });
    expect(labelDigest(found.labels)).toBe(expected.dbscan);
    const cuts = new Map<string, Int32Array>();
    for (const [linkage, tree] of Object.entries(expected.trees)) {
      const actual = agglomerate(kernels, rows, linkage as Linkage);
      const sum = actual.heights.reduce((total, height) => total + height, 0);
      expect.soft(Math.abs(sum / tree.heightSum - 1), `${linkage} heights`).toBeLessThan(HEIGHT_TOLERANCE);
      expect.soft(Math.abs(actual.heights.at(-1)! / tree.top - 1), linkage).toBeLessThan(HEIGHT_TOLERANCE);
      cuts.set(linkage, cutAtCount(actual, 5));
      expect.soft(labelDigest(comparableCut(actual, linkage)), `${linkage} cut`).toBe(tree.cut5);
    }
    expectScores(rows, cuts.get('ward')!, cuts.get('average')!, expected.scores);
  });

  it.each(Object.entries(EXPECTED.real))(
    'finds k-means as good as the best known of %s',
    (name, expected) => {
      const rows = realRows(name);
      const matrix = { ...rows, values: Float32Array.from(rows.values) };
      for (const [nClusters, best] of Object.entries(expected.inertia)) {
        const { inertia } = kmeans(kernels, matrix, { nClusters: Number(nClusters), seed: 42 });
        expect.soft(inertia / best, `${nClusters} clusters`).toBeLessThan(INERTIA_TOLERANCE);
      }
    },
  );
});
