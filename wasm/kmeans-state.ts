/**
 * What every k-means kernel works on: addresses and sizes, laid out by the host as successive 4-byte fields. A slot is
 * a sample's place in the packed blocks; 8 slots are one block.
 */
@unmanaged
export class KMeansState {
  /** IN f32 [nBlocks][nFeatures][8] samples, see `pack_f32`. */
  packed: usize;
  /** IN i32 [nBlocks × 8] row number of each slot, −1 for a slot that only fills its block. */
  rows: usize;
  /** INOUT u16 [nBlocks × 8] cluster of each slot. */
  labels: usize;
  /**
   * INOUT f32 [nBlocks × 8] for each slot a lower bound of (distance to the second nearest center − distance to the
   * nearest) plus its cluster's clock at that time. While it exceeds the clock, the label cannot change.
   */
  gaps: usize;
  nFeatures: i32;
  nClusters: i32;
  /** IN f32 [⌈k / 4⌉][nFeatures][4] centers; lanes past k hold 1e18. */
  centersBy4: usize;
  /** IN f32 [⌈k / 8⌉][nFeatures][8] centers; lanes past k hold 1e18. */
  centersBy8: usize;
  /** IN f64 [k][nFeatures] centers as the reference arithmetic uses them. */
  centers: usize;
  /** IN f32 [k] clock of each cluster: sum over the updates of (own drift + largest drift of another), rounded up. */
  clocks: usize;
  /** INOUT f64 [k][nFeatures] sums of each cluster's samples; exact, as `pack_f32` sees to. */
  sums: usize;
  /** INOUT i32 [k] */
  counts: usize;
  /** Bound of the relative rounding error of a float32 distance: (nFeatures + 4) × 2⁻²⁴. */
  relativeError: f32;
  /** Bound of the absolute error that rounding the centers to float32 adds to a difference of two distances. */
  absoluteError: f32;
  /** IN i32 [k][4 × ⌈k / 4⌉] for each center all centers by distance, itself first. */
  order: usize;
  /** IN f32 [k][⌈k / 4⌉][nFeatures][4] for each center all centers in that order. */
  orderedCenters: usize;
  /** IN f32 [k][4 × ⌈k / 4⌉] those distances, rounded down. */
  orderedDistances: usize;
  /** OUT tiles of 8 samples × 4 centers computed so far. */
  tiles: i32;
  /** OUT samples decided again in float64 so far. */
  exactDecisions: i32;
}

/** Address of feature 0 of a slot; successive features are 32 bytes apart. */
@inline
export function slotAddress(state: KMeansState, slot: i32): usize {
  return state.packed + <usize>(slot >>> 3) * (<usize>state.nFeatures << 5) + (<usize>(slot & 7) << 2);
}

@inline
export function clockOf(state: KMeansState, label: i32): f32 {
  return load<f32>(state.clocks + (<usize>label << 2));
}

/** Nearest and second nearest distance of the last `decideExactly`. */
export let exactBest: f64 = 0;
export let exactSecond: f64 = 0;

/**
 * Nearest center in float64: squared differences summed in feature order; of equal sums the lowest index wins. Used
 * where float32 cannot tell two centers apart, so that labels equal those of a float64 implementation.
 */
export function decideExactly(state: KMeansState, slot: i32): i32 {
  const sample = slotAddress(state, slot);
  const nFeatures = state.nFeatures;
  let center = state.centers;
  let best = f64.MAX_VALUE, second = f64.MAX_VALUE;
  let label = 0;
  for (let c = 0; c < state.nClusters; c++) {
    let sum: f64 = 0;
    let at = sample;
    for (let j = 0; j < nFeatures; j++) {
      const difference = <f64>load<f32>(at) - load<f64>(center);
      sum += difference * difference;
      at += 32;
      center += 8;
    }
    if (sum < best) {
      second = best;
      best = sum;
      label = c;
    } else if (sum < second) second = sum;
  }
  exactBest = sqrt(best);
  exactSecond = sqrt(second);
  state.exactDecisions++;
  return label;
}

/** Moves a sample from one cluster's sum and count to another's. */
export function moveSample(state: KMeansState, slot: i32, from: i32, to: i32): void {
  const nFeatures = state.nFeatures;
  let at = slotAddress(state, slot);
  let source = state.sums + (<usize>(from * nFeatures) << 3);
  let target = state.sums + (<usize>(to * nFeatures) << 3);
  for (let j = 0; j < nFeatures; j++) {
    const x = <f64>load<f32>(at);
    store<f64>(source, load<f64>(source) - x);
    store<f64>(target, load<f64>(target) + x);
    at += 32;
    source += 8;
    target += 8;
  }
  const less = state.counts + (<usize>from << 2), more = state.counts + (<usize>to << 2);
  store<i32>(less, load<i32>(less) - 1);
  store<i32>(more, load<i32>(more) + 1);
}
