import { centroidScratch, laneAt, WardState } from './linkage-ward';
import { loadF32, loadI32, storeF32, storeI32 } from './neighbors';

/** Marks a slot dead: no search finds it. */
export function clearSlot(state: WardState, slot: i32): void {
  let lane = laneAt(state, slot);
  for (let axis = 0; axis < state.nAxes; axis++, lane += 32) store<f32>(lane, f32.POSITIVE_INFINITY);
  storeF32(state.sizes, slot, 1);
  storeF32(state.inverses, slot, 1);
  storeI32(state.names, slot, -1);
}

/** Writes the centroid of a slot's sum along the axes into its lane. */
export function placeSlot(state: WardState, slot: i32): void {
  const size = loadF32(state.sizes, slot);
  const inverse = 1 / <f64>size;
  storeF32(state.inverses, slot, <f32>inverse);
  const centroid = centroidScratch(state);
  const sum = state.sums + ((<usize>slot * <usize>state.nFeatures) << 3);
  for (let j = 0; j < state.nFeatures; j++) {
    store<f64>(centroid + ((<usize>j) << 3), load<f64>(sum + ((<usize>j) << 3)) * inverse);
  }
  rotate(state, centroid, laneAt(state, slot), 32);
}

/** Coordinates of a float64 row along the axes, `stride` bytes apart. */
function rotate(state: WardState, row: usize, out: usize, stride: usize): void {
  const nFeatures = state.nFeatures;
  const nAxes = state.nAxes;
  const rowBytes = (<usize>nAxes) << 3;
  for (let axis = 0; axis < nAxes; axis += 2) {
    let weights = state.axes + ((<usize>axis) << 3);
    let sum_f64x2 = f64x2.splat(0);
    for (let j = 0; j < nFeatures; j++) {
      const value_f64x2 = v128.load64_splat(row + ((<usize>j) << 3));
      sum_f64x2 = f64x2.add(sum_f64x2, f64x2.mul(value_f64x2, v128.load(weights)));
      weights += rowBytes;
    }
    store<f32>(out, <f32>f64x2.extract_lane(sum_f64x2, 0));
    out += stride;
    store<f32>(out, <f32>f64x2.extract_lane(sum_f64x2, 1));
    out += stride;
  }
}

/**
 * Coordinates of float64 rows along the axes.
 * @param rows IN f64 [n × nFeatures] @param out OUT f32 [n × nAxes]
 */
export function ward_rotate(address: usize, rows: usize, n: i32, out: usize): void {
  const state = changetype<WardState>(address);
  for (let i = 0; i < n; i++) {
    rotate(
      state,
      rows + ((<usize>i * <usize>state.nFeatures) << 3),
      out + ((<usize>i * <usize>state.nAxes) << 2),
      4,
    );
  }
}

/**
 * Brings clusters into fresh arrays, in a spatial order: slot i receives what `order[i]` says of the old arrays.
 * @param order IN i32 [nSlots]: old slots
 * @param oldSums IN f64 [… × nFeatures] @param oldSizes IN f32 @param oldNames IN i32
 * @param blocks OUT f32 [nBlocks × 8 × nAxes] @param sums OUT f64 [nSlots × nFeatures]
 * @param sizes OUT f32 [8 × nBlocks] @param inverses OUT f32 [8 × nBlocks] @param names OUT i32 [8 × nBlocks]
 * @param boxes OUT f32 [ward_groups × nAxes × 16] @param boxInverses OUT f32 [ward_groups × 8]
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
  inverses: usize,
  names: usize,
  boxes: usize,
  boxInverses: usize,
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
  state.inverses = inverses;
  state.names = names;
  state.boxes = boxes;
  state.boxInverses = boxInverses;
  for (let slot = 0; slot < state.nBlocks << 3; slot++) {
    if (slot >= nSlots) {
      clearSlot(state, slot);
      continue;
    }
    const old = loadI32(order, slot);
    const name = loadI32(oldNames, old);
    const bytes = (<usize>nFeatures) << 3;
    memory.copy(sums + <usize>slot * bytes, oldSums + <usize>old * bytes, bytes);
    storeF32(sizes, slot, loadF32(oldSizes, old));
    storeI32(names, slot, name);
    storeI32(state.slotOfName, name, slot);
    placeSlot(state, slot);
  }
  for (let i = 0; i < state.chainLength; i++) {
    storeI32(state.chain, i, loadI32(state.slotOfName, loadI32(state.chain, i)));
  }
}

/**
 * Gathers the active clusters for a new spatial order.
 * @param centroids OUT f32 [nActive × nAxes] @param slots OUT i32 [nActive]
 */
export function ward_gather(address: usize, centroids: usize, slots: usize): void {
  const state = changetype<WardState>(address);
  const nAxes = state.nAxes;
  let n = 0;
  for (let slot = 0; slot < state.nSlots; slot++) {
    if (loadI32(state.names, slot) < 0) continue;
    let lane = laneAt(state, slot);
    for (let axis = 0; axis < nAxes; axis++, lane += 32) storeF32(centroids, n * nAxes + axis, load<f32>(lane));
    storeI32(slots, n++, slot);
  }
}
