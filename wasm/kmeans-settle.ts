import { KMeansState, addSample, clockOf, decideExactly, exactBest, exactSecond, moveSample } from './kmeans-state';

/**
 * Lower bounds are stored rounded down: this part of (bound + clock) covers the roundings of both and of the clock they
 * are compared with later.
 */
export const ROUND_DOWN: f32 = 0.9999995;

/**
 * Stores one sample's label and gap after its two nearest distances are known; where they are closer than rounding
 * allows to tell, decides in float64 first. The label decided is in `settledLabel`.
 * @returns 1 when the label changed or is the first, else 0
 */
export function settle(state: KMeansState, sample: i32, label: i32, margin: f32, isFirst: bool): i32 {
  if (!(margin > 0)) {
    label = decideExactly(state, sample);
    margin = <f32>((exactSecond - exactBest) * 0.9999999);
  }
  settledLabel = label;
  store<f32>(state.gaps + (<usize>sample << 2), (margin + clockOf(state, label)) * ROUND_DOWN);
  const at = state.labels + (<usize>sample << 1);
  const previous = <i32>load<u16>(at);
  if (isFirst) {
    store<u16>(at, <u16>label);
    addSample(state, sample, label);
    return 1;
  }
  if (previous == label) return 0;
  store<u16>(at, <u16>label);
  moveSample(state, sample, previous, label);
  return 1;
}
export let settledLabel: i32 = 0;

/**
 * Settles 8 samples whose nearest center is the one they have, with margins above 0.
 * @param samples IN i32 [8]
 */
@inline
export function keepLabels(state: KMeansState, samples: usize, label: i32, margin0: v128, margin1: v128): void {
  const clock = f32x4.splat(clockOf(state, label)), down = f32x4.splat(ROUND_DOWN);
  const gap0 = f32x4.mul(f32x4.add(margin0, clock), down), gap1 = f32x4.mul(f32x4.add(margin1, clock), down);
  const gaps = state.gaps;
  v128.store32_lane(gaps + (<usize>load<i32>(samples) << 2), gap0, 0);
  v128.store32_lane(gaps + (<usize>load<i32>(samples, 4) << 2), gap0, 1);
  v128.store32_lane(gaps + (<usize>load<i32>(samples, 8) << 2), gap0, 2);
  v128.store32_lane(gaps + (<usize>load<i32>(samples, 12) << 2), gap0, 3);
  v128.store32_lane(gaps + (<usize>load<i32>(samples, 16) << 2), gap1, 0);
  v128.store32_lane(gaps + (<usize>load<i32>(samples, 20) << 2), gap1, 1);
  v128.store32_lane(gaps + (<usize>load<i32>(samples, 24) << 2), gap1, 2);
  v128.store32_lane(gaps + (<usize>load<i32>(samples, 28) << 2), gap1, 3);
}
