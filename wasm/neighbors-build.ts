import {
  boxAt,
  loadF32,
  loadI32,
  NeighborTree,
  nodeAt,
  storeF32,
  storeI32,
} from './neighbors';

/** Deepest node; a traversal that pushes both children never holds more than this many nodes. */
const MAX_DEPTH: i32 = 500;
/** Scratch of `splitValue`, behind a stack of (node, depth) pairs. */
export const SAMPLES_AT: usize = 8192;
const N_SAMPLED: i32 = 31;

/** Bytes of the `NeighborTree` record. */
export function neighbor_tree_bytes(): i32 {
  return <i32>offsetof<NeighborTree>();
}

/**
 * Prepares an empty tree; `neighbor_tree_split` then builds it.
 * @param tree OUT record of `neighbor_tree_bytes`
 * @param rows INOUT f32 [nSamples × nFeatures], finite, 64-byte aligned; permuted, later overwritten by the blocks
 * @param order OUT i32 [nSamples]
 * @param nodes OUT [maxNodes × 16 bytes]; maxNodes ≥ 1
 * @param boxes OUT [maxNodes × 2 × (nFeatures rounded up to 4) × 4 bytes]
 * @param scratch 16 KiB + nFeatures × 64 bytes
 */
export function neighbor_tree_init(
  address: usize,
  nSamples: i32,
  nFeatures: i32,
  rows: usize,
  order: usize,
  maxNodes: i32,
  nodes: usize,
  boxes: usize,
  scratch: usize,
  leafSize: i32,
  cliqueSize: i32,
  cliqueDistance: f32,
): void {
  const tree = changetype<NeighborTree>(address);
  tree.nSamples = nSamples;
  tree.nFeatures = nFeatures;
  tree.boxWidth = (nFeatures + 3) & ~3;
  tree.leafSize = leafSize;
  tree.cliqueSize = cliqueSize;
  tree.cliqueDistance = cliqueDistance;
  tree.maxNodes = maxNodes;
  tree.nNodes = 1;
  tree.nLeaves = 0;
  tree.nBlocks = 0;
  tree.pending = 1;
  tree.rows = rows;
  tree.order = order;
  tree.nodes = nodes;
  tree.boxes = boxes;
  tree.scratch = scratch;
  for (let i = 0; i < nSamples; i++) storeI32(order, i, i);
  storeI32(nodes, 2, 0);
  storeI32(nodes, 3, nSamples);
  storeI32(scratch, 0, 0);
  storeI32(scratch, 1, 0);
}

/** Bounding box of the positions [start, end). */
function boundingBox(tree: NeighborTree, start: i32, end: i32, box: usize): void {
  const nFeatures = tree.nFeatures;
  const stride = (<usize>nFeatures) << 2;
  const upper = box + ((<usize>tree.boxWidth) << 2);
  let j = 0;
  for (; j + 4 <= nFeatures; j += 4) {
    let row = tree.rows + <usize>start * stride + ((<usize>j) << 2);
    let low_f32x4 = v128.load(row);
    let high_f32x4 = low_f32x4;
    for (let i = start + 1; i < end; i++) {
      row += stride;
      const value_f32x4 = v128.load(row);
      low_f32x4 = f32x4.pmin(low_f32x4, value_f32x4);
      high_f32x4 = f32x4.pmax(high_f32x4, value_f32x4);
    }
    v128.store(box + ((<usize>j) << 2), low_f32x4);
    v128.store(upper + ((<usize>j) << 2), high_f32x4);
  }
  for (; j < nFeatures; j++) {
    let row = tree.rows + <usize>start * stride + ((<usize>j) << 2);
    let low = load<f32>(row);
    let high = low;
    for (let i = start + 1; i < end; i++) {
      row += stride;
      const value = load<f32>(row);
      if (value < low) low = value;
      if (value > high) high = value;
    }
    storeF32(box, j, low);
    storeF32(upper, j, high);
  }
  for (; j < tree.boxWidth; j++) {
    storeF32(box, j, 0);
    storeF32(upper, j, 0);
  }
}

/** Exchanges the rows at two positions. */
function exchangeRows(tree: NeighborTree, a: i32, b: i32): void {
  const nFeatures = tree.nFeatures;
  const stride = (<usize>nFeatures) << 2;
  let p = tree.rows + <usize>a * stride;
  let q = tree.rows + <usize>b * stride;
  let j = 0;
  for (; j + 4 <= nFeatures; j += 4) {
    const row_f32x4 = v128.load(p);
    v128.store(p, v128.load(q));
    v128.store(q, row_f32x4);
    p += 16;
    q += 16;
  }
  for (; j < nFeatures; j++) {
    const value = load<f32>(p);
    store<f32>(p, load<f32>(q));
    store<f32>(q, value);
    p += 4;
    q += 4;
  }
  const row = loadI32(tree.order, a);
  storeI32(tree.order, a, loadI32(tree.order, b));
  storeI32(tree.order, b, row);
}

/** A value v with low ≤ v < high, near the median of the feature: rows ≤ v go left, and neither side is empty. */
function splitValue(tree: NeighborTree, start: i32, end: i32, feature: i32, low: f32, high: f32): f32 {
  const sorted = tree.scratch + SAMPLES_AT;
  const span = <i64>(end - start - 1);
  for (let s = 0; s < N_SAMPLED; s++) {
    const position = start + <i32>((<i64>s * span) / (N_SAMPLED - 1));
    const value = loadF32(tree.rows, position * tree.nFeatures + feature);
    let slot = s;
    while (slot > 0 && loadF32(sorted, slot - 1) > value) {
      storeF32(sorted, slot, loadF32(sorted, slot - 1));
      slot--;
    }
    storeF32(sorted, slot, value);
  }
  let at = N_SAMPLED >> 1;
  while (at >= 0 && loadF32(sorted, at) >= high) at--;
  if (at >= 0) return loadF32(sorted, at);
  const middle = low * <f32>0.5 + high * <f32>0.5;
  return middle < high && middle >= low ? middle : low;
}

/** Moves rows ≤ value before the others; the position where the others begin. */
function partition(tree: NeighborTree, start: i32, end: i32, feature: i32, value: f32): i32 {
  const stride = (<usize>tree.nFeatures) << 2;
  const column = tree.rows + ((<usize>feature) << 2);
  let a = start;
  let b = end - 1;
  while (true) {
    while (a <= b && load<f32>(column + <usize>a * stride) <= value) a++;
    while (a <= b && load<f32>(column + <usize>b * stride) > value) b--;
    if (a >= b) return a;
    exchangeRows(tree, a, b);
    a++;
    b--;
  }
}

/** Boxes one node and splits it in two, unless it is to be a leaf. */
function splitNode(tree: NeighborTree, node: i32, depth: i32): void {
  const record = nodeAt(tree, node);
  const start = loadI32(record, 2);
  const end = loadI32(record, 3);
  const box = boxAt(tree, node);
  boundingBox(tree, start, end, box);
  let widest: f32 = -1;
  let feature = 0;
  let diagonal: f32 = 0;
  for (let j = 0; j < tree.nFeatures; j++) {
    const extent = loadF32(box, tree.boxWidth + j) - loadF32(box, j);
    diagonal += extent * extent;
    if (extent > widest) {
      widest = extent;
      feature = j;
    }
  }
  const n = end - start;
  storeI32(record, 0, -1);
  if (n <= tree.leafSize || widest <= 0) return;
  if (n <= tree.cliqueSize && diagonal <= tree.cliqueDistance) return;
  if (tree.nNodes + 2 > tree.maxNodes || depth >= MAX_DEPTH) return;
  const value = splitValue(
    tree,
    start,
    end,
    feature,
    loadF32(box, feature),
    loadF32(box, tree.boxWidth + feature),
  );
  const middle = partition(tree, start, end, feature, value);
  const left = tree.nNodes;
  tree.nNodes = left + 2;
  storeI32(record, 0, left);
  storeI32(record, 1, left + 1);
  storeI32(nodeAt(tree, left), 2, start);
  storeI32(nodeAt(tree, left), 3, middle);
  storeI32(nodeAt(tree, left + 1), 2, middle);
  storeI32(nodeAt(tree, left + 1), 3, end);
  const stack = tree.scratch;
  const top = tree.pending << 1;
  storeI32(stack, top, left + 1);
  storeI32(stack, top + 1, depth + 1);
  storeI32(stack, top + 2, left);
  storeI32(stack, top + 3, depth + 1);
  tree.pending += 2;
}

/**
 * Splits up to `maxSplits` nodes, depth first, at a sampled median of the widest feature (Bentley, "Multidimensional
 * binary search trees", 1975). Called in pieces so that V8 can exchange its first-tier code for optimised code.
 * @returns nodes still to split; 0 when the tree is complete
 */
export function neighbor_tree_split(address: usize, maxSplits: i32): i32 {
  const tree = changetype<NeighborTree>(address);
  for (let s = 0; s < maxSplits && tree.pending > 0; s++) {
    tree.pending -= 1;
    const top = tree.pending << 1;
    splitNode(tree, loadI32(tree.scratch, top), loadI32(tree.scratch, top + 1));
  }
  return tree.pending;
}
