import type { BoostedTree, TrainingColumns } from './boosted-trees.ts';

/** Bounds of a tree, with XGBoost's names and meaning. */
export interface TreeOptions {
  readonly maxDepth: number;
  readonly learningRate: number;
  /** Least sum of second derivatives in a child. */
  readonly minChildWeight: number;
  /** L2 penalty of leaf values. */
  readonly lambda: number;
}

/** First and second derivative of the loss, per row. */
export interface Derivatives {
  readonly gradient: Float32Array;
  readonly hessian: Float32Array;
}

/** Rows of each column in ascending order of its values, those unknown left out. */
export type SortedColumns = readonly Int32Array[];

/** XGBoost's least improvement of a split. */
const LEAST_GAIN = 1e-6;

interface Split {
  gain: number;
  feature: number;
  threshold: number;
  unknownLeft: boolean;
}

interface Node {
  readonly g: number;
  readonly h: number;
}

/** Sorts every column once; all trees of a fit share it. */
export function sortColumns(columns: TrainingColumns): SortedColumns {
  return columns.map((column) =>
    Int32Array.from(column.keys())
      .filter((row) => !Number.isNaN(column[row]!))
      .sort((a, b) => column[a]! - column[b]! || a - b),
  );
}

/**
 * Grows one tree level by level: every split is the best of all values of all columns, by the second-order gain of Chen
 * & Guestrin ("XGBoost: A Scalable Tree Boosting System", KDD 2016, equation 7), tried from the largest value down and,
 * where values are unknown, upwards before that, so that the unknown learn a side (their algorithm 3). The order of candidates
 * and the treatment of ties are those of XGBoost's `exact` method: equal data give the same splits.
 * @param rows which rows take part: 0 leaves one out
 * @param features which columns take part
 */
export function growTree(
  columns: TrainingColumns,
  sorted: SortedColumns,
  { gradient, hessian }: Derivatives,
  rows: Uint8Array,
  features: readonly number[],
  options: TreeOptions,
): BoostedTree {
  const { maxDepth, learningRate, minChildWeight, lambda } = options;
  const tree = { feature: [-1], threshold: [0], left: [-1], unknownLeft: [0], value: [0], gain: [0] };
  /** Node that each row is in; −1 for rows that take no part. */
  const place = Int32Array.from(rows, (takesPart) => (takesPart ? 0 : -1));
  const stats: Node[] = [sumOf(0)];
  let level = [0];

  for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
    const best = bestSplits(level);
    const next: number[] = [];
    for (const node of level) {
      const split = best[node];
      if (!split || split.feature < 0) continue;
      const left = tree.left.length;
      tree.feature[node] = split.feature;
      tree.threshold[node] = split.threshold;
      tree.unknownLeft[node] = split.unknownLeft ? 1 : 0;
      tree.gain[node] = split.gain;
      tree.left[node] = left;
      for (const child of [left, left + 1]) {
        tree.feature[child] = -1;
        tree.threshold[child] = 0;
        tree.left[child] = -1;
        tree.unknownLeft[child] = 0;
        tree.value[child] = 0;
        tree.gain[child] = 0;
        next.push(child);
      }
    }
    moveRows();
    for (const node of next) stats[node] = sumOf(node);
    level = next;
  }
  for (const [node, left] of tree.left.entries()) {
    if (left < 0)
      tree.value[node] = Math.fround(Math.fround(-stats[node]!.g / (stats[node]!.h + lambda)) * learningRate);
  }
  return tree;

  function sumOf(node: number): Node {
    let g = 0;
    let h = 0;
    for (let row = 0; row < place.length; row++) {
      if (place[row] !== node) continue;
      g += gradient[row]!;
      h += hessian[row]!;
    }
    return { g, h };
  }

  function moveRows(): void {
    for (let row = 0; row < place.length; row++) {
      const node = place[row]!;
      const left = node < 0 ? -1 : tree.left[node]!;
      if (left < 0) continue;
      const value = columns[tree.feature[node]!]![row]!;
      const goesLeft = Number.isNaN(value) ? tree.unknownLeft[node] === 1 : value < tree.threshold[node]!;
      place[row] = goesLeft ? left : left + 1;
    }
  }

  function bestSplits(nodes: readonly number[]): (Split | undefined)[] {
    const best: (Split | undefined)[] = Array.from({ length: tree.left.length });
    for (const node of nodes) best[node] = { gain: 0, feature: -1, threshold: 0, unknownLeft: false };
    for (const feature of features) {
      const isDense = sorted[feature]!.length === place.length;
      if (!isDense) scan(feature, 1, best);
      scan(feature, -1, best);
    }
    return best;
  }

  /** Tries every split of a column, in one direction: what is passed first takes the side away from the unknown. */
  function scan(feature: number, step: 1 | -1, best: readonly (Split | undefined)[]): void {
    const order = sorted[feature]!;
    const values = columns[feature]!;
    const n = tree.left.length;
    const g = new Float64Array(n);
    const h = new Float64Array(n);
    const last = new Float32Array(n);
    const found: (Split | undefined)[] = Array.from({ length: n });
    for (let at = step > 0 ? 0 : order.length - 1; at >= 0 && at < order.length; at += step) {
      const row = order[at]!;
      const node = place[row]!;
      if (node < 0) continue;
      const split = best[node];
      if (!split) continue;
      const value = values[row]!;
      if (h[node] !== 0 && value !== last[node]) tryAt(node, middle(value, last[node]!));
      found[node] = split;
      g[node]! += gradient[row]!;
      h[node]! += hessian[row]!;
      last[node] = value;
    }
    // All known values against the unknown ones.
    for (const [node, split] of found.entries()) {
      if (!split) continue;
      const gap = Math.abs(last[node]!) + LEAST_GAIN;
      tryAt(node, Math.fround(last[node]! + step * gap));
    }

    function middle(value: number, former: number): number {
      const half = Math.fround(Math.fround(value + former) * 0.5);
      return half === value ? former : half;
    }

    function tryAt(node: number, threshold: number): void {
      const all = stats[node]!;
      const restG = all.g - g[node]!;
      const restH = all.h - h[node]!;
      if (h[node]! < minChildWeight || restH < minChildWeight) return;
      const gain = Math.fround(score(g[node]!, h[node]!) + score(restG, restH) - score(all.g, all.h));
      const split = best[node]!;
      const isBetter = feature >= split.feature ? gain > split.gain : gain >= split.gain;
      if (!isBetter || gain <= LEAST_GAIN) return;
      Object.assign(split, { gain, feature, threshold, unknownLeft: step < 0 });
    }
  }

  function score(g: number, h: number): number {
    return (g * g) / (h + lambda);
  }
}
