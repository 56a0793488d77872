import { loadF32, loadI32, storeF32, storeI32 } from './neighbors';

/**
 * State of Ward linkage by nearest-neighbour chains over centroids: memory grows with nSamples × nFeatures, not with
 * nSamples². Every active cluster has a slot; eight slots are a block (as in `NeighborTree`), and the blocks carry a
 * hierarchy of bounding boxes, eight to a group, by which most blocks are skipped.
 *
 * float32 only rules slots out; whatever might be nearest is decided in float64 on exact sums.
 */
@unmanaged
export class WardState {
  nFeatures: i32;
  /** Rows of the input: clusters are named by their highest row. */
  nSamples: i32;
  /** Slots in use, dead ones included. */
  nSlots: i32;
  nBlocks: i32;
  nActive: i32;
  nMerges: i32;
  chainLength: i32;
  /** No active cluster has a lower name. */
  lowest: i32;
  nLevels: i32;
  /** f32 blocks of centroids; dead and padding lanes hold infinity. */
  blocks: usize;
  /** f64 [nSlots × nFeatures]: sums of the rows of each cluster. */
  sums: usize;
  /** f32 [8 × nBlocks]: rows per cluster; 1 in dead lanes. */
  sizes: usize;
  /** i32 [8 × nBlocks]: highest row of the cluster, −1 in dead lanes. */
  names: usize;
  /** i32 [nSamples]: slot of the cluster with this name, or −1. */
  slotOfName: usize;
  /** i32 [16]: first group of each level. */
  levels: usize;
  /** Per group and feature: eight lower corners, eight upper corners. */
  boxes: usize;
  /** Per group: the smallest cluster below each of its eight boxes. */
  boxSizes: usize;
  /** i32 [nSamples + 1]: slots of the chain. */
  chain: usize;
  /** f64 [nSamples + 1]: cost of the link from each to the one before. */
  chainCosts: usize;
  /** i32 [2 × (nSamples − 1)]: names of the merged clusters. */
  pairs: usize;
  /** f64 [nSamples − 1]. */
  heights: usize;
  /** Query centroid f32 (whole vectors), query centroid f64, then eight lanes per level and eight of a block. */
  scratch: usize;
  /** Squared distance by which float32 rounding of centroids can mislead, in the form of `WardSearch`. */
  allowance: f32;

  /** The search under way: cost and slot of the best so far, the float32 cost that may still beat it. */
  best: f64;
  bestSlot: i32;
  bestName: i32;
  previous: i32;
  limit: f32;
  querySize: f32;
  /** Searches in which another cluster came within rounding of the best. */
  ties: i32;
  /** Cluster distances evaluated, in float32 lanes. */
  distances: f64;
}

/** Cost that float32 may still beat, relative to the exact one; `WardState.allowance` is chosen to fit. */
export const SLACK: f64 = 1.016;

@inline
export function exactQuery(state: WardState): usize {
  return state.scratch + ((<usize>((state.nFeatures + 3) & ~3)) << 2);
}

@inline
export function levelLanes(state: WardState, level: i32): usize {
  return exactQuery(state) + ((<usize>((state.nFeatures + 1) & ~1)) << 3) + ((<usize>level) << 5);
}

/** Bytes of the `WardState` record. */
export function ward_bytes(): i32 {
  return <i32>offsetof<WardState>();
}

/**
 * Prepares a linkage of nothing; `ward_pack` brings the clusters in.
 * @param levels OUT i32 [16]
 * @param slotOfName OUT i32 [nSamples]
 * @param scratch 16 × (nFeatures + 4) + 512 bytes
 * @param allowance 66 × the square of the most by which float32 rounding can change a distance of two centroids
 */
export function ward_init(
  address: usize,
  nSamples: i32,
  nFeatures: i32,
  levels: usize,
  slotOfName: usize,
  chain: usize,
  chainCosts: usize,
  pairs: usize,
  heights: usize,
  scratch: usize,
  allowance: f32,
): void {
  const state = changetype<WardState>(address);
  state.nSamples = nSamples;
  state.nFeatures = nFeatures;
  state.nMerges = 0;
  state.chainLength = 0;
  state.lowest = 0;
  state.levels = levels;
  state.slotOfName = slotOfName;
  state.chain = chain;
  state.chainCosts = chainCosts;
  state.pairs = pairs;
  state.heights = heights;
  state.scratch = scratch;
  state.allowance = allowance;
  state.distances = 0;
  state.ties = 0;
  memory.fill(slotOfName, 255, (<usize>nSamples) << 2);
}

/** Groups of boxes that a number of slots needs, over all levels. */
export function ward_groups(nSlots: i32): i32 {
  let boxes = (nSlots + 7) >> 3;
  let groups = 0;
  do {
    boxes = (boxes + 7) >> 3;
    groups += boxes;
  } while (boxes > 1);
  return groups;
}

/** Number of active clusters. */
export function ward_active(address: usize): i32 {
  return changetype<WardState>(address).nActive;
}

/** Number of merges so far. */
export function ward_merges(address: usize): i32 {
  return changetype<WardState>(address).nMerges;
}

/** Comparisons so far in which two costs above 0 were equal to within rounding. */
export function ward_ties(address: usize): i32 {
  return changetype<WardState>(address).ties;
}

/** Cluster distances evaluated so far. */
export function ward_distances(address: usize): f64 {
  return changetype<WardState>(address).distances;
}

/**
 * Brings clusters into fresh arrays, in a spatial order: slot i receives what `order[i]` says of the old arrays.
 * @param order IN i32 [nSlots]: old slots
 * @param oldSums IN f64 [… × nFeatures] @param oldSizes IN f32 @param oldNames IN i32
 * @param blocks OUT f32 [nBlocks × 8 × nFeatures] @param sums OUT f64 [nSlots × nFeatures]
 * @param sizes OUT f32 [8 × nBlocks] @param names OUT i32 [8 × nBlocks]
 * @param boxes OUT f32 [ward_groups × nFeatures × 16] @param boxSizes OUT f32 [ward_groups × 8]
 */
export function ward_pack(
  address: usize,
  nSlots: i32,
  order: usize,
  oldSums: usize,
  oldSizes: usize,
  oldNames: usize,
  blocks: usize,
  sums: usize,
  sizes: usize,
  names: usize,
  boxes: usize,
  boxSizes: usize,
): void {
  const state = changetype<WardState>(address);
  const nFeatures = state.nFeatures;
  for (let i = 0; i < state.chainLength; i++) {
    storeI32(state.chain, i, loadI32(state.names, loadI32(state.chain, i)));
  }
  state.nSlots = nSlots;
  state.nActive = nSlots;
  state.nBlocks = (nSlots + 7) >> 3;
  state.blocks = blocks;
  state.sums = sums;
  state.sizes = sizes;
  state.names = names;
  state.boxes = boxes;
  state.boxSizes = boxSizes;
  for (let slot = 0; slot < state.nBlocks << 3; slot++) {
    let lane = blocks + (<usize>(slot >>> 3) * <usize>nFeatures << 5) + ((<usize>(slot & 7)) << 2);
    if (slot >= nSlots) {
      for (let j = 0; j < nFeatures; j++, lane += 32) store<f32>(lane, f32.POSITIVE_INFINITY);
      storeF32(sizes, slot, 1);
      storeI32(names, slot, -1);
      continue;
    }
    const old = loadI32(order, slot);
    const size = loadF32(oldSizes, old);
    const name = loadI32(oldNames, old);
    let from = oldSums + (<usize>old * <usize>nFeatures << 3);
    let to = sums + (<usize>slot * <usize>nFeatures << 3);
    for (let j = 0; j < nFeatures; j++) {
      const sum = load<f64>(from);
      store<f64>(to, sum);
      store<f32>(lane, <f32>(sum / <f64>size));
      from += 8;
      to += 8;
      lane += 32;
    }
    storeF32(sizes, slot, size);
    storeI32(names, slot, name);
    storeI32(state.slotOfName, name, slot);
  }
  for (let i = 0; i < state.chainLength; i++) {
    storeI32(state.chain, i, loadI32(state.slotOfName, loadI32(state.chain, i)));
  }
}

/**
 * Gathers the active clusters for a new spatial order.
 * @param centroids OUT f32 [nActive × nFeatures] @param slots OUT i32 [nActive]
 */
export function ward_gather(address: usize, centroids: usize, slots: usize): void {
  const state = changetype<WardState>(address);
  const nFeatures = state.nFeatures;
  let n = 0;
  for (let slot = 0; slot < state.nSlots; slot++) {
    if (loadI32(state.names, slot) < 0) continue;
    let lane = state.blocks + (<usize>(slot >>> 3) * <usize>nFeatures << 5) + ((<usize>(slot & 7)) << 2);
    for (let j = 0; j < nFeatures; j++, lane += 32) storeF32(centroids, n * nFeatures + j, load<f32>(lane));
    storeI32(slots, n++, slot);
  }
}
