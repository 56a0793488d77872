import { loadF32, loadI32, storeF32, storeI32 } from './neighbors';
import { WardState } from './linkage-ward';
import { includeSlot } from './linkage-ward-boxes';
import { clearSlot, placeSlot } from './linkage-ward-place';
import { searchNearest } from './linkage-ward-search';

/** Merges two clusters at the end of the chain into the slot of the larger one, and notes the merge. */
function merge(state: WardState, a: i32, b: i32, cost: f64): void {
  const nFeatures = state.nFeatures;
  const sizeA = loadF32(state.sizes, a);
  const sizeB = loadF32(state.sizes, b);
  const keep = sizeA > sizeB || (sizeA == sizeB && a < b) ? a : b;
  const drop = keep == a ? b : a;
  const nameA = loadI32(state.names, a);
  const nameB = loadI32(state.names, b);
  const name = max(nameA, nameB);
  let sum = state.sums + ((<usize>keep * <usize>nFeatures) << 3);
  let other = state.sums + ((<usize>drop * <usize>nFeatures) << 3);
  for (let j = 0; j < nFeatures; j++) {
    store<f64>(sum, load<f64>(sum) + load<f64>(other));
    sum += 8;
    other += 8;
  }
  clearSlot(state, drop);
  storeF32(state.sizes, keep, sizeA + sizeB);
  storeI32(state.names, keep, name);
  placeSlot(state, keep);
  storeI32(state.slotOfName, min(nameA, nameB), -1);
  storeI32(state.slotOfName, name, keep);
  includeSlot(state, keep);
  storeI32(state.pairs, state.nMerges << 1, min(nameA, nameB));
  storeI32(state.pairs, (state.nMerges << 1) + 1, name);
  store<f64>(state.heights + ((<usize>state.nMerges) << 3), sqrt<f64>(2 * cost));
  state.nMerges += 1;
  state.nActive -= 1;
}

/**
 * Grows nearest-neighbour chains and merges reciprocal pairs, up to `maxMerges` (Müllner, "Modern hierarchical,
 * agglomerative clustering algorithms", 2011). Chains start at the lowest name, and ties go to the previous cluster of
 * the chain, then to the lowest name: SciPy's rules.
 * @returns active clusters left
 */
export function ward_merge(address: usize, maxMerges: i32): i32 {
  const state = changetype<WardState>(address);
  let merges = 0;
  while (state.nActive > 1 && merges < maxMerges) {
    if (state.chainLength == 0) {
      while (loadI32(state.slotOfName, state.lowest) < 0) state.lowest += 1;
      storeI32(state.chain, 0, loadI32(state.slotOfName, state.lowest));
      state.chainLength = 1;
    }
    const length = state.chainLength;
    const top = loadI32(state.chain, length - 1);
    const previous = length > 1 ? loadI32(state.chain, length - 2) : -1;
    const cost = length > 1 ? load<f64>(state.chainCosts + ((<usize>(length - 1)) << 3)) : f64.MAX_VALUE;
    searchNearest(state, top, previous, cost);
    if (state.bestSlot == previous) {
      state.chainLength = length - 2;
      merge(state, previous, top, state.best);
      merges++;
      continue;
    }
    storeI32(state.chain, length, state.bestSlot);
    store<f64>(state.chainCosts + ((<usize>length) << 3), state.best);
    state.chainLength = length + 1;
  }
  return state.nActive;
}
