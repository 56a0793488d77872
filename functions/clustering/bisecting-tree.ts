import type { Matrix } from '../arrow/matrix.ts';
import type { Kernels } from '../kernels/instance.ts';
import { estimateSilhouette } from './silhouette-sample.ts';

/** A cluster of a divisive tree: the rows of the whole table, of one half of its parent, or of a leaf. */
export interface BisectingNode {
  /** 0 for all rows. */
  readonly depth: number;
  readonly size: number;
  /** nFeatures means. */
  readonly center: Float64Array;
  /** Sum of squared distances to the center. */
  readonly inertia: number;
  /** Mean silhouette, −1..1, of this node's rows when split in two; absent where it was not split or not measured. */
  readonly silhouette?: number;
  /** Number of the cluster; only leaves have one. */
  readonly label?: number;
  /** The two halves, the larger first; absent for leaves. Their sizes add up to this node's. */
  readonly children?: readonly [BisectingNode, BisectingNode];
}

/** Shape of a divisive tree. */
export interface TreeStatistics {
  /** Levels that hold a node; a tree that was never split has one. */
  readonly nLevels: number;
  readonly nLeafClusters: number;
  /** Rows per leaf. */
  readonly avgLeafSize: number;
  /**
   * Depth at which the tree, cut there, has the highest mean silhouette: the level to describe a single row by. The
   * shallower of equal ones; 0 when there is no split.
   */
  readonly bestDepth: number;
  /** Mean silhouette of the cut at depth 1, 2, …. */
  readonly silhouettes: readonly number[];
}

/** Leaves from left to right. */
export function leavesOf(node: BisectingNode): BisectingNode[] {
  return node.children ? node.children.flatMap(leavesOf) : [node];
}

/** The clusters of a tree cut at a depth: its nodes at that depth, and leaves above it. */
export function cutAtDepth(node: BisectingNode, depth: number): BisectingNode[] {
  if (!node.children || node.depth >= depth) return [node];
  return node.children.flatMap((child) => cutAtDepth(child, depth));
}

/** Per row, the position in `cutAtDepth(tree, depth)` of the cluster it belongs to. */
export function labelsAtDepth(tree: BisectingNode, labels: Int32Array, depth: number): Int32Array {
  const positions = new Int32Array(leavesOf(tree).length);
  cutAtDepth(tree, depth).forEach((node, position) => {
    for (const leaf of leavesOf(node)) positions[leaf.label!] = position;
  });
  return labels.map((label) => positions[label]!);
}

/**
 * Statistics of a tree and the rows it was made from.
 * @param seed draws the rows the silhouette is estimated on, past 20,000
 */
export function treeStatistics(
  kernels: Kernels,
  data: Matrix,
  fit: { readonly tree: BisectingNode; readonly labels: Int32Array },
  seed: number,
): TreeStatistics {
  const leaves = leavesOf(fit.tree);
  const deepest = leaves.reduce((most, { depth }) => Math.max(most, depth), 0);
  const silhouettes = Array.from({ length: deepest }, (_, at) => {
    const labels = labelsAtDepth(fit.tree, fit.labels, at + 1);
    const nClusters = cutAtDepth(fit.tree, at + 1).length;
    return estimateSilhouette(kernels, data, labels, nClusters, seed).silhouette;
  });
  return {
    nLevels: deepest + 1,
    nLeafClusters: leaves.length,
    avgLeafSize: data.nSamples / leaves.length,
    bestDepth: silhouettes.length === 0 ? 0 : silhouettes.indexOf(Math.max(...silhouettes)) + 1,
    silhouettes,
  };
}
