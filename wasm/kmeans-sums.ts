import { KMeansState, labelOf, rowAddress } from './kmeans-state';
import { firstTwo, lastTwo } from './simd';

/** Samples of a cluster that are added to its sum at once. */
const AT_ONCE = 8;

/** Bytes of one cluster's sums. */
@inline
export function sumsStride(state: KMeansState): usize {
  return <usize>((state.nFeatures + 3) & ~3) << 3;
}

/**
 * Adds samples [first, last), at most as many as the list holds, to the sums and counts of their clusters. Sorted by
 * cluster first: rows that are added in registers leave the sum to be read and written once for 8, and none of the loops
 * hangs on which cluster a sample has. Samples of a cluster keep their order, on which weighted sums hang.
 */
export function addSamples(state: KMeansState, first: i32, last: i32): void {
  const ends = state.queueLengths, list = state.list, nClusters = state.nClusters;
  for (let sample = first; sample < last; sample++) {
    const count = ends + (<usize>labelOf(state, sample) << 2);
    store<i32>(count, load<i32>(count) + 1);
  }
  let total: i32 = 0;
  for (let label = 0; label < nClusters; label++) {
    const start = ends + (<usize>label << 2), count = load<i32>(start);
    store<i32>(start, total);
    total += count;
  }
  for (let sample = first; sample < last; sample++) {
    const end = ends + (<usize>labelOf(state, sample) << 2), at = load<i32>(end);
    store<i32>(list + (<usize>at << 2), sample);
    store<i32>(end, at + 1);
  }
  let at = list;
  for (let label = 0; label < nClusters; label++) {
    const end = ends + (<usize>label << 2), stop = list + (<usize>load<i32>(end) << 2);
    if (!state.weights) for (; at + 4 * AT_ONCE <= stop; at += 4 * AT_ONCE) addEight(state, at, label);
    for (; at < stop; at += 4) addSample(state, load<i32>(at), label);
    store<i32>(end, 0);
  }
}

/** Adds a sample to its cluster's sum, count and weight. Sums are exact where every sample weighs 1. */
function addSample(state: KMeansState, sample: i32, label: i32): void {
  const weight = f64x2.splat(countChange(state, sample, label, 1));
  let at = rowAddress(state, sample);
  let sum = state.sums + <usize>label * sumsStride(state);
  const end = at + (<usize>state.nFeatures << 2);
  do {
    v128.store(sum, f64x2.add(v128.load(sum), f64x2.mul(firstTwo(at), weight)));
    v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.mul(lastTwo(at), weight)), 16);
    at += 16;
    sum += 32;
  } while (at < end);
}

/** Adds 8 samples of a cluster, each of weight 1. */
function addEight(state: KMeansState, samples: usize, label: i32): void {
  const count = state.counts + (<usize>label << 2);
  store<i32>(count, load<i32>(count) + AT_ONCE);
  let r0 = rowAddress(state, load<i32>(samples)), r1 = rowAddress(state, load<i32>(samples, 4));
  let r2 = rowAddress(state, load<i32>(samples, 8)), r3 = rowAddress(state, load<i32>(samples, 12));
  let r4 = rowAddress(state, load<i32>(samples, 16)), r5 = rowAddress(state, load<i32>(samples, 20));
  let r6 = rowAddress(state, load<i32>(samples, 24)), r7 = rowAddress(state, load<i32>(samples, 28));
  let sum = state.sums + <usize>label * sumsStride(state);
  const end = sum + (<usize>state.nFeatures << 3);
  do {
    const low03 = f64x2.add(f64x2.add(firstTwo(r0), firstTwo(r1)), f64x2.add(firstTwo(r2), firstTwo(r3)));
    const low47 = f64x2.add(f64x2.add(firstTwo(r4), firstTwo(r5)), f64x2.add(firstTwo(r6), firstTwo(r7)));
    const high03 = f64x2.add(f64x2.add(lastTwo(r0), lastTwo(r1)), f64x2.add(lastTwo(r2), lastTwo(r3)));
    const high47 = f64x2.add(f64x2.add(lastTwo(r4), lastTwo(r5)), f64x2.add(lastTwo(r6), lastTwo(r7)));
    v128.store(sum, f64x2.add(v128.load(sum), f64x2.add(low03, low47)));
    v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.add(high03, high47)), 16);
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    r4 += 16;
    r5 += 16;
    r6 += 16;
    r7 += 16;
    sum += 32;
  } while (sum < end);
}

/** Moves a sample from one cluster's sum, count and weight to another's. The sums' padding takes up what follows the row. */
export function moveSample(state: KMeansState, sample: i32, from: i32, to: i32): void {
  countChange(state, sample, from, -1);
  const weight = f64x2.splat(countChange(state, sample, to, 1));
  let at = rowAddress(state, sample);
  let source = state.sums + <usize>from * sumsStride(state), target = state.sums + <usize>to * sumsStride(state);
  const end = at + (<usize>state.nFeatures << 2);
  do {
    const low = f64x2.mul(firstTwo(at), weight);
    const high = f64x2.mul(lastTwo(at), weight);
    v128.store(source, f64x2.sub(v128.load(source), low));
    v128.store(source, f64x2.sub(v128.load(source, 16), high), 16);
    v128.store(target, f64x2.add(v128.load(target), low));
    v128.store(target, f64x2.add(v128.load(target, 16), high), 16);
    at += 16;
    source += 32;
    target += 32;
  } while (at < end);
}

/** As `moveSample`, for a sample that lies in lane `lane` of a tile. */
export function moveLane(state: KMeansState, sample: i32, tile: usize, lane: i32, from: i32, to: i32): void {
  countChange(state, sample, from, -1);
  const weight = countChange(state, sample, to, 1);
  let source = state.sums + <usize>from * sumsStride(state), target = state.sums + <usize>to * sumsStride(state);
  const end = tile + (<usize>state.nFeatures << 5);
  for (let at = tile + (<usize>lane << 2); at < end; at += 32) {
    const x = <f64>load<f32>(at) * weight;
    store<f64>(source, load<f64>(source) - x);
    store<f64>(target, load<f64>(target) + x);
    source += 8;
    target += 8;
  }
}

/** Count and weight of a cluster. @returns the sample's weight */
@inline
function countChange(state: KMeansState, sample: i32, label: i32, sign: i32): f64 {
  const count = state.counts + (<usize>label << 2);
  store<i32>(count, load<i32>(count) + sign);
  if (!state.weights) return 1;
  const weight = load<f64>(state.weights + (<usize>sample << 3));
  const total = state.weightSums + (<usize>label << 3);
  store<f64>(total, load<f64>(total) + <f64>sign * weight);
  return weight;
}
