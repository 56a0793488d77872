import { squares_8x4 } from './distance';
import { horizontalSum, madd } from './simd';
import { loadTile, touch } from './rows';

/** Samples whose squared distances are summed in float32 lanes before they join a float64 sum. */
const RUN = 512;

/**
 * What greedy k-means++ keeps about each sample, laid out by the host as successive 4-byte fields.
 */
@unmanaged
class SeedingState {
  /** IN f32 [nSamples][nFeatures], see `place_rows_f32`; 16 readable bytes follow. */
  rows: usize;
  nSamples: i32;
  nFeatures: i32;
  /** INOUT f32 [nSamples rounded up to 8] squared distance to the nearest center so far; 0 past the last sample. */
  closest: usize;
  /** INOUT u16 [nSamples rounded up to 8] that center. */
  labels: usize;
  /**
   * IN f32 [nClusters] for each center so far a quarter of its squared distance to the nearest candidate, rounded down: a
   * sample that close to its center cannot be closer to any candidate (triangle inequality; Raff, "Exact acceleration of
   * k-means++ and k-means||", IJCAI 2021).
   */
  limits: usize;
  /** OUT f64 [⌈nSamples / 512⌉] sums of `closest`. */
  runSums: usize;
  /** SCRATCH i32 [8] */
  samples: usize;
  /** SCRATCH f32 [nFeatures rounded up to 4, and 5 more][8] */
  tile: usize;
}

/** Bits 0–7: samples that a candidate may be closer to than their center. */
@inline
function reachable(state: SeedingState, sample: i32): i32 {
  const labels = state.labels + (<usize>sample << 1), limits = state.limits;
  let t0 = v128.load32_splat(limits + (<usize>load<u16>(labels) << 2));
  t0 = v128.load_lane<f32>(limits + (<usize>load<u16>(labels, 2) << 2), t0, 1);
  t0 = v128.load_lane<f32>(limits + (<usize>load<u16>(labels, 4) << 2), t0, 2);
  t0 = v128.load_lane<f32>(limits + (<usize>load<u16>(labels, 6) << 2), t0, 3);
  let t1 = v128.load32_splat(limits + (<usize>load<u16>(labels, 8) << 2));
  t1 = v128.load_lane<f32>(limits + (<usize>load<u16>(labels, 10) << 2), t1, 1);
  t1 = v128.load_lane<f32>(limits + (<usize>load<u16>(labels, 12) << 2), t1, 2);
  t1 = v128.load_lane<f32>(limits + (<usize>load<u16>(labels, 14) << 2), t1, 3);
  const closest = state.closest + (<usize>sample << 2);
  return (
    i32x4.bitmask(f32x4.gt(v128.load(closest), t0)) | (i32x4.bitmask(f32x4.gt(v128.load(closest, 16), t1)) << 4)
  );
}

/**
 * How much each candidate center would lower the sum of squared distances: gains[t] += Σ max(0, closest − |x − t|²).
 *
 * @param stateAddress a `SeedingState`
 * @param first,last samples of this call; `first` a multiple of 8
 * @param candidates IN f32 [nTiles][nFeatures][4]
 * @param gains INOUT f64 [nTiles × 4]; float32 within 8 samples, then float64
 * Cost: one read of distances and labels, plus the rows within reach.
 */
export function kmeans_plus_plus_gains_f32(
  stateAddress: usize, first: i32, last: i32, candidates: usize, nTiles: i32, gains: usize,
): void {
  const state = changetype<SeedingState>(stateAddress);
  const rowBytes = <usize>state.nFeatures << 2;
  let waiting = 0;
  let touched: i32 = 0;
  for (let sample = first; sample < last; sample += 8) {
    let open = reachable(state, sample);
    if (!open) continue;
    touched += touch(state.rows + <usize>sample * rowBytes, rowBytes << 3);
    while (open) {
      const next = sample + ctz(open);
      open &= open - 1;
      store<i32>(state.samples + (<usize>waiting << 2), next);
      if (++waiting == 8) {
        addGains(state, 8, candidates, nTiles, gains);
        waiting = 0;
      }
    }
  }
  if (waiting > 0) addGains(state, waiting, candidates, nTiles, gains);
  // Keeps the loads that fetch rows ahead; never both true.
  if (touched == 0x7fffffff && nTiles < 0) unreachable();
}

function addGains(state: SeedingState, count: i32, candidates: usize, nTiles: i32, gains: usize): void {
  const samples = state.samples, tile = state.tile;
  for (let lane = count; lane < 8; lane++) store<i32>(samples + (<usize>lane << 2), load<i32>(samples));
  loadTile(state.rows, state.nFeatures, samples, tile);
  // Lanes that are only filled up gain nothing: their distance counts as 0.
  const lanes = tile + (<usize>((state.nFeatures + 3) & ~3) << 5);
  for (let lane = 0; lane < 8; lane++) {
    const at = state.closest + (<usize>load<i32>(samples + (<usize>lane << 2)) << 2);
    store<f32>(lanes + (<usize>lane << 2), lane < count ? load<f32>(at) : 0);
  }
  const squares = lanes + 32;
  const candidateBytes = <usize>state.nFeatures << 4;
  for (let group = 0; group < nTiles; group++) {
    squares_8x4(tile, state.nFeatures, candidates + <usize>group * candidateBytes, squares);
    const d0 = v128.load(lanes), d1 = v128.load(lanes, 16);
    const gain = gains + (<usize>group << 5);
    addGain(gain + 0, d0, d1, squares + 0);
    addGain(gain + 8, d0, d1, squares + 32);
    addGain(gain + 16, d0, d1, squares + 64);
    addGain(gain + 24, d0, d1, squares + 96);
  }
}

@inline
function addGain(gain: usize, closest0: v128, closest1: v128, squares: usize): void {
  const zero = f32x4.splat(0);
  const less0 = f32x4.pmax(zero, f32x4.sub(closest0, v128.load(squares)));
  const less1 = f32x4.pmax(zero, f32x4.sub(closest1, v128.load(squares, 16)));
  store<f64>(gain, load<f64>(gain) + horizontalSum(f32x4.add(less0, less1)));
}

/**
 * Takes a new center into the squared distances and labels, and sums the distances by runs of 512 samples.
 *
 * @param stateAddress a `SeedingState`; its limits are those of this one center
 * @param first,last samples of this call; `first` a multiple of 512
 * @param center IN f32 [nFeatures]
 * @param label the new center's number; 0 computes every distance
 * Cost: one update of the distances, plus the rows within reach.
 */
export function kmeans_plus_plus_update_f32(
  stateAddress: usize, first: i32, last: i32, center: usize, label: i32,
): void {
  const state = changetype<SeedingState>(stateAddress);
  for (let run = first; run < last; run += RUN) {
    const end = min(last, run + RUN);
    let sum0 = f32x4.splat(0), sum1 = sum0;
    for (let sample = run; sample < end; sample += 8) {
      const closest = state.closest + (<usize>sample << 2);
      let open = label == 0 ? 255 : reachable(state, sample);
      if (sample + 8 > state.nSamples) open &= (1 << (state.nSamples - sample)) - 1;
      if (open) updateSamples(state, sample, open, center, label);
      sum0 = f32x4.add(sum0, v128.load(closest));
      sum1 = f32x4.add(sum1, v128.load(closest, 16));
    }
    store<f64>(state.runSums + (<usize>(run / RUN) << 3), horizontalSum(sum0) + horizontalSum(sum1));
  }
}

function updateSamples(state: SeedingState, sample: i32, open: i32, center: usize, label: i32): void {
  const whole = state.nFeatures & ~3;
  while (open) {
    const next = sample + ctz(open);
    open &= open - 1;
    let at = state.rows + (<usize>next * <usize>state.nFeatures << 2), c = center;
    const end = at + (<usize>whole << 2);
    let lanes = f32x4.splat(0);
    while (at < end) {
      const t = f32x4.sub(v128.load(at), v128.load(c));
      lanes = madd(t, t, lanes);
      at += 16;
      c += 16;
    }
    lanes = f32x4.add(lanes, v128.shuffle<f32>(lanes, lanes, 2, 3, 0, 1));
    let square = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 1);
    for (let j = whole; j < state.nFeatures; j++) {
      const t = load<f32>(at) - load<f32>(c);
      square += t * t;
      at += 4;
      c += 4;
    }
    const closest = state.closest + (<usize>next << 2);
    if (label == 0 || square < load<f32>(closest)) {
      store<f32>(closest, square);
      store<u16>(state.labels + (<usize>next << 1), <u16>label);
    }
  }
}
