import { madd } from './simd';

/**
 * A k-d tree over float32 rows whose leaves are blocks of eight rows, feature by feature (lane l of feature j of
 * block b lies at blocks + (b × nFeatures + j) × 32 + l × 4): one load serves eight rows, and nothing is summed
 * across lanes. Rows are permuted in place. Identical rows that fill a leaf are kept once, with a weight.
 *
 * Leaves beyond `leafSize` rows appear in three cases: rows closer together than `cliqueDistance` (at most
 * `cliqueSize` of them), identical rows, and a tree that ran out of nodes or depth. All are handled exactly.
 */
@unmanaged
export class NeighborTree {
  nSamples: i32;
  nFeatures: i32;
  /** nFeatures rounded up to whole vectors; boxes hold zeros beyond nFeatures. */
  boxWidth: i32;
  leafSize: i32;
  cliqueSize: i32;
  /** Squared. */
  cliqueDistance: f32;
  maxNodes: i32;
  nNodes: i32;
  nLeaves: i32;
  nBlocks: i32;
  /** Entries on the stack of nodes still to split. */
  pending: i32;
  /** f32 [nSamples × nFeatures], later the blocks. */
  rows: usize;
  /** i32 [nSamples]: the caller's row at each position. */
  order: usize;
  /** [maxNodes] of left child or −1, right child or leaf, first position, end position. */
  nodes: usize;
  /** [maxNodes] of lower corner, upper corner (boxWidth f32 each). */
  boxes: usize;
  /** [nLeaves] of first block, slots, rows per slot, node. */
  leaves: usize;
  /** i32 [nBlocks]: position of the first row of each block. */
  blockStart: usize;
  /** 16 KiB of scratch: node stack, then median samples, one block of rows, one box. */
  scratch: usize;
}

@inline
export function loadI32(address: usize, index: i32): i32 {
  return load<i32>(address + ((<usize>index) << 2));
}

@inline
export function storeI32(address: usize, index: i32, value: i32): void {
  store<i32>(address + ((<usize>index) << 2), value);
}

@inline
export function loadF32(address: usize, index: i32): f32 {
  return load<f32>(address + ((<usize>index) << 2));
}

@inline
export function storeF32(address: usize, index: i32, value: f32): void {
  store<f32>(address + ((<usize>index) << 2), value);
}

@inline
export function nodeAt(tree: NeighborTree, node: i32): usize {
  return tree.nodes + ((<usize>node) << 4);
}

@inline
export function boxAt(tree: NeighborTree, node: i32): usize {
  return tree.boxes + <usize>node * ((<usize>tree.boxWidth) << 3);
}

@inline
export function leafAt(tree: NeighborTree, leaf: i32): usize {
  return tree.leaves + ((<usize>leaf) << 4);
}

@inline
export function blockAt(tree: NeighborTree, block: i32): usize {
  return tree.rows + <usize>block * ((<usize>tree.nFeatures) << 5);
}

/** Lanes of a block that hold rows. */
@inline
export function lanesOf(slots: i32, block: i32): i32 {
  return min(8, slots - (block << 3));
}

/** Smallest squared distance between points of two boxes. */
@inline
export function boxDistance(a: usize, b: usize, boxWidth: i32): f32 {
  const bytes = (<usize>boxWidth) << 2;
  const end = a + bytes;
  const zero_f32x4 = f32x4.splat(0);
  let sum_f32x4 = zero_f32x4;
  while (a < end) {
    const below_f32x4 = f32x4.sub(v128.load(b), v128.load(a + bytes));
    const above_f32x4 = f32x4.sub(v128.load(a), v128.load(b + bytes));
    const gap_f32x4 = f32x4.pmax(zero_f32x4, f32x4.pmax(below_f32x4, above_f32x4));
    sum_f32x4 = madd(gap_f32x4, gap_f32x4, sum_f32x4);
    a += 16;
    b += 16;
  }
  return laneSum(sum_f32x4);
}

/** Largest squared distance between points of two boxes. */
@inline
export function boxReach(a: usize, b: usize, boxWidth: i32): f32 {
  const bytes = (<usize>boxWidth) << 2;
  const end = a + bytes;
  let sum_f32x4 = f32x4.splat(0);
  while (a < end) {
    const right_f32x4 = f32x4.sub(v128.load(b + bytes), v128.load(a));
    const left_f32x4 = f32x4.sub(v128.load(a + bytes), v128.load(b));
    const reach_f32x4 = f32x4.pmax(right_f32x4, left_f32x4);
    sum_f32x4 = madd(reach_f32x4, reach_f32x4, sum_f32x4);
    a += 16;
    b += 16;
  }
  return laneSum(sum_f32x4);
}

@inline
function laneSum(v: v128): f32 {
  const half_f32x4 = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(half_f32x4, 0) + f32x4.extract_lane(half_f32x4, 1);
}

/** Writes one slot's row as a box of no extent. */
@inline
export function slotBox(tree: NeighborTree, slot: i32, box: usize): void {
  const upper = box + ((<usize>tree.boxWidth) << 2);
  let lane = blockAt(tree, slot >>> 3) + ((<usize>(slot & 7)) << 2);
  for (let j = 0; j < tree.nFeatures; j++) {
    const value = load<f32>(lane);
    storeF32(box, j, value);
    storeF32(upper, j, value);
    lane += 32;
  }
  for (let j = tree.nFeatures; j < tree.boxWidth; j++) {
    storeF32(box, j, 0);
    storeF32(upper, j, 0);
  }
}
