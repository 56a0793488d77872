import { madd } from './simd';
import {
  blockAt,
  boxAt,
  boxDistance,
  lanesOf,
  leafAt,
  loadF32,
  loadI32,
  NeighborTree,
  nodeAt,
  slotBox,
  storeF32,
  storeI32,
} from './neighbors';

const NEAREST_AT: usize = 4096;

/** Slot of the row at a position. */
function slotAt(tree: NeighborTree, position: i32): i32 {
  let record = nodeAt(tree, 0);
  for (let left = loadI32(record, 0); left >= 0; left = loadI32(record, 0)) {
    const inLeft = position < loadI32(nodeAt(tree, left), 3);
    record = nodeAt(tree, inLeft ? left : loadI32(record, 1));
  }
  const leaf = leafAt(tree, loadI32(record, 1));
  const offset = loadI32(leaf, 2) > 1 ? 0 : position - loadI32(record, 2);
  return (loadI32(leaf, 0) << 3) + offset;
}

/** Puts a value into an ascending list of fixed length, dropping its largest. */
@inline
function insert(sorted: usize, length: i32, value: f32): void {
  let at = length - 1;
  while (at > 0 && loadF32(sorted, at - 1) > value) {
    storeF32(sorted, at, loadF32(sorted, at - 1));
    at--;
  }
  storeF32(sorted, at, value);
}

/** Squared distance from a slot to its k-th nearest row, the row itself being the first. */
function kthSquared(tree: NeighborTree, slot: i32, k: i32, scratch: usize): f32 {
  const blockBytes = (<usize>tree.nFeatures) << 5;
  const point = blockAt(tree, slot >>> 3) + ((<usize>(slot & 7)) << 2);
  const lanes = scratch + NEAREST_AT;
  const sorted = lanes + 32;
  const box = sorted + ((<usize>((k + 3) & ~3)) << 2);
  slotBox(tree, slot, box);
  for (let i = 0; i < k; i++) storeF32(sorted, i, f32.POSITIVE_INFINITY);
  let top = 0;
  storeI32(scratch, top++, 0);
  while (top > 0) {
    const node = loadI32(scratch, --top);
    const record = nodeAt(tree, node);
    const left = loadI32(record, 0);
    const right = loadI32(record, 1);
    if (boxDistance(box, boxAt(tree, node), tree.boxWidth) >= loadF32(sorted, k - 1)) continue;
    if (left >= 0) {
      const leftFirst =
        boxDistance(box, boxAt(tree, left), tree.boxWidth) <=
        boxDistance(box, boxAt(tree, right), tree.boxWidth);
      storeI32(scratch, top++, leftFirst ? right : left);
      storeI32(scratch, top++, leftFirst ? left : right);
      continue;
    }
    const leaf = leafAt(tree, right);
    const slots = loadI32(leaf, 1);
    const copies = min(k, loadI32(leaf, 2));
    for (let b = 0; lanesOf(slots, b) > 0; b++) {
      let row = blockAt(tree, loadI32(leaf, 0) + b);
      let from = point;
      const end = row + blockBytes;
      let first_f32x4 = f32x4.splat(0);
      let second_f32x4 = first_f32x4;
      do {
        const value_f32x4 = v128.load32_splat(from);
        const x_f32x4 = f32x4.sub(v128.load(row), value_f32x4);
        first_f32x4 = madd(x_f32x4, x_f32x4, first_f32x4);
        const y_f32x4 = f32x4.sub(v128.load(row, 16), value_f32x4);
        second_f32x4 = madd(y_f32x4, y_f32x4, second_f32x4);
        from += 32;
        row += 32;
      } while (row < end);
      v128.store(lanes, first_f32x4);
      v128.store(lanes, second_f32x4, 16);
      for (let lane = 0; lane < lanesOf(slots, b); lane++) {
        const squared = loadF32(lanes, lane);
        for (let c = 0; c < copies && squared < loadF32(sorted, k - 1); c++) insert(sorted, k, squared);
      }
    }
  }
  return loadF32(sorted, k - 1);
}

/**
 * Squared distances to the k-th nearest row, the row itself being the first, for the samples [from, to) out of
 * `nSampled` rows spread evenly over the tree's order (and so over space).
 * @param scratch 4 KiB + 4 × (k + 12) + 8 × (nFeatures + 3) bytes
 * @param squared OUT f32 [nSampled]; infinite when there are fewer than k rows
 */
export function neighbor_tree_kth_squared(
  address: usize,
  k: i32,
  nSampled: i32,
  scratch: usize,
  squared: usize,
  from: i32,
  to: i32,
): void {
  const tree = changetype<NeighborTree>(address);
  for (let i = from; i < to; i++) {
    const position = <i32>((<i64>i * <i64>tree.nSamples) / <i64>nSampled);
    storeF32(squared, i, kthSquared(tree, slotAt(tree, position), k, scratch));
  }
}
