import { Random } from '../stats/random.ts';
import {
  type BoostedTree,
  type BoostedTrees,
  softmaxAt,
  type TrainingColumns,
  treeValue,
} from './boosted-trees.ts';
import { growTree, sortColumns } from './grow-tree.ts';

/** Hyper-parameters with XGBoost's names and meaning. */
export interface BoostingOptions {
  /** Rounds; each grows a tree per class. */
  readonly nEstimators: number;
  readonly maxDepth: number;
  readonly learningRate: number;
  readonly minChildWeight: number;
  /** Share of rows that a round looks at. */
  readonly subsample: number;
  /** Share of columns that a tree looks at. */
  readonly colsampleByTree: number;
  readonly lambda: number;
  readonly seed: number;
}

/** The source's classifier (requirements S1-03); what it does not name is XGBoost's default. */
export const CLASSIFIER_BOOSTING: BoostingOptions = {
  nEstimators: 100,
  maxDepth: 4,
  learningRate: 0.1,
  minChildWeight: 3,
  subsample: 0.8,
  colsampleByTree: 0.8,
  lambda: 1,
  seed: 42,
};

/** Rows to learn from. */
export interface TrainingSet {
  readonly columns: TrainingColumns;
  /** Place in `classes`, per row. */
  readonly labels: Uint8Array;
}

/**
 * Trains boosted trees for several classes by softmax (XGBoost's `multi:softprob`, tree method `exact`). The same rows,
 * options and seed give the same bytes.
 */
export function trainBoostedTrees(
  { columns, labels }: TrainingSet,
  names: Pick<BoostedTrees, 'columns' | 'classes'>,
  options: BoostingOptions = CLASSIFIER_BOOSTING,
): BoostedTrees {
  const rows = labels.length;
  const random = new Random(options.seed);
  const sorted = sortColumns(columns);
  const margins = names.classes.map(() => new Float64Array(rows));
  const trees: BoostedTree[] = [];
  const every = columns.map((_, column) => column);
  for (let round = 0; round < options.nEstimators; round++) {
    const probabilities = margins.map((margin) => margin.slice());
    for (let row = 0; row < rows; row++) softmaxAt(probabilities, row);
    const takesPart = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) {
      takesPart[row] = options.subsample >= 1 || random.uniform() < options.subsample ? 1 : 0;
    }
    for (const [place, margin] of margins.entries()) {
      const { gradient, hessian } = derivatives(probabilities[place]!, labels, place);
      const features = someOf(every, options.colsampleByTree, random);
      const tree = growTree(columns, sorted, { gradient, hessian }, takesPart, features, options);
      trees.push(tree);
      for (let row = 0; row < rows; row++) {
        margin[row] = Math.fround(margin[row]! + treeValue(tree, columns, row));
      }
    }
  }
  return { version: 1, columns: names.columns, classes: names.classes, trees };
}

/** Derivatives of the log loss by the margin of one class. XGBoost doubles the second. */
function derivatives(probability: Float64Array, labels: Uint8Array, place: number) {
  const gradient = Float32Array.from(probability, (p, row) => p - (labels[row] === place ? 1 : 0));
  const hessian = Float32Array.from(probability, (p) => Math.max(2 * p * (1 - p), 1e-16));
  return { gradient, hessian };
}

/** A share of the columns, at least one, ascending. */
function someOf(every: readonly number[], share: number, random: Random): readonly number[] {
  const count = Math.max(1, Math.floor(share * every.length));
  if (count >= every.length) return every;
  const left = [...every];
  for (let taken = 0; taken < count; taken++) {
    const other = taken + Math.floor(random.uniform() * (left.length - taken));
    [left[taken], left[other]] = [left[other]!, left[taken]!];
  }
  return left.slice(0, count).sort((a, b) => a - b);
}
