import { madd } from './simd';
import { blockAt, lanesOf, leafAt, loadI32, NeighborTree, nodeAt, storeI32 } from './neighbors';

/**
 * State of one DBSCAN fit over a `NeighborTree`. Pairs whose float32 distance lies between `inside` and `outside`
 * are too close to eps for float32: they are decided by the float64 sum of squares in feature order.
 * A slot is a lane of a block: slot = block × 8 + lane.
 */
@unmanaged
export class DbscanState {
  tree: usize;
  /** f64 [nSamples × nFeatures] in the caller's row order, or 0: then the float32 rows are the data. */
  exactRows: usize;
  /** eps², the reference's threshold: a pair at exactly eps is within. */
  epsSquared: f64;
  /** A float32 squared distance up to this is certainly within eps; −1 when none is. */
  inside: f32;
  /** A float32 squared distance above this is certainly beyond eps. */
  outside: f32;
  minSamples: i32;
  /** u8 [nBlocks]: lanes that are core. */
  core: usize;
  /** i32 [slots]: union-find forest over core slots. */
  parent: usize;
  /** i32 [slots]: neighbours counted, at least while below minSamples; later the label. */
  count: usize;
  /** u8 [nLeaves]: 1 when the core slots of the leaf are known to be one component. */
  leafUnited: usize;
  /** i32 [nLeaves]: a core slot, or −1. */
  leafCore: usize;
  /** u8 [nNodes]: 0 several components, 1 one component, 2 no core slot. */
  nodeUnited: usize;
  /** i32 [nNodes]: a core slot, or −1; later the lowest cluster. */
  nodeCore: usize;
  /** i32 [nNodes]: last leaf below the node. */
  nodeLast: usize;
  /** Scratch: node stack (8 KiB), then a second one (8 KiB), then one box. */
  scratch: usize;
  /** Pair distances evaluated so far. */
  distances: f64;
}

export const SECOND_STACK_AT: usize = 8192;
export const BOX_AT: usize = 16384;

/** Bytes of the `DbscanState` record. */
export function dbscan_bytes(): i32 {
  return <i32>offsetof<DbscanState>();
}

/**
 * Prepares a fit; every slot starts alone.
 * @param address OUT record of `dbscan_bytes`
 * @param tree IN complete tree with its blocks filled
 * @param exactRows IN f64 rows in the caller's order, or 0
 * @param core OUT u8 [nBlocks] @param parent OUT i32 [8 × nBlocks] @param count OUT i32 [8 × nBlocks]
 * @param leafUnited OUT u8 [nLeaves] @param leafCore OUT i32 [nLeaves]
 * @param nodeUnited OUT u8 [nNodes] @param nodeCore OUT i32 [nNodes] @param nodeLast OUT i32 [nNodes]
 * @param scratch 16 KiB + 8 × (nFeatures + 3) bytes
 */
export function dbscan_init(
  address: usize,
  tree: usize,
  exactRows: usize,
  epsSquared: f64,
  inside: f32,
  outside: f32,
  minSamples: i32,
  core: usize,
  parent: usize,
  count: usize,
  leafUnited: usize,
  leafCore: usize,
  nodeUnited: usize,
  nodeCore: usize,
  nodeLast: usize,
  scratch: usize,
): void {
  const state = changetype<DbscanState>(address);
  state.tree = tree;
  state.exactRows = exactRows;
  state.epsSquared = epsSquared;
  state.inside = inside;
  state.outside = outside;
  state.minSamples = minSamples;
  state.core = core;
  state.parent = parent;
  state.count = count;
  state.leafUnited = leafUnited;
  state.leafCore = leafCore;
  state.nodeUnited = nodeUnited;
  state.nodeCore = nodeCore;
  state.nodeLast = nodeLast;
  state.scratch = scratch;
  state.distances = 0;
  const nBlocks = changetype<NeighborTree>(tree).nBlocks;
  for (let slot = 0; slot < nBlocks << 3; slot++) storeI32(parent, slot, slot);
  memory.fill(count, 0, (<usize>nBlocks) << 5);
  memory.fill(core, 0, nBlocks);
}

/** Pair distances evaluated by the fit so far. */
export function dbscan_distances(address: usize): f64 {
  return changetype<DbscanState>(address).distances;
}

/** The caller's row that a slot holds (the first of them where identical rows share the slot). */
@inline
export function rowOf(tree: NeighborTree, slot: i32): i32 {
  return loadI32(tree.order, loadI32(tree.blockStart, slot >>> 3) + (slot & 7));
}

/** Whether two slots are within eps by the reference's arithmetic: float64, features in order, nothing fused. */
export function withinExactly(state: DbscanState, a: i32, b: i32): bool {
  const tree = changetype<NeighborTree>(state.tree);
  return exactSquared(state, tree, a, b) <= state.epsSquared;
}

/** Squared distance of two slots in float64. */
export function exactSquared(state: DbscanState, tree: NeighborTree, a: i32, b: i32): f64 {
  const nFeatures = tree.nFeatures;
  let sum: f64 = 0;
  if (state.exactRows != 0) {
    let p = state.exactRows + ((<usize>rowOf(tree, a) * <usize>nFeatures) << 3);
    let q = state.exactRows + ((<usize>rowOf(tree, b) * <usize>nFeatures) << 3);
    for (let j = 0; j < nFeatures; j++) {
      const difference = load<f64>(p) - load<f64>(q);
      sum += difference * difference;
      p += 8;
      q += 8;
    }
    return sum;
  }
  let p = blockAt(tree, a >>> 3) + ((<usize>(a & 7)) << 2);
  let q = blockAt(tree, b >>> 3) + ((<usize>(b & 7)) << 2);
  for (let j = 0; j < nFeatures; j++) {
    const difference = <f64>load<f32>(p) - <f64>load<f32>(q);
    sum += difference * difference;
    p += 32;
    q += 32;
  }
  return sum;
}

/**
 * Lanes of a block against one row (`point`: address of its lane in its block). Bits 0..7: possibly within eps;
 * bits 8..15: certainly within.
 */
@inline
export function lanesWithin(point: usize, block: usize, blockBytes: usize, inside: f32, outside: f32): i32 {
  let first_f32x4 = f32x4.splat(0);
  let second_f32x4 = first_f32x4;
  const end = block + blockBytes;
  do {
    const value_f32x4 = v128.load32_splat(point);
    const a_f32x4 = f32x4.sub(v128.load(block), value_f32x4);
    first_f32x4 = madd(a_f32x4, a_f32x4, first_f32x4);
    const b_f32x4 = f32x4.sub(v128.load(block, 16), value_f32x4);
    second_f32x4 = madd(b_f32x4, b_f32x4, second_f32x4);
    point += 32;
    block += 32;
  } while (block < end);
  const outside_f32x4 = f32x4.splat(outside);
  const possible =
    i32x4.bitmask(f32x4.le(first_f32x4, outside_f32x4)) |
    (i32x4.bitmask(f32x4.le(second_f32x4, outside_f32x4)) << 4);
  if (possible == 0) return 0;
  const inside_f32x4 = f32x4.splat(inside);
  const certain =
    i32x4.bitmask(f32x4.le(first_f32x4, inside_f32x4)) |
    (i32x4.bitmask(f32x4.le(second_f32x4, inside_f32x4)) << 4);
  return possible | (certain << 8);
}

/** The lanes of `mask` (bits 0..7 possible, 8..15 certain) that are within eps of `slot`, in float64 where unsure. */
@inline
export function settle(state: DbscanState, mask: i32, slot: i32, block: i32): i32 {
  let lanes = mask & 255 & (mask >>> 8);
  let unsure = mask & 255 & ~(mask >>> 8);
  while (unsure != 0) {
    const lane = ctz(unsure);
    unsure &= unsure - 1;
    if (withinExactly(state, slot, (block << 3) + lane)) lanes |= 1 << lane;
  }
  return lanes;
}

@inline
export function isCore(state: DbscanState, slot: i32): bool {
  return ((load<u8>(state.core + <usize>(slot >>> 3)) >>> (slot & 7)) & 1) != 0;
}

/** Root of a slot's component; halves the path on the way (Tarjan and van Leeuwen, 1984). */
@inline
export function find(parent: usize, slot: i32): i32 {
  let up = loadI32(parent, slot);
  while (up != slot) {
    const above = loadI32(parent, up);
    storeI32(parent, slot, above);
    slot = above;
    up = loadI32(parent, slot);
  }
  return slot;
}

/** Joins two components under the lower slot, so that the forest does not depend on the order of the joins. */
@inline
export function unite(parent: usize, a: i32, b: i32): void {
  a = find(parent, a);
  b = find(parent, b);
  if (a < b) storeI32(parent, b, a);
  else storeI32(parent, a, b);
}

/** First position of a leaf's rows. */
@inline
export function leafStart(tree: NeighborTree, leaf: i32): i32 {
  return loadI32(nodeAt(tree, loadI32(leafAt(tree, leaf), 3)), 2);
}

/** First core slot of a leaf, or −1. */
@inline
export function firstCore(state: DbscanState, firstBlock: i32, slots: i32): i32 {
  for (let b = 0; lanesOf(slots, b) > 0; b++) {
    const lanes = <i32>load<u8>(state.core + <usize>(firstBlock + b));
    if (lanes != 0) return ((firstBlock + b) << 3) + ctz(lanes);
  }
  return -1;
}
