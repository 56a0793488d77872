import { madd } from './simd';
import { BOX_AT, DbscanState, lanesWithin, SECOND_STACK_AT, settle } from './dbscan';
import {
  blockAt,
  boxAt,
  boxDistance,
  boxReach,
  lanesOf,
  leafAt,
  loadI32,
  NeighborTree,
  nodeAt,
  slotBox,
  storeI32,
} from './neighbors';

/** Neighbour leaves counted leaf against leaf; rows still short of minSamples then go on one by one. */
const MAX_PAIRED_LEAVES: i32 = 8;

/** Adds, to the count of each of the eight rows of `block`, the rows of `others` certainly within eps. */
function countPairs(
  block: usize,
  others: usize,
  nOthers: i32,
  blockBytes: usize,
  inside: f32,
  counts: usize,
): void {
  let first_i32x4 = v128.load(counts);
  let second_i32x4 = v128.load(counts, 16);
  const inside_f32x4 = f32x4.splat(inside);
  const end = block + blockBytes;
  for (let q = 0; q < nOthers; q += 4) {
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let b0 = a0;
    let b1 = a0;
    let b2 = a0;
    let b3 = a0;
    let row = block;
    let other = others + ((<usize>q) << 2);
    do {
      const x_f32x4 = v128.load(row);
      const y_f32x4 = v128.load(row, 16);
      const q0_f32x4 = v128.load32_splat(other);
      let d_f32x4 = f32x4.sub(x_f32x4, q0_f32x4);
      a0 = madd(d_f32x4, d_f32x4, a0);
      d_f32x4 = f32x4.sub(y_f32x4, q0_f32x4);
      b0 = madd(d_f32x4, d_f32x4, b0);
      const q1_f32x4 = v128.load32_splat(other, 4);
      d_f32x4 = f32x4.sub(x_f32x4, q1_f32x4);
      a1 = madd(d_f32x4, d_f32x4, a1);
      d_f32x4 = f32x4.sub(y_f32x4, q1_f32x4);
      b1 = madd(d_f32x4, d_f32x4, b1);
      const q2_f32x4 = v128.load32_splat(other, 8);
      d_f32x4 = f32x4.sub(x_f32x4, q2_f32x4);
      a2 = madd(d_f32x4, d_f32x4, a2);
      d_f32x4 = f32x4.sub(y_f32x4, q2_f32x4);
      b2 = madd(d_f32x4, d_f32x4, b2);
      const q3_f32x4 = v128.load32_splat(other, 12);
      d_f32x4 = f32x4.sub(x_f32x4, q3_f32x4);
      a3 = madd(d_f32x4, d_f32x4, a3);
      d_f32x4 = f32x4.sub(y_f32x4, q3_f32x4);
      b3 = madd(d_f32x4, d_f32x4, b3);
      row += 32;
      other += 32;
    } while (row < end);
    first_i32x4 = i32x4.sub(
      first_i32x4,
      i32x4.add(
        i32x4.add(f32x4.le(a0, inside_f32x4), f32x4.le(a1, inside_f32x4)),
        i32x4.add(f32x4.le(a2, inside_f32x4), f32x4.le(a3, inside_f32x4)),
      ),
    );
    second_i32x4 = i32x4.sub(
      second_i32x4,
      i32x4.add(
        i32x4.add(f32x4.le(b0, inside_f32x4), f32x4.le(b1, inside_f32x4)),
        i32x4.add(f32x4.le(b2, inside_f32x4), f32x4.le(b3, inside_f32x4)),
      ),
    );
  }
  v128.store(counts, first_i32x4);
  v128.store(counts, second_i32x4, 16);
}

/** Whether every row of one block has reached minSamples. */
@inline
function blockDone(counts: usize, lanes: i32, minSamples: i32): bool {
  for (let lane = 0; lane < lanes; lane++) {
    if (loadI32(counts, lane) < minSamples) return false;
  }
  return true;
}

/**
 * Neighbours of one slot, itself included: exact, but it stops at minSamples. Nearer subtrees come first.
 */
function countOne(state: DbscanState, tree: NeighborTree, slot: i32): i32 {
  const blockBytes = (<usize>tree.nFeatures) << 5;
  const point = blockAt(tree, slot >>> 3) + ((<usize>(slot & 7)) << 2);
  const box = state.scratch + BOX_AT;
  slotBox(tree, slot, box);
  const outside = state.outside;
  const stack = state.scratch + SECOND_STACK_AT;
  let top = 0;
  let count = 0;
  storeI32(stack, top++, 0);
  while (top > 0) {
    const record = nodeAt(tree, loadI32(stack, --top));
    const left = loadI32(record, 0);
    const right = loadI32(record, 1);
    if (left >= 0) {
      const toLeft = boxDistance(box, boxAt(tree, left), tree.boxWidth);
      const toRight = boxDistance(box, boxAt(tree, right), tree.boxWidth);
      const leftFirst = toLeft <= toRight;
      if (max(toLeft, toRight) <= outside) storeI32(stack, top++, leftFirst ? right : left);
      if (min(toLeft, toRight) <= outside) storeI32(stack, top++, leftFirst ? left : right);
      continue;
    }
    const leaf = leafAt(tree, right);
    const firstBlock = loadI32(leaf, 0);
    const slots = loadI32(leaf, 1);
    const weight = loadI32(leaf, 2);
    for (let b = 0; lanesOf(slots, b) > 0; b++) {
      const mask = lanesWithin(point, blockAt(tree, firstBlock + b), blockBytes, state.inside, outside);
      state.distances += 8;
      if (mask != 0) count += popcnt(settle(state, mask, slot, firstBlock + b)) * weight;
    }
    if (count >= state.minSamples) return count;
  }
  return count;
}

/** Adds leaf `other` to the counts of the rows of leaf `own` that still need it. */
function countLeaf(state: DbscanState, tree: NeighborTree, own: usize, other: usize, reach: f32): void {
  const blockBytes = (<usize>tree.nFeatures) << 5;
  const ownBlock = loadI32(own, 0);
  const ownSlots = loadI32(own, 1);
  const otherBlock = loadI32(other, 0);
  const otherSlots = loadI32(other, 1);
  const weight = loadI32(other, 2);
  const counts = state.count + ((<usize>ownBlock) << 5);
  if (reach <= state.inside) {
    const more = otherSlots * weight;
    for (let slot = 0; slot < ownSlots; slot++) storeI32(counts, slot, loadI32(counts, slot) + more);
    return;
  }
  for (let a = 0; lanesOf(ownSlots, a) > 0; a++) {
    const blockCounts = counts + ((<usize>a) << 5);
    if (blockDone(blockCounts, lanesOf(ownSlots, a), state.minSamples)) continue;
    const block = blockAt(tree, ownBlock + a);
    if (weight > 1) {
      const mask = lanesWithin(blockAt(tree, otherBlock), block, blockBytes, state.inside, state.outside);
      let lanes = mask >>> 8;
      for (; lanes != 0; lanes &= lanes - 1) {
        const lane = ctz(lanes);
        storeI32(blockCounts, lane, loadI32(blockCounts, lane) + weight);
      }
      continue;
    }
    for (let b = 0; lanesOf(otherSlots, b) > 0; b++) {
      const others = blockAt(tree, otherBlock + b);
      countPairs(block, others, lanesOf(otherSlots, b), blockBytes, state.inside, blockCounts);
      state.distances += 64;
    }
  }
}

/** Whether every row of a leaf has reached minSamples. */
function leafDone(state: DbscanState, firstBlock: i32, slots: i32): bool {
  const counts = state.count + ((<usize>firstBlock) << 5);
  return blockDone(counts, slots, state.minSamples);
}

/** Counts one leaf against its nearest leaves, until all its rows are core or enough leaves were tried. */
function countNearLeaves(state: DbscanState, tree: NeighborTree, leafIndex: i32): void {
  const leaf = leafAt(tree, leafIndex);
  const firstBlock = loadI32(leaf, 0);
  const slots = loadI32(leaf, 1);
  const box = boxAt(tree, loadI32(leaf, 3));
  const stack = state.scratch;
  let top = 0;
  let paired = 0;
  storeI32(stack, top++, 0);
  while (top > 0) {
    const node = loadI32(stack, --top);
    const record = nodeAt(tree, node);
    const left = loadI32(record, 0);
    const right = loadI32(record, 1);
    if (left >= 0) {
      const toLeft = boxDistance(box, boxAt(tree, left), tree.boxWidth);
      const toRight = boxDistance(box, boxAt(tree, right), tree.boxWidth);
      const leftFirst = toLeft <= toRight;
      if (max(toLeft, toRight) <= state.outside) storeI32(stack, top++, leftFirst ? right : left);
      if (min(toLeft, toRight) <= state.outside) storeI32(stack, top++, leftFirst ? left : right);
      continue;
    }
    if (right == leafIndex) continue;
    if (paired++ >= MAX_PAIRED_LEAVES) return;
    countLeaf(state, tree, leaf, leafAt(tree, right), boxReach(box, boxAt(tree, node), tree.boxWidth));
    if (leafDone(state, firstBlock, slots)) return;
  }
}

/**
 * Decides which rows of the leaves [from, to) are core: at least minSamples rows, itself included, within eps.
 * Counting stops as soon as the answer is known. Rows that float32 leaf-pair counts cannot prove core are decided by
 * a search of their own, in float64 where a pair is too close to eps.
 * @returns core rows found
 */
export function dbscan_core(address: usize, from: i32, to: i32): i32 {
  const state = changetype<DbscanState>(address);
  const tree = changetype<NeighborTree>(state.tree);
  let nCore = 0;
  for (let l = from; l < to; l++) {
    const leaf = leafAt(tree, l);
    const firstBlock = loadI32(leaf, 0);
    const slots = loadI32(leaf, 1);
    const weight = loadI32(leaf, 2);
    const counts = state.count + ((<usize>firstBlock) << 5);
    const box = boxAt(tree, loadI32(leaf, 3));
    if (weight > 1) storeI32(counts, 0, weight);
    else countLeaf(state, tree, leaf, leaf, boxReach(box, box, tree.boxWidth));
    if (!leafDone(state, firstBlock, slots)) {
      countNearLeaves(state, tree, l);
      for (let slot = 0; slot < slots; slot++) {
        if (loadI32(counts, slot) >= state.minSamples) continue;
        storeI32(counts, slot, countOne(state, tree, (firstBlock << 3) + slot));
      }
    }
    for (let b = 0; lanesOf(slots, b) > 0; b++) {
      let lanes = 0;
      for (let lane = 0; lane < lanesOf(slots, b); lane++) {
        if (loadI32(counts, (b << 3) + lane) >= state.minSamples) lanes |= 1 << lane;
      }
      store<u8>(state.core + <usize>(firstBlock + b), lanes);
      nCore += popcnt(lanes) * weight;
    }
  }
  return nCore;
}
