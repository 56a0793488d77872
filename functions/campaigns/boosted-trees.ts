/**
 * Gradient-boosted trees as data: what training writes and prediction reads. Trees come round by round, one per class;
 * nodes lie in arrays, the root at 0.
 */
export interface BoostedTrees {
  readonly version: 1;
  readonly columns: readonly string[];
  readonly classes: readonly string[];
  readonly trees: readonly BoostedTree[];
}

/** One regression tree. A node without a left child is a leaf. */
export interface BoostedTree {
  /** Column that a node splits on. */
  readonly feature: readonly number[];
  /** Values below it go left. */
  readonly threshold: readonly number[];
  /** Left child, −1 in a leaf; the right one follows it. */
  readonly left: readonly number[];
  /** 1 where an unknown value goes left. */
  readonly unknownLeft: readonly number[];
  /** What a leaf adds to the margin of its class; 0 in other nodes. */
  readonly value: readonly number[];
  /** How much a split lowered the loss; 0 in leaves. */
  readonly gain: readonly number[];
}

/** Rows as columns of float32, NaN where unknown. */
export type TrainingColumns = readonly Float32Array[];

/** Columns as training and prediction see them. */
export function trainingColumns(columns: readonly ArrayLike<number>[]): TrainingColumns {
  return columns.map((column) => Float32Array.from(column));
}

/** What one tree says of a row. */
export function treeValue(tree: BoostedTree, columns: TrainingColumns, row: number): number {
  let node = 0;
  for (let left = tree.left[0]!; left >= 0; left = tree.left[node]!) {
    const value = columns[tree.feature[node]!]![row]!;
    const goesLeft = Number.isNaN(value) ? tree.unknownLeft[node] === 1 : value < tree.threshold[node]!;
    node = goesLeft ? left : left + 1;
  }
  return tree.value[node]!;
}

/** Probabilities of the classes for every row: one array per class, summing to 1 in each row. */
export function predictProbabilities(model: BoostedTrees, columns: TrainingColumns): Float64Array[] {
  const rows = columns[0]?.length ?? 0;
  const nClasses = model.classes.length;
  const margins = model.classes.map(() => new Float64Array(rows));
  for (const [n, tree] of model.trees.entries()) {
    const margin = margins[n % nClasses]!;
    for (let row = 0; row < rows; row++) margin[row]! += treeValue(tree, columns, row);
  }
  for (let row = 0; row < rows; row++) softmaxAt(margins, row);
  return margins;
}

/** Turns the margins of a row into probabilities, in place. */
export function softmaxAt(margins: readonly Float64Array[], row: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (const margin of margins) largest = Math.max(largest, margin[row]!);
  let sum = 0;
  for (const margin of margins) sum += margin[row] = Math.exp(margin[row]! - largest);
  for (const margin of margins) margin[row]! /= sum;
}

/** Mean gain of the splits on each column, as shares of 1 (XGBoost's `gain` importance); all 0 without a split. */
export function gainImportances({ columns, trees }: BoostedTrees): Record<string, number> {
  const gain = columns.map(() => 0);
  const splits = columns.map(() => 0);
  for (const tree of trees) {
    for (const [node, left] of tree.left.entries()) {
      if (left < 0) continue;
      gain[tree.feature[node]!]! += tree.gain[node]!;
      splits[tree.feature[node]!]!++;
    }
  }
  const means = gain.map((total, column) => (splits[column] === 0 ? 0 : total / splits[column]!));
  const sum = means.reduce((total, mean) => total + mean, 0);
  return Object.fromEntries(columns.map((name, column) => [name, sum === 0 ? 0 : means[column]! / sum]));
}
