import {
  BOX_AT,
  DbscanState,
  exactSquared,
  find,
  isCore,
  lanesWithin,
  leafStart,
  SECOND_STACK_AT,
  settle,
} from './dbscan';
import {
  blockAt,
  boxAt,
  boxDistance,
  lanesOf,
  leafAt,
  loadI32,
  NeighborTree,
  nodeAt,
  slotBox,
  storeI32,
} from './neighbors';

const NO_CLUSTER: i32 = i32.MAX_VALUE;

/**
 * Numbers the clusters by the lowest row of a core point.
 * @param slots OUT i32 [nSamples]: the slot of each of the caller's rows
 * @returns number of clusters
 */
export function dbscan_number(address: usize, slots: usize): i32 {
  const state = changetype<DbscanState>(address);
  const tree = changetype<NeighborTree>(state.tree);
  for (let l = 0; l < tree.nLeaves; l++) {
    const leaf = leafAt(tree, l);
    const firstSlot = loadI32(leaf, 0) << 3;
    const start = leafStart(tree, l);
    const weight = loadI32(leaf, 2);
    const nRows = loadI32(leaf, 1) * weight;
    for (let i = 0; i < nRows; i++) {
      storeI32(slots, loadI32(tree.order, start + i), weight > 1 ? firstSlot : firstSlot + i);
    }
  }
  memory.fill(state.count, 255, (<usize>tree.nBlocks) << 5);
  let nClusters = 0;
  for (let row = 0; row < tree.nSamples; row++) {
    const slot = loadI32(slots, row);
    if (!isCore(state, slot)) continue;
    const root = find(state.parent, slot);
    if (loadI32(state.count, root) < 0) storeI32(state.count, root, nClusters++);
    storeI32(state.count, slot, loadI32(state.count, root));
  }
  for (let node = tree.nNodes - 1; node >= 0; node--) {
    const left = loadI32(nodeAt(tree, node), 0);
    const right = loadI32(nodeAt(tree, node), 1);
    const lowest =
      left < 0
        ? lowestCluster(state, tree, right)
        : min(loadI32(state.nodeCore, left), loadI32(state.nodeCore, right));
    storeI32(state.nodeCore, node, lowest);
  }
  return nClusters;
}

/** Lowest cluster of a leaf's core slots. */
function lowestCluster(state: DbscanState, tree: NeighborTree, leafIndex: i32): i32 {
  const leaf = leafAt(tree, leafIndex);
  const firstSlot = loadI32(leaf, 0) << 3;
  let lowest = NO_CLUSTER;
  for (let slot = firstSlot; slot < firstSlot + loadI32(leaf, 1); slot++) {
    if (isCore(state, slot)) lowest = min(lowest, loadI32(state.count, slot));
  }
  return lowest;
}

/** Lowest cluster that has a core row within eps of a slot that is not core; −1 when there is none. */
function borderLabel(state: DbscanState, tree: NeighborTree, slot: i32): i32 {
  const blockBytes = (<usize>tree.nFeatures) << 5;
  const point = blockAt(tree, slot >>> 3) + ((<usize>(slot & 7)) << 2);
  const box = state.scratch + BOX_AT;
  slotBox(tree, slot, box);
  const stack = state.scratch;
  let top = 0;
  let lowest = NO_CLUSTER;
  storeI32(stack, top++, 0);
  while (top > 0) {
    const node = loadI32(stack, --top);
    if (loadI32(state.nodeCore, node) >= lowest) continue;
    if (boxDistance(box, boxAt(tree, node), tree.boxWidth) > state.outside) continue;
    const record = nodeAt(tree, node);
    const left = loadI32(record, 0);
    const right = loadI32(record, 1);
    if (left >= 0) {
      storeI32(stack, top++, right);
      storeI32(stack, top++, left);
      continue;
    }
    const leaf = leafAt(tree, right);
    const firstBlock = loadI32(leaf, 0);
    for (let b = 0; lanesOf(loadI32(leaf, 1), b) > 0; b++) {
      const core = <i32>load<u8>(state.core + <usize>(firstBlock + b));
      if (core == 0) continue;
      const mask = lanesWithin(
        point,
        blockAt(tree, firstBlock + b),
        blockBytes,
        state.inside,
        state.outside,
      );
      state.distances += 8;
      if ((mask & core) == 0) continue;
      let lanes = settle(state, mask & (core | (core << 8)), slot, firstBlock + b);
      for (; lanes != 0; lanes &= lanes - 1) {
        lowest = min(lowest, loadI32(state.count, ((firstBlock + b) << 3) + ctz(lanes)));
      }
    }
  }
  return lowest == NO_CLUSTER ? -1 : lowest;
}

/** Labels the rows of the leaves [from, to) that are not core: their lowest neighbouring cluster, or −1. */
export function dbscan_label_borders(address: usize, from: i32, to: i32): void {
  const state = changetype<DbscanState>(address);
  const tree = changetype<NeighborTree>(state.tree);
  for (let l = from; l < to; l++) {
    const leaf = leafAt(tree, l);
    const firstSlot = loadI32(leaf, 0) << 3;
    for (let slot = firstSlot; slot < firstSlot + loadI32(leaf, 1); slot++) {
      if (!isCore(state, slot)) storeI32(state.count, slot, borderLabel(state, tree, slot));
    }
  }
}

/**
 * Turns slots into labels for the rows [from, to).
 * @param labels INOUT i32 [nSamples]: slots in, labels out
 * @returns rows that are noise
 */
export function dbscan_labels(address: usize, labels: usize, from: i32, to: i32): i32 {
  const state = changetype<DbscanState>(address);
  let nNoise = 0;
  for (let row = from; row < to; row++) {
    const label = loadI32(state.count, loadI32(labels, row));
    storeI32(labels, row, label);
    if (label < 0) nNoise++;
  }
  return nNoise;
}

/** Squared float64 distance from a slot to the nearest core slot; infinite without one. */
function nearestCore(state: DbscanState, tree: NeighborTree, slot: i32, slack: f32): f64 {
  const blockBytes = (<usize>tree.nFeatures) << 5;
  const point = blockAt(tree, slot >>> 3) + ((<usize>(slot & 7)) << 2);
  const box = state.scratch + BOX_AT;
  slotBox(tree, slot, box);
  const stack = state.scratch + SECOND_STACK_AT;
  let top = 0;
  let nearest: f64 = Infinity;
  let limit: f32 = f32.MAX_VALUE;
  storeI32(stack, top++, 0);
  while (top > 0) {
    const node = loadI32(stack, --top);
    if (loadI32(state.nodeCore, node) == NO_CLUSTER) continue;
    if (boxDistance(box, boxAt(tree, node), tree.boxWidth) > limit) continue;
    const record = nodeAt(tree, node);
    const left = loadI32(record, 0);
    const right = loadI32(record, 1);
    if (left >= 0) {
      const leftFirst =
        boxDistance(box, boxAt(tree, left), tree.boxWidth) <=
        boxDistance(box, boxAt(tree, right), tree.boxWidth);
      storeI32(stack, top++, leftFirst ? right : left);
      storeI32(stack, top++, leftFirst ? left : right);
      continue;
    }
    const leaf = leafAt(tree, right);
    const firstBlock = loadI32(leaf, 0);
    for (let b = 0; lanesOf(loadI32(leaf, 1), b) > 0; b++) {
      const core = <i32>load<u8>(state.core + <usize>(firstBlock + b));
      if (core == 0) continue;
      let lanes = core & lanesWithin(point, blockAt(tree, firstBlock + b), blockBytes, limit, limit);
      for (; lanes != 0; lanes &= lanes - 1) {
        const squared = exactSquared(state, tree, slot, ((firstBlock + b) << 3) + ctz(lanes));
        if (squared >= nearest) continue;
        nearest = squared;
        const root = <f32>(Math.sqrt(squared) * (1 + 1e-5)) + slack;
        limit = min(f32.MAX_VALUE, root * root);
      }
    }
  }
  return nearest;
}

/**
 * Distances to the nearest core row, in float64, for the noise rows of the leaves [from, to).
 * @param slack most that rounding rows to float32 can have moved two of them
 * @param distances OUT f64 [nSamples] by the caller's row; rows that are not noise are left alone
 */
export function dbscan_noise_distances(
  address: usize,
  slack: f32,
  distances: usize,
  from: i32,
  to: i32,
): void {
  const state = changetype<DbscanState>(address);
  const tree = changetype<NeighborTree>(state.tree);
  for (let l = from; l < to; l++) {
    const leaf = leafAt(tree, l);
    const firstSlot = loadI32(leaf, 0) << 3;
    const start = leafStart(tree, l);
    const weight = loadI32(leaf, 2);
    for (let i = 0; i < loadI32(leaf, 1) * weight; i++) {
      const slot = weight > 1 ? firstSlot : firstSlot + i;
      if (loadI32(state.count, slot) >= 0) continue;
      const distance = Math.sqrt(nearestCore(state, tree, slot, slack));
      store<f64>(distances + ((<usize>loadI32(tree.order, start + i)) << 3), distance);
    }
  }
}
