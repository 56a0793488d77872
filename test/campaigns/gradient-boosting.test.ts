import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type BoostedTree,
  gainImportances,
  predictProbabilities,
  trainingColumns,
} from '../../functions/campaigns/boosted-trees.ts';
import { classifierMetrics } from '../../functions/campaigns/classifier-metrics.ts';
import { CLASSIFIER_BOOSTING, trainBoostedTrees } from '../../functions/campaigns/gradient-boosting.ts';

interface ExpectedNode {
  readonly leaf?: number | undefined;
  readonly f?: number | undefined;
  readonly t?: number | undefined;
  readonly m?: boolean | undefined;
  readonly y?: ExpectedNode | undefined;
  readonly n?: ExpectedNode | undefined;
}
const nodeSchema: z.ZodType<ExpectedNode> = z.object({
  leaf: z.number().optional(),
  f: z.number().optional(),
  t: z.number().optional(),
  m: z.boolean().optional(),
  y: z.lazy(() => nodeSchema.optional()),
  n: z.lazy(() => nodeSchema.optional()),
});
/** What XGBoost made of the same rows; `boosted_trees.py` beside it wrote it. */
const expected = z
  .object({
    x: z.array(z.array(z.number().nullable())),
    y: z.array(z.int()),
    trees: z.array(nodeSchema),
    probabilities: z.array(z.array(z.number())),
    importances: z.array(z.number()),
    logLoss100: z.number(),
    subsampledLogLoss: z.array(z.number()),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/boosted-trees.json', import.meta.url), 'utf8')));

const TRAINED = 300;
const names = { columns: ['f0', 'f1', 'f2', 'f3', 'f4'], classes: ['a', 'b', 'c', 'd'] };
const rows = (from: number, to?: number) =>
  trainingColumns(expected.x.map((column) => column.slice(from, to).map((value) => value ?? Number.NaN)));
const learn = { columns: rows(0, TRAINED), labels: Uint8Array.from(expected.y.slice(0, TRAINED)) };
const held = { columns: rows(TRAINED), labels: Uint8Array.from(expected.y.slice(TRAINED)) };
const everything = { ...CLASSIFIER_BOOSTING, subsample: 1, colsampleByTree: 1 };

/** The tree as XGBoost's dump nests it. */
function nested(tree: BoostedTree, node = 0): ExpectedNode {
  const left = tree.left[node]!;
  if (left < 0) return { leaf: tree.value[node] };
  return {
    f: tree.feature[node],
    t: tree.threshold[node],
    m: tree.unknownLeft[node] === 1,
    y: nested(tree, left),
    n: nested(tree, left + 1),
  };
}

/** The same splits; thresholds and leaves to float32. */
function expectSameTree(found: ExpectedNode, wanted: ExpectedNode, path: string): void {
  expect([found.f, found.leaf === undefined], path).toEqual([wanted.f, wanted.leaf === undefined]);
  if (wanted.leaf !== undefined) {
    expect(found.leaf, path).toBeCloseTo(wanted.leaf, 5);
    return;
  }
  expect(found.t, path).toBeCloseTo(wanted.t!, 5);
  expect(found.m, path).toBe(wanted.m);
  expectSameTree(found.y!, wanted.y!, `${path}y`);
  expectSameTree(found.n!, wanted.n!, `${path}n`);
}

describe('boosted trees', () => {
  it('have the splits, sides of the unknown and leaves of XGBoost where every row and column takes part', () => {
    const model = trainBoostedTrees(learn, names, { ...everything, nEstimators: 12 });
    expect(model.trees).toHaveLength(expected.trees.length);
    for (const [n, tree] of model.trees.entries()) expectSameTree(nested(tree), expected.trees[n]!, `${n}:`);
    const found = predictProbabilities(model, held.columns);
    for (const [row, wanted] of expected.probabilities.entries()) {
      for (const [place, probability] of wanted.entries()) {
        expect(found[place]![row]).toBeCloseTo(probability, 5);
      }
    }
    const importances = Object.values(gainImportances(model));
    for (const [column, share] of expected.importances.entries()) {
      expect(importances[column]).toBeCloseTo(share, 4);
    }
  });

  it('predict as well as XGBoost with the source’s hyper-parameters, within 2% of its log loss', () => {
    const loss = (seed: number) => {
      const model = trainBoostedTrees(learn, names, { ...CLASSIFIER_BOOSTING, seed });
      return classifierMetrics(held.labels, predictProbabilities(model, held.columns)).log_loss;
    };
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Both draw rows and columns, each in its own way: means over ten seeds are compared.
    const ours = mean(Array.from({ length: 10 }, (_, seed) => loss(seed)));
    expect(Math.abs(ours / mean(expected.subsampledLogLoss) - 1)).toBeLessThan(0.02);
    const all = trainBoostedTrees(learn, names, everything);
    const { log_loss } = classifierMetrics(held.labels, predictProbabilities(all, held.columns));
    expect(log_loss).toBeCloseTo(expected.logLoss100, 3);
  });

  it('are the same bytes for the same rows and seed, and others for another seed', () => {
    const bytes = (seed: number) =>
      JSON.stringify(trainBoostedTrees(learn, names, { ...CLASSIFIER_BOOSTING, nEstimators: 5, seed }));
    expect(bytes(1)).toBe(bytes(1));
    expect(bytes(1)).not.toBe(bytes(2));
  });

  it('stay a single leaf where nothing can be told apart', () => {
    const columns = trainingColumns([
      Array.from({ length: 20 }, () => 1),
      Array.from({ length: 20 }, () => Number.NaN),
    ]);
    const labels = Uint8Array.from({ length: 20 }, (_, row) => row % 2);
    const model = trainBoostedTrees(
      { columns, labels },
      { columns: ['x', 'y'], classes: ['a', 'b'] },
      everything,
    );
    expect(model.trees.every(({ left }) => left.length === 1)).toBe(true);
    expect(predictProbabilities(model, columns)[0]![0]).toBeCloseTo(0.5, 6);
    expect(Object.values(gainImportances(model))).toEqual([0, 0]);
  });
});

describe('the metrics of a classifier', () => {
  it('are those of scikit-learn, worked by hand', () => {
    // Labels 0 0 1 2 2, told 0 1 1 2 0: class 0 has F1 1/2, class 1 2/3, class 2 2/3.
    const labels = Uint8Array.from([0, 0, 1, 2, 2]);
    const sure = (told: readonly number[]) =>
      [0, 1, 2, 3].map((place) => Float64Array.from(told, (one) => (one === place ? 0.7 : 0.1)));
    const found = classifierMetrics(labels, sure([0, 1, 1, 2, 0]));
    expect(found.accuracy).toBeCloseTo(3 / 5, 12);
    expect(found.f1_macro).toBeCloseTo((1 / 2 + 2 / 3 + 2 / 3) / 3, 12);
    expect(found.f1_weighted).toBeCloseTo((2 * 0.5 + 2 / 3 + (2 * 2) / 3) / 5, 12);
    expect(found.log_loss).toBeCloseTo(-(3 * Math.log(0.7) + 2 * Math.log(0.1)) / 5, 12);
  });
});
