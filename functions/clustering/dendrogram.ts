import { InvalidRequestError } from '../errors.ts';

/**
 * Merge tree of an agglomerative clustering in SciPy's linkage format: row i joins the clusters `left[i]` <
 * `right[i]` at `heights[i]` into cluster nSamples + i of `sizes[i]` rows; numbers below nSamples are rows. Heights
 * ascend.
 */
export interface MergeTree {
  readonly nSamples: number;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly heights: Float64Array;
  readonly sizes: Int32Array;
}

/**
 * Orders merges by height (equal heights keep their order) and numbers the clusters as SciPy does.
 * @param pairs a row of each of the two merged clusters, per merge
 */
export function mergeTree(nSamples: number, pairs: Int32Array, heights: Float64Array): MergeTree {
  const nMerges = heights.length;
  const order = Uint32Array.from({ length: nMerges }, (_, i) => i);
  order.sort((a, b) => heights[a]! - heights[b]! || a - b);
  const tree = {
    nSamples,
    left: new Int32Array(nMerges),
    right: new Int32Array(nMerges),
    heights: new Float64Array(nMerges),
    sizes: new Int32Array(nMerges),
  };
  const parent = Int32Array.from({ length: nSamples + nMerges }, (_, i) => i);
  const size = (cluster: number) => (cluster < nSamples ? 1 : tree.sizes[cluster - nSamples]!);
  for (let i = 0; i < nMerges; i++) {
    const merge = order[i]!;
    const a = root(parent, pairs[2 * merge]!);
    const b = root(parent, pairs[2 * merge + 1]!);
    tree.left[i] = Math.min(a, b);
    tree.right[i] = Math.max(a, b);
    tree.heights[i] = heights[merge]!;
    tree.sizes[i] = size(a) + size(b);
    parent[a] = nSamples + i;
    parent[b] = nSamples + i;
  }
  return tree;
}

function root(parent: Int32Array, cluster: number): number {
  let at = cluster;
  while (parent[at]! !== at) {
    parent[at] = parent[parent[at]!]!;
    at = parent[at]!;
  }
  return at;
}

/**
 * Labels after undoing the last merges until there are `nClusters` clusters. Clusters are numbered as scikit-learn's
 * AgglomerativeClustering numbers them.
 * @throws InvalidRequestError unless 1 ≤ nClusters ≤ nSamples
 */
export function cutAtCount(tree: MergeTree, nClusters: number): Int32Array {
  if (!Number.isInteger(nClusters) || nClusters < 1 || nClusters > tree.nSamples) {
    throw new InvalidRequestError(
      `nClusters is ${nClusters}: a tree of ${tree.nSamples} rows can be cut into 1 to ${tree.nSamples} clusters.`,
    );
  }
  // A binary heap of negated node numbers whose array order, once cut, gives the labels.
  const heap = [-(tree.nSamples + tree.heights.length - 1)];
  for (let i = 1; i < nClusters; i++) {
    const merge = -heap[0]! - tree.nSamples;
    pushHeap(heap, -tree.left[merge]!);
    const right = -tree.right[merge]!;
    if (heap[0]! < right) {
      heap[0] = right;
      siftUp(heap, 0);
    }
  }
  return labelNodes(
    tree,
    heap.map((node) => -node),
  );
}

/**
 * Labels of the clusters whose merges all lie at or below `height` (SciPy's `distance` criterion), numbered as
 * `cutAtCount` numbers that many clusters.
 * @throws InvalidRequestError for a negative or undefined height
 */
export function cutAtHeight(tree: MergeTree, height: number): Int32Array {
  if (!(height >= 0)) {
    throw new InvalidRequestError(`The height to cut at is ${height}: it must be a number from 0.`);
  }
  if (tree.nSamples === 0) return new Int32Array(0);
  return cutAtCount(
    tree,
    tree.heights.reduce((count, merged) => count + (merged > height ? 1 : 0), 1),
  );
}

/** Rows in the order in which a dendrogram without crossing lines shows them: left subtree before right. */
export function leafOrder(tree: MergeTree): Int32Array {
  const leaves = new Int32Array(tree.nSamples);
  let n = 0;
  const stack = tree.nSamples > 0 ? [tree.nSamples + tree.heights.length - 1] : [];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node < tree.nSamples) leaves[n++] = node;
    else stack.push(tree.right[node - tree.nSamples]!, tree.left[node - tree.nSamples]!);
  }
  return leaves;
}

/** Gives every row the position of its node in `nodes`. */
function labelNodes(tree: MergeTree, nodes: readonly number[]): Int32Array {
  const label = new Int32Array(tree.nSamples + tree.heights.length);
  for (const [index, node] of nodes.entries()) label[node] = index;
  const isTop = new Set(nodes);
  for (let merge = tree.heights.length - 1; merge >= 0; merge--) {
    const node = tree.nSamples + merge;
    for (const child of [tree.left[merge]!, tree.right[merge]!]) {
      if (!isTop.has(child)) label[child] = label[node]!;
    }
  }
  return label.slice(0, tree.nSamples);
}

/** Appends to a heap whose smallest value comes first. */
function pushHeap(heap: number[], value: number): void {
  heap.push(value);
  siftDown(heap, 0, heap.length - 1);
}

/** Moves the value at `position` towards the root until its parent is not larger. */
function siftDown(heap: number[], start: number, position: number): void {
  const value = heap[position]!;
  let at = position;
  while (at > start) {
    const above = (at - 1) >> 1;
    if (value >= heap[above]!) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = value;
}

/** Moves the value at `position` to a leaf along the smaller children, then back up: the order Python's heapq makes. */
function siftUp(heap: number[], position: number): void {
  const value = heap[position]!;
  let at = position;
  for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && heap[child]! >= heap[child + 1]!) child++;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = value;
  siftDown(heap, position, at);
}
