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
  /**
   * Principal axes that float32 works on, widest first, without those the rows do not extend along; filled up with
   * zeros to a multiple of four.
   */
  nAxes: i32;
  /** The first of the axes, on which boxes are tested. */
  nBoxAxes: i32;
  /** f64 [nFeatures × nAxes]. */
  axes: usize;
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
  /** f32 blocks of centroids along the axes; dead and padding lanes hold infinity. */
  blocks: usize;
  /** f64 [nSlots × nFeatures]: sums of the rows of each cluster. */
  sums: usize;
  /** f32 [8 × nBlocks]: rows per cluster; 1 in dead lanes. */
  sizes: usize;
  /** f32 [8 × nBlocks]: 1 / size. */
  inverses: usize;
  /** i32 [8 × nBlocks]: highest row of the cluster, −1 in dead lanes. */
  names: usize;
  /** i32 [nSamples]: slot of the cluster with this name, or −1. */
  slotOfName: usize;
  /** i32 [16]: first group of each level. */
  levels: usize;
  /** Per group and axis: eight lower corners, eight upper corners. */
  boxes: usize;
  /** Per group: the largest 1 / size below each of its eight boxes. */
  boxInverses: usize;
  /** i32 [nSamples + 1]: slots of the chain. */
  chain: usize;
  /** f64 [nSamples + 1]: cost of the link from each to the one before. */
  chainCosts: usize;
  /** i32 [2 × (nSamples − 1)]: names of the merged clusters. */
  pairs: usize;
  /** f64 [nSamples − 1]. */
  heights: usize;
  /** Query centroid along the axes f32, query centroid f64, a centroid f64, then eight lanes per level. */
  scratch: usize;
  /** Squared distance by which the rounding of centroids to float32 can mislead. */
  allowance: f32;

  /** The search under way: cost and slot of the best so far, the float32 cost that may still beat it. */
  best: f64;
  bestSlot: i32;
  bestName: i32;
  previous: i32;
  limit: f32;
  querySize: f32;
  queryInverse: f32;
  /** Searches in which another cluster came within rounding of the best. */
  ties: i32;
  /** Cluster distances evaluated, in float32 lanes. */
  distances: f64;
}

/** Boxes tell clusters apart along the widest axes; along the others they overlap, and testing costs more than it saves. */
const MAX_BOX_AXES: i32 = 8;

/** Cost that float32 may still beat, relative to the exact one; `WardState.allowance` is chosen to fit. */
export const SLACK: f64 = 1.016;

@inline
export function exactQuery(state: WardState): usize {
  return state.scratch + ((<usize>state.nAxes) << 2);
}

@inline
export function centroidScratch(state: WardState): usize {
  return exactQuery(state) + ((<usize>state.nFeatures) << 3);
}

@inline
export function levelLanes(state: WardState, level: i32): usize {
  return centroidScratch(state) + ((<usize>state.nFeatures) << 3) + ((<usize>level) << 5);
}

/** Address of a slot's lane in its block. */
@inline
export function laneAt(state: WardState, slot: i32): usize {
  return state.blocks + (<usize>(slot >>> 3) * <usize>state.nAxes << 5) + ((<usize>(slot & 7)) << 2);
}

/** Bytes of the `WardState` record. */
export function ward_bytes(): i32 {
  return <i32>offsetof<WardState>();
}

/**
 * Prepares a linkage of nothing; `ward_pack` brings the clusters in.
 * @param axes IN f64 [nFeatures × nAxes]: orthonormal columns, or zeros; nAxes is a multiple of 4
 * @param levels OUT i32 [16]
 * @param slotOfName OUT i32 [nSamples]
 * @param scratch 20 × (nFeatures + 4) + 512 bytes
 * @param allowance 66 × the square of the most by which float32 rounding can change a distance of two centroids
 */
export function ward_init(
  address: usize,
  nSamples: i32,
  nFeatures: i32,
  nAxes: i32,
  axes: usize,
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
  state.nAxes = nAxes;
  state.nBoxAxes = min(nAxes, MAX_BOX_AXES);
  state.axes = axes;
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
