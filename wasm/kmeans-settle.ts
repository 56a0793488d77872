import { KMeansState, decideExactly, exactBest, exactSecond, labelOf } from './kmeans-state';
import { moveSample } from './kmeans-sums';

/**
 * Lower bounds are stored rounded down: this part of (bound + clock) covers the roundings of both and of the clock they
 * are compared with later.
 */
export const ROUND_DOWN: f32 = 0.9999995;
/** A gap no clock ever exceeds. */
const NEVER: f32 = 3.4e38;

/** Cluster × 4 + shell for a sample at most `upper` away from its center. */
@inline
function shellOf(state: KMeansState, label: i32, upper: f32): i32 {
  const radii = state.radii + (<usize>label << 4);
  return (label << 2) + i32(upper > load<f32>(radii)) + i32(upper > load<f32>(radii, 4)) + i32(upper > load<f32>(radii, 8));
}

/**
 * How many shells of their clusters four samples lie outside of, less than 0: −1 for each.
 * @param own0 the first shell of a sample's cluster: cluster × 4
 * @param upper upper bounds of the distances to their centers
 */
@inline
export function shellsPassed(state: KMeansState, own0: usize, own1: usize, own2: usize, own3: usize, upper: v128): v128 {
  const radii = state.radii;
  // Rows of four radii, of which the first three count, become columns.
  const r0 = v128.load(radii + (own0 << 2)), r1 = v128.load(radii + (own1 << 2));
  const r2 = v128.load(radii + (own2 << 2)), r3 = v128.load(radii + (own3 << 2));
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  const first = f32x4.gt(upper, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  const second = f32x4.gt(upper, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  const third = f32x4.gt(upper, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  // A comparison that holds is −1 in its lane.
  return i32x4.add(first, i32x4.add(second, third));
}

/** The gaps that the margins of samples in four shells come to at the shells' clocks. */
@inline
function gapsOf(state: KMeansState, q0: usize, q1: usize, q2: usize, q3: usize, margin: v128): v128 {
  const clocks = state.clocks;
  let clock = v128.load32_zero(clocks + (q0 << 2));
  clock = v128.load_lane<f32>(clocks + (q1 << 2), clock, 1);
  clock = v128.load_lane<f32>(clocks + (q2 << 2), clock, 2);
  clock = v128.load_lane<f32>(clocks + (q3 << 2), clock, 3);
  return f32x4.mul(f32x4.add(margin, clock), f32x4.splat(ROUND_DOWN));
}

/**
 * Gaps of four samples in a row, as their margins are, and the shells of their clusters that they are in now. Those that do not
 * stay with their clusters are to be settled after it.
 * @param upper upper bounds of the distances to their centers
 */
@inline
export function keepInRow(state: KMeansState, sample: i32, margin: v128, upper: v128): void {
  const labels = state.labels + (<usize>sample << 1);
  const own0 = <usize>(load<u16>(labels) & ~3), own1 = <usize>(load<u16>(labels, 2) & ~3);
  const own2 = <usize>(load<u16>(labels, 4) & ~3), own3 = <usize>(load<u16>(labels, 6) & ~3);
  const passed = shellsPassed(state, own0, own1, own2, own3, upper);
  const q0 = own0 - i32x4.extract_lane(passed, 0), q1 = own1 - i32x4.extract_lane(passed, 1);
  const q2 = own2 - i32x4.extract_lane(passed, 2), q3 = own3 - i32x4.extract_lane(passed, 3);
  v128.store(state.gaps + (<usize>sample << 2), gapsOf(state, q0, q1, q2, q3, margin));
  store<u16>(labels, <u16>q0);
  store<u16>(labels, <u16>q1, 2);
  store<u16>(labels, <u16>q2, 4);
  store<u16>(labels, <u16>q3, 6);
}

/** Keeps the lanes that only fill the block after the last sample out of all passes. */
@inline
export function fillGaps(state: KMeansState, last: i32): void {
  for (let slot = last; slot & 7; slot++) store<f32>(state.gaps + (<usize>slot << 2), NEVER);
}

/** The label decided by the latest `placeLabel`. */
export let settledLabel: i32 = 0;

/**
 * Stores one sample's label and gap after its two nearest distances are known; where they are closer than rounding
 * allows to tell, decides in float64 first. Sums are left to the caller.
 * @param upper upper bound of the distance to the nearest center
 * @returns the label before; without meaning at first
 */
export function placeLabel(state: KMeansState, sample: i32, label: i32, margin: f32, upper: f32): i32 {
  if (!(margin > 0)) {
    label = decideExactly(state, sample);
    margin = <f32>((exactSecond - exactBest) * 0.9999999);
    upper = <f32>(exactBest * 1.000001);
  }
  settledLabel = label;
  const shell = shellOf(state, label, upper);
  store<f32>(
    state.gaps + (<usize>sample << 2), (margin + load<f32>(state.clocks + (<usize>shell << 2))) * ROUND_DOWN,
  );
  const previous = labelOf(state, sample);
  store<u16>(state.labels + (<usize>sample << 1), <u16>shell);
  return previous;
}

/**
 * As `placeLabel`, and brings the sums up to date.
 * @returns 1 when the label changed, else 0
 */
export function settle(state: KMeansState, sample: i32, label: i32, margin: f32, upper: f32): i32 {
  const previous = placeLabel(state, sample, label, margin, upper);
  if (previous == settledLabel) return 0;
  moveSample(state, sample, previous, settledLabel);
  return 1;
}

/**
 * First labels of 8 samples in a row, with margins above 0: before any movement clocks are 0, and all samples belong to
 * their clusters' last shells. Sums are left to the caller.
 */
@inline
export function startLabels(
  state: KMeansState, first: i32, index0: v128, index1: v128, margin0: v128, margin1: v128,
): void {
  const down = f32x4.splat(ROUND_DOWN);
  const gaps = state.gaps + (<usize>first << 2), labels = state.labels + (<usize>first << 1);
  v128.store(gaps, f32x4.mul(margin0, down));
  v128.store(gaps, f32x4.mul(margin1, down), 16);
  const indices = i16x8.narrow_i32x4_u(index0, index1);
  v128.store(labels, v128.or(i16x8.shl(indices, 2), i16x8.splat(3)));
}

/**
 * Settles 8 samples whose nearest center is the one they have, with margins above 0.
 * @param samples IN i32 [8]
 */
@inline
export function keepLabels(
  state: KMeansState, samples: usize, label: i32, margin0: v128, margin1: v128, upper0: v128, upper1: v128,
): void {
  const radii = state.radii + (<usize>label << 4);
  const r0 = v128.load32_splat(radii), r1 = v128.load32_splat(radii, 4), r2 = v128.load32_splat(radii, 8);
  const base = i32x4.splat(label << 2);
  // A comparison that holds is −1 in its lane.
  const shells0 = i32x4.sub(base, i32x4.add(f32x4.gt(upper0, r0), i32x4.add(f32x4.gt(upper0, r1), f32x4.gt(upper0, r2))));
  const shells1 = i32x4.sub(base, i32x4.add(f32x4.gt(upper1, r0), i32x4.add(f32x4.gt(upper1, r1), f32x4.gt(upper1, r2))));
  keepFour(state, samples, shells0, margin0);
  keepFour(state, samples + 16, shells1, margin1);
}

@inline
function keepFour(state: KMeansState, samples: usize, shells: v128, margin: v128): void {
  const q0 = <usize>i32x4.extract_lane(shells, 0), q1 = <usize>i32x4.extract_lane(shells, 1);
  const q2 = <usize>i32x4.extract_lane(shells, 2), q3 = <usize>i32x4.extract_lane(shells, 3);
  storeFour(state, samples, q0, q1, q2, q3, margin);
}

/** Stores labels of four samples, which are shells, and the gaps that their margins come to at the shells' clocks. */
@inline
export function storeFour(
  state: KMeansState, samples: usize, q0: usize, q1: usize, q2: usize, q3: usize, margin: v128,
): void {
  const gaps = state.gaps, labels = state.labels;
  const gap = gapsOf(state, q0, q1, q2, q3, margin);
  const i0 = <usize>load<i32>(samples), i1 = <usize>load<i32>(samples, 4);
  const i2 = <usize>load<i32>(samples, 8), i3 = <usize>load<i32>(samples, 12);
  v128.store32_lane(gaps + (i0 << 2), gap, 0);
  v128.store32_lane(gaps + (i1 << 2), gap, 1);
  v128.store32_lane(gaps + (i2 << 2), gap, 2);
  v128.store32_lane(gaps + (i3 << 2), gap, 3);
  store<u16>(labels + (i0 << 1), <u16>q0);
  store<u16>(labels + (i1 << 1), <u16>q1);
  store<u16>(labels + (i2 << 1), <u16>q2);
  store<u16>(labels + (i3 << 1), <u16>q3);
}
