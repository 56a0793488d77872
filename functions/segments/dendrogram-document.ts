import { leafOrder, type MergeTree } from '../clustering/dendrogram.ts';
import { InvalidRequestError } from '../errors.ts';

/** A merge in SciPy's format: clusters `left` < `right` join at `height` into one of `size` rows. */
export interface DendrogramMerge {
  readonly left: number;
  readonly right: number;
  readonly height: number;
  readonly size: number;
}

/** The top of a merge tree, as a dendrogram draws it. */
export interface DendrogramDocument {
  /** Rows of the whole tree. */
  readonly n_rows: number;
  /** Leaf i of this document: its rows, and its number in the whole tree (below n_rows: a single row). */
  readonly leaves: readonly { readonly size: number; readonly node: number }[];
  /** Numbers below `leaves.length` are leaves, later ones merges in order, as in SciPy's `linkage`. Heights ascend. */
  readonly merges: readonly DendrogramMerge[];
  /** Leaves from left to right, so that no lines cross. */
  readonly leaf_order: readonly number[];
}

/** Leaves that are drawn unless more are asked for. */
export const DEFAULT_DENDROGRAM_LEAVES = 50;

/**
 * The last merges of a tree down to `maxLeaves` leaves (SciPy's `truncate_mode='lastp'`): where it is cut off a leaf
 * stands for the rows below. Leaves are numbered by their number in the whole tree.
 * @throws InvalidRequestError unless maxLeaves is a whole number from 1
 */
export function dendrogramDocument(
  tree: MergeTree,
  maxLeaves: number = DEFAULT_DENDROGRAM_LEAVES,
): DendrogramDocument {
  if (!Number.isInteger(maxLeaves) || maxLeaves < 1) {
    throw new InvalidRequestError(`maxLeaves is ${maxLeaves}: it must be a whole number from 1.`);
  }
  const { nSamples } = tree;
  const nMerges = Math.max(0, Math.min(nSamples, maxLeaves) - 1);
  const firstMerge = tree.heights.length - nMerges;
  const kept = Array.from({ length: nMerges }, (_, i) => firstMerge + i);
  const isLeaf = (node: number) => node < nSamples + firstMerge;
  const roots = nSamples === 0 ? [] : [nSamples + tree.heights.length - 1];
  const nodes = nMerges === 0 ? roots : kept.flatMap((merge) => [tree.left[merge]!, tree.right[merge]!]);
  const leaves = nodes.filter(isLeaf).sort((a, b) => a - b);
  const numbers = new Map(leaves.map((node, number) => [node, number]));
  const numberOf = (node: number) => numbers.get(node) ?? leaves.length + node - nSamples - firstMerge;
  // Leaves and merges keep their order, so that left stays below right.
  const merges = kept.map((merge) => ({
    left: numberOf(tree.left[merge]!),
    right: numberOf(tree.right[merge]!),
    height: tree.heights[merge]!,
    size: tree.sizes[merge]!,
  }));
  return {
    n_rows: nSamples,
    leaves: leaves.map((node) => ({ node, size: node < nSamples ? 1 : tree.sizes[node - nSamples]! })),
    merges,
    leaf_order: [
      ...leafOrder({
        nSamples: leaves.length,
        left: Int32Array.from(merges, ({ left }) => left),
        right: Int32Array.from(merges, ({ right }) => right),
        heights: Float64Array.from(merges, ({ height }) => height),
        sizes: Int32Array.from(merges, ({ size }) => size),
      }),
    ],
  };
}
