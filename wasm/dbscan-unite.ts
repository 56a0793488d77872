import { DbscanState, find, firstCore, lanesWithin, settle, unite } from './dbscan';
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
  storeI32,
} from './neighbors';

const SEVERAL: u8 = 0;
const ONE: u8 = 1;
const NO_CORE: u8 = 2;

/** Joins every core slot of a leaf with `root`. */
function uniteLeaf(state: DbscanState, firstBlock: i32, slots: i32, root: i32): void {
  for (let b = 0; lanesOf(slots, b) > 0; b++) {
    let lanes = <i32>load<u8>(state.core + <usize>(firstBlock + b));
    for (; lanes != 0; lanes &= lanes - 1) unite(state.parent, root, ((firstBlock + b) << 3) + ctz(lanes));
  }
}

/** Notes whether the core slots of a leaf have become one component. */
function refreshLeaf(state: DbscanState, tree: NeighborTree, leafIndex: i32): void {
  const leaf = leafAt(tree, leafIndex);
  const firstBlock = loadI32(leaf, 0);
  const slots = loadI32(leaf, 1);
  const root = find(state.parent, loadI32(state.leafCore, leafIndex));
  let united = ONE;
  for (let b = 0; lanesOf(slots, b) > 0 && united == ONE; b++) {
    let lanes = <i32>load<u8>(state.core + <usize>(firstBlock + b));
    for (; lanes != 0; lanes &= lanes - 1) {
      if (find(state.parent, ((firstBlock + b) << 3) + ctz(lanes)) != root) {
        united = SEVERAL;
        break;
      }
    }
  }
  store<u8>(state.leafUnited + <usize>leafIndex, united);
}

/** Core lanes of a block. */
@inline
function coreLanes(state: DbscanState, block: i32): i32 {
  return <i32>load<u8>(state.core + <usize>block);
}

/** Core lanes of a block that are not in the component of `root`; all of them when `root` is −1. */
function lanesApart(state: DbscanState, block: i32, root: i32): i32 {
  const core = coreLanes(state, block);
  if (root < 0) return core;
  let apart = 0;
  for (let lanes = core; lanes != 0; lanes &= lanes - 1) {
    const lane = ctz(lanes);
    if (find(state.parent, (block << 3) + lane) != root) apart |= 1 << lane;
  }
  return apart;
}

/**
 * Joins rows within eps of each other between lanes of two blocks.
 * @returns 1 when a pair was within eps; with `once`, the search stops at the first
 */
function uniteBlocks(
  state: DbscanState,
  tree: NeighborTree,
  a: i32,
  lanesA: i32,
  b: i32,
  lanesB: i32,
  once: bool,
): i32 {
  const blockBytes = (<usize>tree.nFeatures) << 5;
  // Each of the fewer lanes is compared with all eight of the other block.
  const swap = popcnt(lanesA) < popcnt(lanesB);
  const one = swap ? a : b;
  const many = swap ? b : a;
  const wanted = swap ? lanesB : lanesA;
  const block = blockAt(tree, many);
  let met = 0;
  if (wanted == 0) return 0;
  for (let lanes = swap ? lanesA : lanesB; lanes != 0; lanes &= lanes - 1) {
    const lane = ctz(lanes);
    const slot = (one << 3) + lane;
    const point = blockAt(tree, one) + ((<usize>lane) << 2);
    const mask = lanesWithin(point, block, blockBytes, state.inside, state.outside);
    state.distances += 8;
    if ((mask & wanted) == 0) continue;
    let near = settle(state, mask & (wanted | (wanted << 8)), slot, many);
    if (near == 0) continue;
    met = 1;
    for (; near != 0; near &= near - 1) unite(state.parent, slot, (many << 3) + ctz(near));
    if (once) return met;
  }
  return met;
}

/** Joins the core rows inside each of the leaves [from, to). */
export function dbscan_unite_leaves(address: usize, from: i32, to: i32): void {
  const state = changetype<DbscanState>(address);
  const tree = changetype<NeighborTree>(state.tree);
  for (let l = from; l < to; l++) {
    const leaf = leafAt(tree, l);
    const firstBlock = loadI32(leaf, 0);
    const slots = loadI32(leaf, 1);
    const root = firstCore(state, firstBlock, slots);
    storeI32(state.leafCore, l, root);
    store<u8>(state.leafUnited + <usize>l, ONE);
    if (root < 0) continue;
    const box = boxAt(tree, loadI32(leaf, 3));
    if (boxReach(box, box, tree.boxWidth) <= state.inside) {
      uniteLeaf(state, firstBlock, slots, root);
      continue;
    }
    const nBlocks = (slots + 7) >> 3;
    for (let a = 0; a < nBlocks; a++) {
      const lanesA = coreLanes(state, firstBlock + a);
      for (let b = a; b < nBlocks; b++) {
        uniteBlocks(state, tree, firstBlock + a, lanesA, firstBlock + b, coreLanes(state, firstBlock + b), false);
      }
    }
    refreshLeaf(state, tree, l);
  }
}

/** Notes for every node whether the core rows below it are one component. Children come after their parents. */
export function dbscan_refresh_nodes(address: usize): void {
  const state = changetype<DbscanState>(address);
  const tree = changetype<NeighborTree>(state.tree);
  for (let node = tree.nNodes - 1; node >= 0; node--) {
    const record = nodeAt(tree, node);
    const left = loadI32(record, 0);
    const right = loadI32(record, 1);
    let united: u8;
    let core: i32;
    let last: i32;
    if (left < 0) {
      core = loadI32(state.leafCore, right);
      if (core >= 0 && load<u8>(state.leafUnited + <usize>right) == SEVERAL) refreshLeaf(state, tree, right);
      united = core < 0 ? NO_CORE : load<u8>(state.leafUnited + <usize>right);
      last = right;
    } else {
      const unitedLeft = load<u8>(state.nodeUnited + <usize>left);
      const unitedRight = load<u8>(state.nodeUnited + <usize>right);
      const coreLeft = loadI32(state.nodeCore, left);
      const coreRight = loadI32(state.nodeCore, right);
      last = max(loadI32(state.nodeLast, left), loadI32(state.nodeLast, right));
      core = coreLeft >= 0 ? coreLeft : coreRight;
      if (unitedLeft == NO_CORE) united = unitedRight;
      else if (unitedRight == NO_CORE) united = unitedLeft;
      else if (unitedLeft == SEVERAL || unitedRight == SEVERAL) united = SEVERAL;
      else united = find(state.parent, coreLeft) == find(state.parent, coreRight) ? ONE : SEVERAL;
    }
    store<u8>(state.nodeUnited + <usize>node, united);
    storeI32(state.nodeCore, node, core);
    storeI32(state.nodeLast, node, last);
  }
}

/** Whether no join is left to find below a node for leaf `leafIndex`, whose root is `root` when it is united. */
@inline
function isSettled(state: DbscanState, node: i32, leafIndex: i32, root: i32): bool {
  const united = load<u8>(state.nodeUnited + <usize>node);
  if (united == NO_CORE || loadI32(state.nodeLast, node) <= leafIndex) return true;
  return united == ONE && root >= 0 && find(state.parent, loadI32(state.nodeCore, node)) == root;
}

/** Joins the core rows of two leaves that are within eps of each other. */
function unitePair(state: DbscanState, tree: NeighborTree, a: i32, b: i32, reach: f32): void {
  const own = leafAt(tree, a);
  const other = leafAt(tree, b);
  const ownCore = loadI32(state.leafCore, a);
  const unitedOwn = load<u8>(state.leafUnited + <usize>a) == ONE;
  const unitedOther = load<u8>(state.leafUnited + <usize>b) == ONE;
  const both = unitedOwn && unitedOther;
  if (both && find(state.parent, ownCore) == find(state.parent, loadI32(state.leafCore, b))) return;
  const ownBlock = loadI32(own, 0);
  const ownSlots = loadI32(own, 1);
  const otherBlock = loadI32(other, 0);
  const otherSlots = loadI32(other, 1);
  if (reach <= state.inside) {
    uniteLeaf(state, ownBlock, ownSlots, ownCore);
    uniteLeaf(state, otherBlock, otherSlots, ownCore);
    store<u8>(state.leafUnited + <usize>a, ONE);
    store<u8>(state.leafUnited + <usize>b, ONE);
    return;
  }
  // Rows already in the other leaf's component, where that is one, have nothing to find there.
  const rootOwn = unitedOwn ? find(state.parent, ownCore) : -1;
  const rootOther = unitedOther ? find(state.parent, loadI32(state.leafCore, b)) : -1;
  let met = 0;
  for (let y = 0; lanesOf(otherSlots, y) > 0 && !(both && met != 0); y++) {
    const lanesB = lanesApart(state, otherBlock + y, rootOwn);
    if (lanesB == 0) continue;
    for (let x = 0; lanesOf(ownSlots, x) > 0 && !(both && met != 0); x++) {
      const lanesA = lanesApart(state, ownBlock + x, rootOther);
      met |= uniteBlocks(state, tree, ownBlock + x, lanesA, otherBlock + y, lanesB, both);
    }
  }
  if (met == 0) return;
  if (!unitedOwn) refreshLeaf(state, tree, a);
  if (!unitedOther) refreshLeaf(state, tree, b);
}

/**
 * Joins core rows across leaves. With `nearest` > 0 each of the leaves [from, to) meets only that many of its nearest
 * leaves: cheap, and it unites most of each cluster. With 0 every remaining join is found: each pair of leaves is met
 * once, and subtrees that are already one component with the leaf are skipped whole.
 */
export function dbscan_unite(address: usize, from: i32, to: i32, nearest: i32): void {
  const state = changetype<DbscanState>(address);
  const tree = changetype<NeighborTree>(state.tree);
  const stack = state.scratch;
  for (let l = from; l < to; l++) {
    const ownCore = loadI32(state.leafCore, l);
    if (ownCore < 0) continue;
    const box = boxAt(tree, loadI32(leafAt(tree, l), 3));
    let top = 0;
    let met = 0;
    storeI32(stack, top++, 0);
    while (top > 0) {
      const node = loadI32(stack, --top);
      const record = nodeAt(tree, node);
      const left = loadI32(record, 0);
      const right = loadI32(record, 1);
      if (left < 0) {
        if (right == l || loadI32(state.leafCore, right) < 0) continue;
        if (nearest > 0 ? met++ >= nearest : right < l) {
          if (nearest > 0) break;
          continue;
        }
        unitePair(state, tree, l, right, boxReach(box, boxAt(tree, node), tree.boxWidth));
        continue;
      }
      let skipLeft = false;
      let skipRight = false;
      if (nearest == 0) {
        const root = load<u8>(state.leafUnited + <usize>l) == ONE ? find(state.parent, ownCore) : -1;
        if (isSettled(state, node, l, root)) continue;
        skipLeft = isSettled(state, left, l, root);
        skipRight = isSettled(state, right, l, root);
      }
      const toLeft = skipLeft ? f32.MAX_VALUE : boxDistance(box, boxAt(tree, left), tree.boxWidth);
      const toRight = skipRight ? f32.MAX_VALUE : boxDistance(box, boxAt(tree, right), tree.boxWidth);
      const leftFirst = toLeft <= toRight;
      if (max(toLeft, toRight) <= state.outside) storeI32(stack, top++, leftFirst ? right : left);
      if (min(toLeft, toRight) <= state.outside) storeI32(stack, top++, leftFirst ? left : right);
    }
  }
}
