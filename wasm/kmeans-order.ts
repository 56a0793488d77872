import { squaredStep } from './kmeans-centers';
import { KMeansState } from './kmeans-state';

/** Distances between centers are rounded down by this part, and by what rounding them to float32 may add. */
const ROUND_DOWN: f64 = 0.999999;

/**
 * For each center all centers by distance, itself first: their ids, distances (rounded down) and coordinates, in groups of
 * 4. Insertion sort on the order of the last call, which centers that move little leave almost sorted.
 * @param stateAddress `order` must hold each row's numbers 0 … 4 × nGroups − 1 in any order before the first call
 * Cost: k² × nFeatures / 2 float64 multiply-adds, k² × nFeatures copies.
 */
export function kmeans_order_f32(stateAddress: usize): void {
  const state = changetype<KMeansState>(stateAddress);
  const k = state.nClusters, nFeatures = state.nFeatures, width = state.nGroups << 2;
  for (let a = 0; a < k; a++) {
    for (let b = a + 1; b < k; b++) {
      const pa = state.centers + (<usize>(a * nFeatures) << 3), pb = state.centers + (<usize>(b * nFeatures) << 3);
      const distance = <f32>(sqrt(squaredStep(pa, pb, nFeatures)) * ROUND_DOWN - 4 * <f64>state.absoluteError);
      store<f32>(distanceAt(state, a, b), distance);
      store<f32>(distanceAt(state, b, a), distance);
    }
  }
  for (let a = 0; a < k; a++) {
    store<f32>(distanceAt(state, a, a), -f32.MAX_VALUE);
    for (let b = k; b < width; b++) store<f32>(distanceAt(state, a, b), f32.MAX_VALUE);
    sortRow(state, a, width);
    placeRow(state, a, width);
  }
}

/** Unsorted distances lie where the ordered centers will: row a has room for width × nFeatures floats. */
@inline
function distanceAt(state: KMeansState, a: i32, b: i32): usize {
  const width = <usize>state.nGroups << 2;
  return state.orderedCenters + ((<usize>a * width * <usize>state.nFeatures + <usize>b) << 2);
}

function sortRow(state: KMeansState, a: i32, width: i32): void {
  const order = state.order + (<usize>(a * width) << 2), sorted = state.orderedDistances + (<usize>(a * width) << 2);
  for (let i = 0; i < width; i++) {
    const id = load<i32>(order + (<usize>i << 2));
    const value = load<f32>(distanceAt(state, a, id));
    let at = i;
    while (at > 0 && load<f32>(sorted + (<usize>(at - 1) << 2)) > value) {
      store<f32>(sorted + (<usize>at << 2), load<f32>(sorted + (<usize>(at - 1) << 2)));
      store<i32>(order + (<usize>at << 2), load<i32>(order + (<usize>(at - 1) << 2)));
      at--;
    }
    store<f32>(sorted + (<usize>at << 2), value);
    store<i32>(order + (<usize>at << 2), id);
  }
}

function placeRow(state: KMeansState, a: i32, width: i32): void {
  const nFeatures = state.nFeatures;
  const order = state.order + (<usize>(a * width) << 2);
  const target = state.orderedCenters + (<usize>(a * width * nFeatures) << 2);
  for (let i = 0; i < width; i++) {
    const id = load<i32>(order + (<usize>i << 2));
    let from = state.centersBy4 + (<usize>((id >>> 2) * nFeatures * 4 + (id & 3)) << 2);
    let to = target + (<usize>((i >>> 2) * nFeatures * 4 + (i & 3)) << 2);
    for (let j = 0; j < nFeatures; j++) {
      store<f32>(to, load<f32>(from));
      from += 16;
      to += 16;
    }
  }
}
