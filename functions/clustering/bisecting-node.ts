import { Random } from '../stats/random.ts';
import type { Range, TreeRows } from './bisecting-rows.ts';
import type { TwoMeansFit } from './two-means.ts';

/** Below this share of the sum of squares, an inertia taken from sums has lost digits. */
const LEAST_SHARE = 1e-6;

/** A node while the tree grows, in placed units. */
export interface GrowingNode extends Range {
  readonly depth: number;
  readonly parent?: GrowingNode;
  /** Exact column sums. */
  readonly sums: Float64Array;
  readonly sumOfSquares: number;
  readonly center: Float64Array;
  /** Sum of squared distances to the center. */
  readonly inertia: number;
  /** Follows from the place in the tree alone, so that the order of splits draws nothing different. */
  readonly random: Random;
  silhouette?: number;
  /** The larger first, and in front. */
  children?: readonly [GrowingNode, GrowingNode];
  /** The split, while the rows of the two children still lie among each other. */
  unparted?: { readonly fit: TwoMeansFit; readonly frontSide: 0 | 1 };
}

/** Center and inertia from sums, for `inertiaByRow` where they cancel. */
export function momentsOf(
  size: number,
  sums: Float64Array,
  sumOfSquares: number,
  inertiaByRow: InertiaByRow,
) {
  const center = sums.map((sum) => sum / size);
  const inertia = sumOfSquares - sums.reduce((total, sum, j) => total + sum * center[j]!, 0);
  const isPrecise = inertia > LEAST_SHARE * sumOfSquares;
  return { size, sums, sumOfSquares, center, inertia: isPrecise ? inertia : inertiaByRow(center) };
}

/** Sum of squared distances from rows to a center, row by row. */
export type InertiaByRow = (center: Float64Array) => number;

/** Sum of squared distances to a center of the rows at some positions. */
export function inertiaOf(
  { placed: { rows, nFeatures } }: TreeRows,
  { start, size }: Range,
  center: Float64Array,
  isIncluded: (index: number) => boolean = () => true,
): number {
  let total = 0;
  for (let index = 0; index < size; index++) {
    if (!isIncluded(index)) continue;
    const row = (start + index) * nFeatures;
    for (let j = 0; j < nFeatures; j++) total += (rows[row + j]! - center[j]!) ** 2;
  }
  return total;
}

/** The node of all rows. */
export function rootNode(
  tree: TreeRows,
  sums: Float64Array,
  sumOfSquares: number,
  seed: number,
): GrowingNode {
  const range = { start: 0, size: tree.placed.nSamples };
  const moments = momentsOf(range.size, sums, sumOfSquares, (center) => inertiaOf(tree, range, center));
  return { ...range, depth: 0, random: new Random(seed), ...moments };
}
