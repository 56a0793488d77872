import { loadF32, loadI32, storeF32, storeI32 } from './neighbors';
import { laneAt, WardState } from './linkage-ward';

/** Address of box `index` of a level: axis j has its lower corner at j × 64, its upper one 32 further. */
@inline
export function boxOf(state: WardState, level: i32, index: i32): usize {
  const group = loadI32(state.levels, level) + (index >>> 3);
  return state.boxes + (<usize>group * <usize>state.nBoxAxes << 6) + ((<usize>(index & 7)) << 2);
}

/** Address of the largest 1 / size below box `index` of a level. */
@inline
export function boxInverseOf(state: WardState, level: i32, index: i32): usize {
  return state.boxInverses + ((<usize>loadI32(state.levels, level)) << 5) + ((<usize>index) << 2);
}

/** Empties a box: nothing lies in it, and every distance to it is infinite. */
function emptyBox(state: WardState, level: i32, index: i32): void {
  let box = boxOf(state, level, index);
  for (let j = 0; j < state.nBoxAxes; j++, box += 64) {
    store<f32>(box, f32.POSITIVE_INFINITY);
    store<f32>(box, f32.NEGATIVE_INFINITY, 32);
  }
  store<f32>(boxInverseOf(state, level, index), 0);
}

/** Widens a box to hold another. */
function includeBox(state: WardState, level: i32, index: i32, inner: usize, innerInverse: f32): void {
  let box = boxOf(state, level, index);
  for (let j = 0; j < state.nBoxAxes; j++) {
    store<f32>(box, min<f32>(load<f32>(box), load<f32>(inner)));
    store<f32>(box, max<f32>(load<f32>(box, 32), load<f32>(inner, 32)), 32);
    box += 64;
    inner += 64;
  }
  const inverse = boxInverseOf(state, level, index);
  store<f32>(inverse, max<f32>(load<f32>(inverse), innerInverse));
}

/** Widens the box of a block, and all boxes above it, to hold the centroid of a slot. */
export function includeSlot(state: WardState, slot: i32): void {
  const nAxes = state.nBoxAxes;
  const inverse = loadF32(state.inverses, slot);
  let index = slot >>> 3;
  for (let level = 0; level < state.nLevels; level++, index >>>= 3) {
    let lane = laneAt(state, slot);
    let box = boxOf(state, level, index);
    for (let j = 0; j < nAxes; j++) {
      const value = load<f32>(lane);
      if (value < load<f32>(box)) store<f32>(box, value);
      if (value > load<f32>(box, 32)) store<f32>(box, value, 32);
      lane += 32;
      box += 64;
    }
    const largest = boxInverseOf(state, level, index);
    if (inverse > load<f32>(largest)) store<f32>(largest, inverse);
  }
}

/** Builds all boxes anew from the slots. */
export function ward_box(address: usize): void {
  const state = changetype<WardState>(address);
  let nBoxes = state.nBlocks;
  let level = 0;
  let group = 0;
  do {
    storeI32(state.levels, level, group);
    const nGroups = (nBoxes + 7) >> 3;
    group += nGroups;
    for (let index = 0; index < nGroups << 3; index++) emptyBox(state, level, index);
    nBoxes = nGroups;
    level++;
  } while (nBoxes > 1);
  state.nLevels = 1;
  for (let slot = 0; slot < state.nSlots; slot++) {
    if (loadI32(state.names, slot) >= 0) includeSlot(state, slot);
  }
  state.nLevels = level;
  nBoxes = state.nBlocks;
  for (let l = 1; l < level; l++) {
    for (let index = 0; index < nBoxes; index++) {
      includeBox(state, l, index >>> 3, boxOf(state, l - 1, index), load<f32>(boxInverseOf(state, l - 1, index)));
    }
    nBoxes = (nBoxes + 7) >> 3;
  }
}
