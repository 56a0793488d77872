import { best0, best1, index0, index1, nearestOfBlock, second0, second1 } from './kmeans-nearest';
import { ROUND_DOWN, placeLabel, settledLabel } from './kmeans-settle';
import { touchSamples } from './kmeans-queue';
import { KMeansState, openGroup } from './kmeans-state';
import { moveSample } from './kmeans-sums';
import { upperBound } from './kmeans-tile';
import { loadTile } from './rows';

/** Samples that may wait in a state's list; decided as soon as fewer than 8 more fit. */
export const LIST_LENGTH: i32 = 1024;
/** All rows are read where at least one in so many is listed. */
const STREAM_SPAN: i32 = 10;

/** Puts those of 8 samples in a row whose bits are set at the end of the list; without a branch per sample. */
@inline
export function listStale(state: KMeansState, sample: i32, stale: i32, length: i32): i32 {
  state.staleSamples += popcnt(stale);
  return listSamples(state, sample, stale, length);
}

/** As `listStale`, for samples that are to be decided for another reason than their gaps. */
@inline
export function listSamples(state: KMeansState, sample: i32, lanes: i32, length: i32): i32 {
  const list = state.list;
  for (let lane = 0; lane < 8; lane++) {
    store<i32>(list + (<usize>length << 2), sample + lane);
    length += lanes & 1;
    lanes >>>= 1;
  }
  return length;
}

/** Whether the list has room for `count` more. */
@inline
export function hasRoom(length: i32, count: i32): bool {
  return length + count <= LIST_LENGTH;
}

/** Labels that the latest `settleList` changed. */
export let listChanged: i32 = 0;

/**
 * Decides all samples listed, in tiles of 8 of whatever clusters; the last few come to the front of the list and wait for
 * more unless `all` are wanted.
 * @returns samples that still wait in the list
 */
export function settleList(state: KMeansState, length: i32, all: bool): i32 {
  const list = state.list, end = all ? length : length & ~7;
  const isStreamed = length > 0 && length * STREAM_SPAN >= load<i32>(list + (<usize>(length - 1) << 2)) + 1 - load<i32>(list);
  if (!isStreamed) touchListed(state, length);
  let changed = 0, next = load<i32>(list);
  for (let at = 0; at < end; at += 8) {
    const samples = list + (<usize>at << 2), count = min(8, length - at);
    if (isStreamed) {
      const last = load<i32>(samples + (<usize>(count - 1) << 2));
      state.touched = touchSamples(state, next, last + 1 - next);
      next = last + 1;
    }
    changed += settleMixed(state, samples, count);
  }
  listChanged = changed;
  for (let at = end; at < length; at++) store<i32>(list + (<usize>(at - end) << 2), load<i32>(list + (<usize>at << 2)));
  return length - end;
}

/**
 * Loads ahead the rows of all samples listed, one right after the other: the processor fetches many from
 * memory at a time, which it cannot while it decides them. Where many rows in a row are listed, all of them are read as they
 * are decided, those in between too: memory is read fastest without gaps.
 */
function touchListed(state: KMeansState, length: i32): void {
  let touched: i32 = 0;
  for (let at: usize = 0; at < <usize>length << 2; at += 4) touched += touchSamples(state, load<i32>(state.list + at), 1);
  state.touched = touched;
}

/** Labels of four samples. */
@inline
function labelsOf(state: KMeansState, samples: usize): v128 {
  const labels = state.labels;
  let values = i32x4.splat(load<u16>(labels + (<usize>load<i32>(samples) << 1)));
  values = i32x4.replace_lane(values, 1, load<u16>(labels + (<usize>load<i32>(samples, 4) << 1)));
  values = i32x4.replace_lane(values, 2, load<u16>(labels + (<usize>load<i32>(samples, 8) << 1)));
  return i32x4.replace_lane(values, 3, load<u16>(labels + (<usize>load<i32>(samples, 12) << 1)));
}

/** Stores the gaps of four samples that stay with their clusters, and which of the cluster's shells they are in now. */
@inline
function keepFour(state: KMeansState, samples: usize, own: v128, margin: v128, upper: v128): void {
  const radii = state.radii, clocks = state.clocks, gaps = state.gaps, labels = state.labels;
  // Rows of four radii, of which the first three count, become columns.
  const r0 = v128.load(radii + (<usize>i32x4.extract_lane(own, 0) << 4));
  const r1 = v128.load(radii + (<usize>i32x4.extract_lane(own, 1) << 4));
  const r2 = v128.load(radii + (<usize>i32x4.extract_lane(own, 2) << 4));
  const r3 = v128.load(radii + (<usize>i32x4.extract_lane(own, 3) << 4));
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  const first = f32x4.gt(upper, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  const second = f32x4.gt(upper, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  const third = f32x4.gt(upper, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  // A comparison that holds is −1 in its lane.
  const shells = i32x4.sub(i32x4.shl(own, 2), i32x4.add(first, i32x4.add(second, third)));
  const q0 = i32x4.extract_lane(shells, 0), q1 = i32x4.extract_lane(shells, 1);
  const q2 = i32x4.extract_lane(shells, 2), q3 = i32x4.extract_lane(shells, 3);
  let clock = v128.load32_zero(clocks + (<usize>q0 << 2));
  clock = v128.load_lane<f32>(clocks + (<usize>q1 << 2), clock, 1);
  clock = v128.load_lane<f32>(clocks + (<usize>q2 << 2), clock, 2);
  clock = v128.load_lane<f32>(clocks + (<usize>q3 << 2), clock, 3);
  const gap = f32x4.mul(f32x4.add(margin, clock), f32x4.splat(ROUND_DOWN));
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

/**
 * Labels and gaps of up to 8 samples of any clusters, by the distances to all centers.
 * @param samples INOUT i32 [8]; entries from `count` on are filled up
 * @returns labels changed
 */
function settleMixed(state: KMeansState, samples: usize, count: i32): i32 {
  for (let lane = count; lane < 8; lane++) store<i32>(samples + (<usize>lane << 2), load<i32>(samples));
  state.decisions++;
  const nFeatures = state.nFeatures, tile = state.tile;
  loadTile(state.rows, nFeatures, samples, tile);
  state.tiles += nearestOfBlock(tile, nFeatures, state.centersBy4, state.nGroups, 0, 0);
  const upper0 = upperBound(state, best0), upper1 = upperBound(state, best1);
  const down = f32x4.splat(1 - state.relativeError), zero = f32x4.splat(0);
  const margin0 = f32x4.sub(f32x4.mul(f32x4.sqrt(second0), down), upper0);
  const margin1 = f32x4.sub(f32x4.mul(f32x4.sqrt(second1), down), upper1);
  const own0 = i32x4.shr_u(labelsOf(state, samples), 2), own1 = i32x4.shr_u(labelsOf(state, samples + 16), 2);
  const nearest0 = index0, nearest1 = index1;
  const kept0 = v128.and(f32x4.gt(margin0, zero), i32x4.eq(nearest0, own0));
  const kept1 = v128.and(f32x4.gt(margin1, zero), i32x4.eq(nearest1, own1));
  // Also those that do not stay: what they are given is overwritten below.
  keepFour(state, samples, own0, margin0, upper0);
  keepFour(state, samples + 16, own1, margin1, upper1);
  if (i32x4.all_true(v128.and(kept0, kept1))) return 0;
  const scratch = state.squares;
  v128.store(scratch, margin0);
  v128.store(scratch, margin1, 16);
  v128.store(scratch, upper0, 32);
  v128.store(scratch, upper1, 48);
  v128.store(scratch, nearest0, 64);
  v128.store(scratch, nearest1, 80);
  let others = (0xff >> (8 - count)) & ~(i32x4.bitmask(kept0) | (i32x4.bitmask(kept1) << 4));
  let changed = 0;
  while (others) {
    const lane = ctz(others);
    others &= others - 1;
    const at = scratch + (<usize>lane << 2);
    const sample = load<i32>(samples + (<usize>lane << 2));
    const own = placeLabel(state, sample, load<i32>(at, 64), load<f32>(at), load<f32>(at, 32));
    if (settledLabel == own) continue;
    moveSample(state, sample, own, settledLabel);
    // The center left behind becomes one of the others: its group's bound no longer holds.
    if (state.bounds) openGroup(state, sample, own >>> 2);
    changed++;
  }
  return changed;
}
