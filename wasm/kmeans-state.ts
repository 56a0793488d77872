/**
 * What every k-means kernel works on: addresses and sizes, laid out by the host as successive 4-byte fields. Each
 * worker has a state of its own; rows, labels, gaps and bounds may be shared as long as no two work on one row.
 * Centers come in groups of 4 (nGroups = ⌈k / 4⌉), bounds and clocks of groups in rows of nGroups rounded up to 4.
 */
@unmanaged
export class KMeansState {
  /** IN f32 [nSamples][nFeatures], see `place_rows_f32`; 16 readable bytes follow. */
  rows: usize;
  /** INOUT u16 [nSamples rounded up to 8] cluster of each sample × 4 + shell, see `radii`. */
  labels: usize;
  /**
   * INOUT f32 [nSamples rounded up to 8] for each sample a lower bound of (distance to the nearest other center −
   * distance to its own) plus its shell's clock at that time. While it exceeds the clock, the label cannot change.
   */
  gaps: usize;
  /**
   * INOUT f32 [nSamples][nGroups rounded up to 4] for each sample and group a lower bound of the distance to the group's
   * nearest center, its own left out, plus the group's clock at that time; 0 when no such bounds are kept.
   */
  bounds: usize;
  nSamples: i32;
  nFeatures: i32;
  nClusters: i32;
  nGroups: i32;
  /** IN f32 [nGroups][nFeatures][4] centers; lanes past k hold 1e18. */
  centersBy4: usize;
  /** IN f64 [k][nFeatures] centers as the reference arithmetic uses them. */
  centers: usize;
  /**
   * IN f32 [k][4] clock of each shell: how far, at most, its center and another have come closer to a sample since the
   * start, counting only centers near enough to matter to the shell; rounded up.
   */
  clocks: usize;
  /** IN f32 [nGroups rounded up to 4] clock of each group: sum of the largest drifts in it, rounded up; rest −1e30. */
  groupClocks: usize;
  /** INOUT f64 [k][nFeatures rounded up to 4] sums of each cluster's samples; exact, as `place_rows_f32` sees to. */
  sums: usize;
  /** INOUT i32 [k] */
  counts: usize;
  /** Bound of the relative rounding error of a float32 distance: (nFeatures + 4) × 2⁻²⁴. */
  relativeError: f32;
  /** Bound of the absolute error that rounding the centers to float32 adds to a difference of two distances. */
  absoluteError: f32;
  /** IN i32 [k][4 × nGroups] for each center all centers by distance, itself first; 0 when they are not ordered. */
  order: usize;
  /** IN f32 [k][nGroups][nFeatures][4] for each center all centers in that order. */
  orderedCenters: usize;
  /** IN f32 [k][4 × nGroups] those distances, rounded down. */
  orderedDistances: usize;
  /** SCRATCH i32 [k][8] and i32 [k]: samples of each cluster that wait for a full tile, and how many; or where its samples end. */
  queues: usize;
  queueLengths: usize;
  /** SCRATCH f32 [nFeatures rounded up to 4][8] */
  tile: usize;
  /** SCRATCH f32 [nGroups][2][8] smallest and second smallest distance in each group of the tile at hand. */
  groupMinima: usize;
  /** SCRATCH f32 [nGroups rounded up to 4][8] bounds of the tile at hand. */
  boundsTile: usize;
  /** SCRATCH i32 [nGroups] */
  openGroups: usize;
  /** SCRATCH f32 [4][8] */
  squares: usize;
  /** IN f32 [k][4] radius of each shell, rounded down: a sample belongs to the first that holds it; the last holds all. */
  radii: usize;
  /** IN f64 [nSamples] weight of each sample, or 0: all weigh 1. */
  weights: usize;
  /** INOUT f64 [k] weight of each cluster; only with weights. */
  weightSums: usize;
  /** OUT 8 × 4 distances computed so far, in tiles. */
  tiles: i32;
  /** OUT tiles of samples decided so far. */
  decisions: i32;
  /** OUT samples decided again in float64 so far. */
  exactDecisions: i32;
  /** IN f32 [nGroups][4] |c|² / 2 of each center; 1e37 in lanes past k. */
  halfNorms: usize;
  /** IN largest |c|², rounded up. */
  largestSquare: f32;
  /** Bound of the error of a squared distance made of scalar products, relative to |x|² + |c|²; see `roundingOf`. */
  productError: f32;
  /** SCRATCH f32 [nSamples rounded up to 8] |x|² of each sample, from the first labels on. */
  squaredNorms: usize;
  /** SCRATCH f32 [nSamples / 8, rounded up][nFeatures][8] the rows, packed by the first labels; or 0: not kept. */
  blocks: usize;
  /** SCRATCH f32 [nGroups × 4][8] */
  keys: usize;
  /** SCRATCH i32 [1024] samples to be decided again, or by cluster when they are added to the sums. */
  list: usize;
  /** SCRATCH */
  touched: i32;
  /** SCRATCH i16 [nSamples / 8, rounded up][nFeatures / 2, rounded up][8][2] rows in fixed point; see `kmeans_fixed_i16`. */
  fixedRows: usize;
  /** SCRATCH f32 [nSamples rounded up to 8] |x − origin| of each sample, beyond all bounds where a value is past the limit */
  fixedLengths: usize;
  /** IN i16 [nGroups][nFeatures / 2, rounded up][4][2] centers in fixed point; 0 in lanes past k. */
  fixedCenters: usize;
  /** IN i32 [nGroups][4] |c|² / 2 in fixed point, less what rounding may take; 2³⁰ − 1 in lanes past k. */
  fixedHalfNorms: usize;
  /** IN by how much more than that two keys must differ to tell centers apart, whatever the row and the center */
  fixedError: f32;
  /** IN and how much more for each placed unit of the row's distance from the origin */
  fixedRounding: f32;
  /** IN what a difference of two keys by 1 is in squared distance, placed units; rounded up */
  fixedUnit: f32;
  /** IN the largest rounded value of a row */
  fixedLimit: f32;
  /** IN 1.5 × 2²³: a literal would be built anew at every use. */
  toInteger: f32;
  /** SCRATCH i32 [256][2] samples to be moved between sums, and the clusters they leave. */
  moves: usize;
  /**
   * INOUT f32 [nSamples / 64, rounded up] for each 64 samples in a row a lower bound of their gaps' lead over their clocks, plus
   * `clock` at that time. While it exceeds `clock`, none of them is to be decided again.
   */
  blockGaps: usize;
  /** INOUT sum over the steps so far of how far the fastest shell's clock went; rounded up. */
  clock: f32;
  /** IN i32 [16][4] for each number of four bits which of them are set, ascending. */
  setBits: usize;
  /** IN f32 [nFeatures rounded up to 2] the origin of fixed point, placed units; 0 past the last. */
  fixedOrigin: usize;
  /** IN steps of fixed point in a placed unit */
  fixedSteps: f32;
  /** IN largest |c − origin|², rounded up. */
  fixedLargestSquare: f32;
  /**
   * IN f32 [k][4] `fixedError` of each center, should it be the nearest, four times; or, where keys hold centers' numbers, u16
   * [8] the same in units of `fixedErrorUnit`.
   */
  fixedErrors: usize;
  fixedErrorUnit: f32;
  /** IN bytes 2, 2, 0, 0 and 0, 1, 0x80, 0x80: literals would be built anew at every use; see `kmeans_fixed_i16`. */
  twice: i32;
  next: i32;
}

/** Clocks of the shells of four samples, whose labels lie at `labels`. */
@inline
export function clocksOf(clocks: usize, labels: usize): v128 {
  let values = v128.load32_splat(clocks + (<usize>load<u16>(labels) << 2));
  values = v128.load_lane<f32>(clocks + (<usize>load<u16>(labels, 2) << 2), values, 1);
  values = v128.load_lane<f32>(clocks + (<usize>load<u16>(labels, 4) << 2), values, 2);
  return v128.load_lane<f32>(clocks + (<usize>load<u16>(labels, 6) << 2), values, 3);
}

/** By how much the gaps of four samples in a row exceed their clocks. */
@inline
export function leadOf(state: KMeansState, sample: i32): v128 {
  const clocks = clocksOf(state.clocks, state.labels + (<usize>sample << 1));
  return f32x4.sub(v128.load(state.gaps + (<usize>sample << 2)), clocks);
}

/** Which of 8 samples in a row have a gap that no longer exceeds its clock: bit l for sample + l. */
@inline
export function staleOf(state: KMeansState, sample: i32): i32 {
  const labels = state.labels + (<usize>sample << 1), gaps = state.gaps + (<usize>sample << 2);
  const clocks0 = clocksOf(state.clocks, labels), clocks1 = clocksOf(state.clocks, labels + 8);
  return (
    i32x4.bitmask(f32x4.le(v128.load(gaps), clocks0)) | (i32x4.bitmask(f32x4.le(v128.load(gaps, 16), clocks1)) << 4)
  );
}

/** Takes back a sample's bound of a group of centers: whether one of them is nearest is open again. */
export function openGroup(state: KMeansState, sample: i32, group: i32): void {
  const width = (state.nGroups + 3) & ~3;
  store<f32>(state.bounds + (<usize>(sample * width + group) << 2), 0);
}

/** Cluster of a sample. */
@inline
export function labelOf(state: KMeansState, sample: i32): i32 {
  return <i32>load<u16>(state.labels + (<usize>sample << 1)) >>> 2;
}

@inline
export function rowAddress(state: KMeansState, sample: i32): usize {
  return state.rows + (<usize>sample * <usize>state.nFeatures << 2);
}

/** Squared distance in float64, squared differences summed in feature order. */
export function exactSquare(state: KMeansState, sample: i32, label: i32): f64 {
  let at = rowAddress(state, sample);
  let center = state.centers + (<usize>(label * state.nFeatures) << 3);
  const end = at + (<usize>state.nFeatures << 2);
  let sum: f64 = 0;
  while (at < end) {
    const difference = <f64>load<f32>(at) - load<f64>(center);
    sum += difference * difference;
    at += 4;
    center += 8;
  }
  return sum;
}

/** Nearest and second nearest distance of the last `decideExactly`. */
export let exactBest: f64 = 0;
export let exactSecond: f64 = 0;

/**
 * Nearest center in float64; of equal squared distances the lowest index wins. Used where float32 cannot tell two
 * centers apart, so that labels equal those of a float64 implementation.
 */
export function decideExactly(state: KMeansState, sample: i32): i32 {
  let best = f64.MAX_VALUE, second = f64.MAX_VALUE;
  let label = 0;
  for (let c = 0; c < state.nClusters; c++) {
    const square = exactSquare(state, sample, c);
    if (square < best) {
      second = best;
      best = square;
      label = c;
    } else if (square < second) second = square;
  }
  exactBest = sqrt(best);
  exactSecond = sqrt(second);
  state.exactDecisions++;
  return label;
}
