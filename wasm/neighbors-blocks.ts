import { blockAt, boxAt, leafAt, loadF32, loadI32, NeighborTree, nodeAt, storeI32 } from './neighbors';
import { SAMPLES_AT } from './neighbors-build';

/** Leaves of a complete tree. */
export function neighbor_tree_count_leaves(address: usize): i32 {
  return (changetype<NeighborTree>(address).nNodes + 1) >> 1;
}

/** Nodes of a complete tree. */
export function neighbor_tree_count_nodes(address: usize): i32 {
  return changetype<NeighborTree>(address).nNodes;
}

/** Whether all rows of a leaf are the same, also in float64 where the caller has such rows. */
function isPoint(tree: NeighborTree, node: i32, exactRows: usize, nExactFeatures: i32): bool {
  const box = boxAt(tree, node);
  for (let j = 0; j < tree.nFeatures; j++) {
    if (loadF32(box, j) != loadF32(box, tree.boxWidth + j)) return false;
  }
  if (exactRows == 0) return true;
  const start = loadI32(nodeAt(tree, node), 2);
  const end = loadI32(nodeAt(tree, node), 3);
  const bytes = (<usize>nExactFeatures) << 3;
  const first = exactRows + <usize>loadI32(tree.order, start) * bytes;
  for (let p = start + 1; p < end; p++) {
    if (memory.compare(first, exactRows + <usize>loadI32(tree.order, p) * bytes, bytes) != 0) return false;
  }
  return true;
}

/**
 * Numbers the leaves from left to right and gives each its blocks.
 * @param leaves OUT [leaves × 16 bytes]
 * @param exactRows IN f64 [nSamples × nExactFeatures] in the caller's row order, or 0: rows are merged only if equal there
 * @returns blocks needed
 */
export function neighbor_tree_layout(
  address: usize,
  leaves: usize,
  exactRows: usize,
  nExactFeatures: i32,
): i32 {
  const tree = changetype<NeighborTree>(address);
  tree.leaves = leaves;
  const stack = tree.scratch;
  let top = 0;
  let nLeaves = 0;
  let nBlocks = 0;
  storeI32(stack, top++, 0);
  while (top > 0) {
    const node = loadI32(stack, --top);
    const record = nodeAt(tree, node);
    const left = loadI32(record, 0);
    if (left >= 0) {
      storeI32(stack, top++, loadI32(record, 1));
      storeI32(stack, top++, left);
      continue;
    }
    const n = loadI32(record, 3) - loadI32(record, 2);
    const identical = isPoint(tree, node, exactRows, nExactFeatures);
    const slots = identical ? 1 : n;
    const leaf = leafAt(tree, nLeaves);
    storeI32(record, 1, nLeaves);
    storeI32(leaf, 0, nBlocks);
    storeI32(leaf, 1, slots);
    storeI32(leaf, 2, identical ? n : 1);
    storeI32(leaf, 3, node);
    nLeaves++;
    nBlocks += (slots + 7) >> 3;
  }
  tree.nLeaves = nLeaves;
  tree.nBlocks = nBlocks;
  return nBlocks;
}

/**
 * Moves the rows that are kept together, in place and in order: of identical rows that fill a leaf all but one go. Without
 * it a block would be written over rows of an earlier leaf that are still to be read.
 * @param blockStart OUT i32 [nBlocks]: at the first block of each leaf, where its rows lie now
 */
export function neighbor_tree_pack(address: usize, blockStart: usize): void {
  const tree = changetype<NeighborTree>(address);
  const stride = (<usize>tree.nFeatures) << 2;
  let packed = 0;
  for (let l = 0; l < tree.nLeaves; l++) {
    const leaf = leafAt(tree, l);
    const slots = loadI32(leaf, 1);
    const start = loadI32(nodeAt(tree, loadI32(leaf, 3)), 2);
    if (packed < start) {
      memory.copy(tree.rows + <usize>packed * stride, tree.rows + <usize>start * stride, <usize>slots * stride);
    }
    storeI32(blockStart, loadI32(leaf, 0), packed);
    packed += slots;
  }
}

/**
 * Turns the packed rows of the leaves [from, to) into blocks, in place: from the last leaf to the first, because a block
 * never starts before its packed rows. Lanes without a row hold infinity, which is within no distance of anything.
 * The memory of `rows` must reach to nBlocks × nFeatures × 32 bytes.
 * @param blockStart INOUT i32 [nBlocks]: as `neighbor_tree_pack` left it; then the position of each block's first row
 */
export function neighbor_tree_fill(address: usize, blockStart: usize, from: i32, to: i32): void {
  const tree = changetype<NeighborTree>(address);
  tree.blockStart = blockStart;
  const nFeatures = tree.nFeatures;
  const stride = (<usize>nFeatures) << 2;
  const copy = tree.scratch + SAMPLES_AT;
  for (let l = to - 1; l >= from; l--) {
    const leaf = leafAt(tree, l);
    const firstBlock = loadI32(leaf, 0);
    const slots = loadI32(leaf, 1);
    const start = loadI32(nodeAt(tree, loadI32(leaf, 3)), 2);
    const packed = loadI32(blockStart, firstBlock);
    for (let b = ((slots + 7) >> 3) - 1; b >= 0; b--) {
      const position = start + (b << 3);
      const nRows = min(8, slots - (b << 3));
      memory.copy(copy, tree.rows + <usize>(packed + (b << 3)) * stride, <usize>nRows * stride);
      const block = blockAt(tree, firstBlock + b);
      for (let lane = 0; lane < 8; lane++) {
        let out = block + ((<usize>lane) << 2);
        let row = copy + <usize>lane * stride;
        for (let j = 0; j < nFeatures; j++) {
          store<f32>(out, lane < nRows ? load<f32>(row) : f32.POSITIVE_INFINITY);
          out += 32;
          row += 4;
        }
      }
      storeI32(blockStart, firstBlock + b, position);
    }
  }
}
