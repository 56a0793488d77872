import type { Matrix } from '../arrow/matrix.ts';
import { InsufficientDataError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { type GrowingNode, rootNode } from './bisecting-node.ts';
import { type BisectingOptions, type BisectingSettings, bisectingSettings } from './bisecting-options.ts';
import { type TreeRows, treeRows, writeLabels } from './bisecting-rows.ts';
import { splitNode } from './bisecting-split.ts';
import { type BisectingNode, leavesOf } from './bisecting-tree.ts';
import { byCanonicalOrder } from './canonical-order.ts';
import { requireDistinctRows } from './distinct-rows.ts';
import { placeRows } from './placed-rows.ts';

export interface BisectingFit {
  /** Cluster per row. */
  readonly labels: Int32Array;
  /** nClusters × nFeatures means, row-major. */
  readonly centers: Float64Array;
  readonly sizes: Int32Array;
  /** Sum of squared distances to the centers. */
  readonly inertia: number;
  /** Iterations of all splits in the tree. */
  readonly iterations: number;
  readonly tree: BisectingNode;
}

/**
 * Divisive clustering by bisecting k-means (Steinbach, Karypis & Kumar, "A comparison of document clustering
 * techniques", KDD workshop on text mining 2000): a binary tree grown from the whole table down, each node split by
 * 2-means. Without `nClusters` every node is split down to `maxDepth`, as long as it has `minPoints` rows and the
 * split's silhouette reaches `minSilhouette`; with it, the leaf with the largest inertia (or size) is split until there
 * are that many. Clusters are numbered by size, largest first, then by center. The same data, options and seed give the
 * same bytes on every host of one numeric mode.
 * @throws InvalidDatasetError for a value that is not finite, naming row and column
 * @throws InsufficientDataError for no rows, or fewer different rows than `nClusters`
 * @throws InvalidRequestError for an option out of range
 */
export function bisectingKMeans(kernels: Kernels, data: Matrix, options: BisectingOptions): BisectingFit {
  const settings = bisectingSettings(options, data.nSamples);
  if (data.nSamples === 0) {
    throw new InsufficientDataError('The table has 0 rows: a tree needs at least one. Add data.', {
      reason: 'rows',
      nSamples: 0,
    });
  }
  return kernels.memory.scope(() => {
    const placed = placeRows(kernels, data);
    if (options.nClusters !== undefined) {
      requireDistinctRows({ ...data, values: placed.rows }, options.nClusters);
    }
    const { tree, sums, sumOfSquares } = treeRows(kernels, placed);
    const root = rootNode(tree, sums, sumOfSquares, settings.seed);
    const iterations = grow(kernels, tree, root, settings);
    return fitOf(kernels, tree, root, iterations);
  });
}

/** Splits leaves, the largest first, until none may be split. Returns the iterations of all splits kept. */
function grow(kernels: Kernels, tree: TreeRows, root: GrowingNode, settings: BisectingSettings): number {
  const { nClusters, maxDepth, minPoints, splitBy } = settings;
  const maySplit = ({ depth, size, inertia }: GrowingNode) =>
    depth < maxDepth && size >= minPoints && inertia > 0;
  // Ascending, so that the next to split is the last; of equal ones the one made first.
  const open = [root].filter(maySplit);
  const insert = (node: GrowingNode) => {
    let at = open.length;
    while (at > 0 && open[at - 1]![splitBy] >= node[splitBy]) at--;
    open.splice(at, 0, node);
  };
  let nLeaves = 1;
  let iterations = 0;
  for (let node = open.pop(); node && nLeaves < nClusters; node = open.pop()) {
    const spent = splitNode(kernels, tree, node, settings);
    if (!node.children) continue;
    nLeaves++;
    iterations += spent;
    node.children.filter(maySplit).forEach(insert);
  }
  return iterations;
}

/** Numbers the leaves and brings everything back to the data's units. */
function fitOf(kernels: Kernels, tree: TreeRows, root: GrowingNode, iterations: number): BisectingFit {
  const { nFeatures, offset, scale } = tree.placed;
  const leaves = growingLeaves(root).sort(byCanonicalOrder);
  const labelOf = new Map(leaves.map((leaf, label) => [leaf, label]));
  const centers = new Float64Array(leaves.length * nFeatures);
  const finish = (node: GrowingNode): BisectingNode => {
    const { depth, size, silhouette, children } = node;
    const label = labelOf.get(node);
    const center = node.center.map((x, j) => x / scale + offset[j]!);
    if (label !== undefined) centers.set(center, label * nFeatures);
    return {
      depth,
      size,
      center,
      inertia: node.inertia / scale ** 2,
      ...(silhouette !== undefined && { silhouette }),
      ...(label !== undefined && { label }),
      ...(children && { children: [finish(children[0]), finish(children[1])] as const }),
    };
  };
  const finished = finish(root);
  return {
    labels: labelsOf(kernels, tree, root, labelOf),
    centers,
    sizes: Int32Array.from(leaves, ({ size }) => size),
    inertia: leavesOf(finished).reduce((sum, { inertia }) => sum + inertia, 0),
    iterations,
    tree: finished,
  };
}

/** Label of each row. */
function labelsOf(
  kernels: Kernels,
  tree: TreeRows,
  root: GrowingNode,
  labelOf: ReadonlyMap<GrowingNode, number>,
): Int32Array {
  const labels = kernels.memory.i32(root.size).fill(0);
  const write = (node: GrowingNode): void => {
    const { children, unparted } = node;
    if (children && unparted) {
      // Both children are leaves.
      const [front, back] = children.map((leaf) => labelOf.get(leaf)!) as [number, number];
      const { fit, frontSide } = unparted;
      const bySide = frontSide === 0 ? ([front, back] as const) : ([back, front] as const);
      writeLabels(kernels, tree, node, fit.sides, bySide, labels);
    } else if (children) children.forEach(write);
    else {
      const label = labelOf.get(node)!;
      for (const row of tree.order.subarray(node.start, node.start + node.size)) labels[row] = label;
    }
  };
  write(root);
  return new Int32Array(labels);
}

function growingLeaves(node: GrowingNode): GrowingNode[] {
  return node.children ? node.children.flatMap(growingLeaves) : [node];
}
