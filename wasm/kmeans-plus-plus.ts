import { horizontalSum, madd } from './simd';
import { trial_squares } from './trial-squares';

/** Samples whose squared distances are summed in float32 lanes before they join a float64 sum. */
const RUN = 512;

/**
 * What greedy k-means++ keeps about each sample, laid out by the host as successive 4-byte fields. Calls on different runs
 * of 512 samples may go on at the same time.
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
   * IN f32 [nClusters] for each center so far a quarter of its squared distance to the nearest trial, rounded down: a
   * sample that close to its center cannot be closer to any trial (triangle inequality; Raff, "Exact acceleration of
   * k-means++ and k-means||", IJCAI 2021).
   */
  limits: usize;
}

/** All ones for samples that a trial may be closer to than their center: 4 of them, from `labels` on. */
@inline
function withinReach(closest: v128, labels: usize, limits: usize): v128 {
  let t = v128.load32_splat(limits + (<usize>load<u16>(labels) << 2));
  t = v128.load_lane<f32>(limits + (<usize>load<u16>(labels, 2) << 2), t, 1);
  t = v128.load_lane<f32>(limits + (<usize>load<u16>(labels, 4) << 2), t, 2);
  t = v128.load_lane<f32>(limits + (<usize>load<u16>(labels, 6) << 2), t, 3);
  return f32x4.gt(closest, t);
}

/**
 * One pass of greedy k-means++: takes the newest center into the squared distances and labels, and in the same read of the
 * rows sums, for each candidate, what the squared distances would be with it. Blocks of 8 samples are computed as they lie
 * or left out whole: rows picked one by one wait for memory longer than their neighbours take to compute.
 *
 * @param stateAddress a `SeedingState`
 * @param first,last samples of this call; `first` a multiple of 512
 * @param trials IN f32 [nFeatures][nTrials] the newest center, then the candidates
 * @param nTrials from 3
 * @param label the newest center's number
 * @param potentials OUT f64 [nTrials − 1][⌈nSamples / 512⌉] for each candidate the sums by runs of 512 samples; 0 exactly
 *   where all distances are
 * @param scratch 48 × nTrials + 32 × (nFeatures rounded up to 4) bytes, of this call alone
 * Accumulation: float32 over 128 samples, then float64. Cost: one read of distances and labels, plus the blocks in reach.
 */
export function kmeans_plus_plus_trials_f32(
  stateAddress: usize, first: i32, last: i32, trials: usize, nTrials: i32, label: i32, potentials: usize,
  scratch: usize,
): void {
  const state = changetype<SeedingState>(stateAddress);
  const nFeatures = state.nFeatures, limits = state.limits;
  const rowBytes = <usize>nFeatures << 2;
  const sums = scratch, squares = sums + (<usize>nTrials << 4), tile = squares + (<usize>nTrials << 5);
  const runs = (state.nSamples + RUN - 1) / RUN;
  const newest = i16x8.splat(<i16>label);
  for (let run = first; run < last; run += RUN) {
    const end = min(last, run + RUN);
    memory.fill(sums, 0, <usize>nTrials << 4);
    let rest = f32x4.splat(0);
    for (let sample = run; sample < end; sample += 8) {
      const closest = state.closest + (<usize>sample << 2), labels = state.labels + (<usize>sample << 1);
      const d0 = v128.load(closest), d1 = v128.load(closest, 16);
      const near = v128.or(withinReach(d0, labels, limits), withinReach(d1, labels + 8, limits));
      if (!v128.any_true(near)) {
        rest = f32x4.add(rest, f32x4.add(d0, d1));
        continue;
      }
      loadBlock(state.rows + <usize>sample * rowBytes, nFeatures, state.nSamples - sample, tile);
      trial_squares(tile, nFeatures, trials, nTrials, squares);
      const s0 = v128.load(squares), s1 = v128.load(squares, 16);
      // Slots past the last sample keep their 0.
      const n0 = f32x4.lt(s0, d0), n1 = f32x4.lt(s1, d1);
      const e0 = f32x4.pmin(d0, s0), e1 = f32x4.pmin(d1, s1);
      if (v128.any_true(v128.or(n0, n1))) {
        v128.store(closest, e0);
        v128.store(closest, e1, 16);
        v128.store(labels, v128.bitselect(newest, v128.load(labels), i16x8.narrow_i32x4_s(n0, n1)));
      }
      addPotentials(e0, e1, squares, sums, nTrials);
    }
    const unchanged = horizontalSum(rest);
    let target = potentials + (<usize>(run / RUN) << 3);
    for (let trial = 1; trial < nTrials; trial++) {
      store<f64>(target, unchanged + horizontalSum(v128.load(sums + (<usize>trial << 4))));
      target += <usize>runs << 3;
    }
  }
}

/** For each candidate the smaller of a sample's distance and that to the candidate, 8 samples. */
@inline
function addPotentials(d0: v128, d1: v128, squares: usize, sums: usize, nTrials: i32): void {
  let square = squares + 32, sum = sums + 16;
  const end = squares + (<usize>nTrials << 5);
  while (square < end) {
    const smaller = f32x4.add(f32x4.pmin(d0, v128.load(square)), f32x4.pmin(d1, v128.load(square, 16)));
    v128.store(sum, f32x4.add(v128.load(sum), smaller));
    square += 32;
    sum += 16;
  }
}

/** As `loadTile`, for 8 rows that follow each other; those past the last of `count` repeat it. */
@inline
function loadBlock(rows: usize, nFeatures: i32, count: i32, tile: usize): void {
  const rowBytes = <usize>nFeatures << 2;
  const last = rows + <usize>(min(count, 8) - 1) * rowBytes;
  for (let half = 0; half < 2; half++) {
    let r0 = min(last, rows + <usize>(4 * half) * rowBytes);
    const end = r0 + rowBytes;
    let r1 = min(last, end), r2 = min(last, r1 + rowBytes), r3 = min(last, r2 + rowBytes);
    let target = tile + (<usize>half << 4);
    do {
      const x0 = v128.load(r0), x1 = v128.load(r1), x2 = v128.load(r2), x3 = v128.load(r3);
      const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
      v128.store(target, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(target, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
      v128.store(target, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
      v128.store(target, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
      r0 += 16;
      r1 += 16;
      r2 += 16;
      r3 += 16;
      target += 128;
    } while (r0 < end);
  }
}

/**
 * Takes a new center into the squared distances and labels; taking it in twice changes nothing.
 *
 * @param stateAddress a `SeedingState`
 * @param first,last samples of this call; `first` a multiple of 512
 * @param center IN f32 [nFeatures]
 * @param label the new center's number; 0 replaces what was there
 * @param runSums OUT f64 [⌈nSamples / 512⌉] sums of the distances by runs of 512 samples
 * Accumulation: float32 over 128 samples, then float64. Cost: one read of the rows.
 */
export function kmeans_plus_plus_update_f32(
  stateAddress: usize, first: i32, last: i32, center: usize, label: i32, runSums: usize,
): void {
  const state = changetype<SeedingState>(stateAddress);
  for (let run = first; run < last; run += RUN) {
    const end = min(last, run + RUN);
    for (let sample = run; sample < end; sample++) updateSample(state, sample, center, label);
    let sum = f32x4.splat(0);
    for (let sample = run; sample < end; sample += 8) {
      const closest = state.closest + (<usize>sample << 2);
      sum = f32x4.add(sum, f32x4.add(v128.load(closest), v128.load(closest, 16)));
    }
    store<f64>(runSums + (<usize>(run / RUN) << 3), horizontalSum(sum));
  }
}

@inline
function updateSample(state: SeedingState, sample: i32, center: usize, label: i32): void {
  const whole = state.nFeatures & ~3;
  let at = state.rows + (<usize>sample * <usize>state.nFeatures << 2), c = center;
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
  const closest = state.closest + (<usize>sample << 2);
  if (label == 0 || square < load<f32>(closest)) {
    store<f32>(closest, square);
    store<u16>(state.labels + (<usize>sample << 1), <u16>label);
  }
}
