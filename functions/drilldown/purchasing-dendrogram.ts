import { agglomerate } from '../clustering/agglomerative.ts';
import { cutAtCount, leafOrder, type MergeTree } from '../clustering/dendrogram.ts';
import {
  type DendrogramAnswer,
  type DendrogramBody,
  type DendrogramNode,
  MOST_NESTED_LEAVES,
} from '../contracts/purchasing-segmentation.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { describeClusters, labelsById, legendOf } from './describe-clusters.ts';
import { inIdOrder } from './id-order.ts';
import { purchasingMatrix } from './purchasing-matrix.ts';
import { numbered } from './split-customers.ts';

/** Cuts that are listed. */
const MOST_CUTS = 50;
const DEFAULT_CLUSTERS = 3;

/**
 * The whole merge tree of the customers: as SciPy's linkage, as nested objects, with the heights to cut at, and one cut
 * as labels for the drill-down. Leaves are the customers in the order of their ids.
 * @throws InvalidRequestError for duplicate ids, for both ways of cutting at once, for more clusters than customers
 */
export function purchasingDendrogram(kernels: Kernels, body: DendrogramBody): DendrogramAnswer {
  const { customers, linkage, scaling, categories, nested } = body;
  const { sorted, toRequestOrder } = inIdOrder(customers);
  const tree = agglomerate(kernels, purchasingMatrix(sorted, scaling, categories), linkage);
  const nClusters = clustersOfCut(tree, body);
  const labels = toRequestOrder(numbered(sorted, cutAtCount(tree, nClusters), nClusters));
  return {
    customer_ids: sorted.map(({ id }) => id),
    merges: Array.from(tree.heights, (height, i): [number, number, number, number] => [
      tree.left[i]!,
      tree.right[i]!,
      height,
      tree.sizes[i]!,
    ]),
    leaf_order: Array.from(leafOrder(tree)),
    cut_heights: cutHeights(tree),
    n_clusters: nClusters,
    labels: labelsById(customers, labels),
    cluster_legend: legendOf(describeClusters(customers, labels, nClusters)),
    tree:
      nested && tree.nSamples <= MOST_NESTED_LEAVES
        ? nestedTree(
            tree,
            sorted.map(({ id }) => id),
          )
        : null,
    options: { linkage, scaling, categories },
  };
}

function clustersOfCut(tree: MergeTree, { n_clusters, cut_height }: DendrogramBody): number {
  if (n_clusters !== undefined && cut_height !== undefined) {
    throw new InvalidRequestError(
      'Invalid input: body /cut_height: n_clusters and cut_height both say where to cut. Give one of them.',
      { reason: 'two_cuts' },
    );
  }
  if (cut_height !== undefined) {
    return tree.heights.reduce((count, height) => count + (height > cut_height ? 1 : 0), 1);
  }
  const asked = n_clusters ?? Math.min(DEFAULT_CLUSTERS, tree.nSamples);
  if (asked <= tree.nSamples) return asked;
  throw new InvalidRequestError(
    `Invalid input: body /n_clusters: ${asked} clusters of ${tree.nSamples} customers. Ask for at most ${tree.nSamples}.`,
    { reason: 'too_many_clusters' },
  );
}

/** For 1, 2, … clusters the range of heights that a cut may take; where heights tie, a number has no cut. */
function cutHeights({ nSamples, heights }: MergeTree): DendrogramAnswer['cut_heights'] {
  const cuts: DendrogramAnswer['cut_heights'] = [];
  for (let n = 1; n <= Math.min(nSamples, MOST_CUTS); n++) {
    // With n clusters the last n − 1 merges are undone.
    const from = heights[nSamples - 1 - n] ?? 0;
    const below = heights[nSamples - n] ?? null;
    if (below === null || from < below) cuts.push({ n_clusters: n, from, below });
  }
  return cuts;
}

/** Built from the leaves up, so that no depth overflows the stack. */
function nestedTree({ left, right, heights, sizes }: MergeTree, ids: readonly string[]): DendrogramNode {
  const nodes: DendrogramNode[] = ids.map((id) => ({ size: 1, height: 0, id }));
  heights.forEach((height, i) => {
    nodes.push({ size: sizes[i]!, height, children: [nodes[left[i]!]!, nodes[right[i]!]!] });
  });
  return nodes.at(-1)!;
}
