import type { Matrix } from '../arrow/matrix.ts';
import { InsufficientDataError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { type GrowingNode, rootNode, type Table } from './bisecting-node.ts';
import { type BisectingOptions, type BisectingSettings, bisectingSettings } from './bisecting-options.ts';
import { splitNode } from './bisecting-split.ts';
import { type BisectingNode, leavesOf } from './bisecting-tree.ts';
import { byCanonicalOrder } from './canonical-order.ts';
import { requireDistinctRows } from './distinct-rows.ts';
import { type PlacedRows, placeRows } from './placed-rows.ts';

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
    const { table, root } = rootNode(kernels, placed, settings.seed);
    const iterations = grow(kernels, table, root, settings);
    return fitOf(placed, root, iterations);
  });
}

/** Splits leaves, the largest first, until none may be split. Returns the iterations of all splits kept. */
function grow(kernels: Kernels, table: Table, root: GrowingNode, settings: BisectingSettings): number {
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
    const split = splitNode(kernels, table, node, settings);
    if (split.silhouette !== undefined) node.silhouette = split.silhouette;
    if (!split.children) continue;
    node.children = split.children;
    nLeaves++;
    iterations += split.iterations;
    split.children.filter(maySplit).forEach(insert);
  }
  return iterations;
}

/** Numbers the leaves and brings everything back to the data's units. */
function fitOf(
  { nFeatures, offset, scale }: PlacedRows,
  root: GrowingNode,
  iterations: number,
): BisectingFit {
  const labelOf = new Map<GrowingNode, number>();
  const leaves = growingLeaves(root).sort(byCanonicalOrder);
  const labels = new Int32Array(root.size);
  leaves.forEach((leaf, label) => {
    labelOf.set(leaf, label);
    for (const row of leaf.rows) labels[row] = label;
  });
  const finish = (node: GrowingNode): BisectingNode => {
    const label = labelOf.get(node);
    return {
      depth: node.depth,
      size: node.size,
      center: node.center.map((x, j) => x / scale + offset[j]!),
      inertia: node.inertia / scale ** 2,
      ...(node.silhouette !== undefined && { silhouette: node.silhouette }),
      ...(label !== undefined && { label }),
      ...(node.children && { children: [finish(node.children[0]), finish(node.children[1])] as const }),
    };
  };
  const tree = finish(root);
  const finished = leavesOf(tree).sort((a, b) => a.label! - b.label!);
  const centers = new Float64Array(leaves.length * nFeatures);
  finished.forEach(({ center }, label) => {
    centers.set(center, label * nFeatures);
  });
  return {
    labels,
    centers,
    sizes: Int32Array.from(finished, ({ size }) => size),
    inertia: finished.reduce((sum, { inertia }) => sum + inertia, 0),
    iterations,
    tree,
  };
}

function growingLeaves(node: GrowingNode): GrowingNode[] {
  return node.children ? node.children.flatMap(growingLeaves) : [node];
}
