import { madd } from './simd';
import { loadF32, loadI32, storeF32 } from './neighbors';
import { exactQuery, laneAt, levelLanes, SLACK, WardState } from './linkage-ward';

/** Relative difference of costs below which rounding decides. */
const TIE: f64 = 1e-12;

/** More than any cost of rows of unit size, and small enough that dead lanes, at infinity, stay beyond it. */
const MAX_COST: f64 = 1e30;

/** Float64 cost of merging the query with a slot: nₐ n_b / (nₐ + n_b) × squared distance of the centroids. */
function exactCost(state: WardState, slot: i32): f64 {
  const nFeatures = state.nFeatures;
  const size = <f64>loadF32(state.sizes, slot);
  const inverse = 1 / size;
  let sum = state.sums + (<usize>slot * <usize>nFeatures << 3);
  let query = exactQuery(state);
  let squared: f64 = 0;
  for (let j = 0; j < nFeatures; j++) {
    const difference = load<f64>(query) - load<f64>(sum) * inverse;
    squared += difference * difference;
    query += 8;
    sum += 8;
  }
  const querySize = <f64>state.querySize;
  return ((querySize * size) / (querySize + size)) * squared;
}

/** Takes a slot if its exact cost is lower, or equal with a lower name; the previous one of the chain wins ties. */
function consider(state: WardState, slot: i32): void {
  const cost = exactCost(state, slot);
  if (cost > 0 && slot != state.bestSlot && abs(cost - state.best) <= cost * TIE) state.ties += 1;
  if (cost > state.best) return;
  const name = loadI32(state.names, slot);
  if (cost == state.best && (state.bestSlot == state.previous || name > state.bestName)) return;
  state.best = cost;
  state.bestSlot = slot;
  state.bestName = name;
  state.limit = <f32>(cost * SLACK);
}

/** Adds the squared differences along one axis, `at` axes further, for the first or second four lanes. */
@inline
function addAxis(sum_f32x4: v128, row: usize, at: usize, query_f32x4: v128): v128 {
  const difference_f32x4 = f32x4.sub(v128.load(row + at), query_f32x4);
  return madd(difference_f32x4, difference_f32x4, sum_f32x4);
}

/** Compares the query with the blocks of a group named by `mask`; `skip` is a slot to leave out, or −1. */
function scanBlocks(state: WardState, group: i32, mask: i32, lanes: usize, skip: i32): void {
  const blockBytes = (<usize>state.nAxes) << 5;
  const own_f32x4 = f32x4.splat(state.queryInverse);
  const allowance_f32x4 = f32x4.splat(state.allowance);
  let limit = state.limit;
  let scanned = 0;
  for (; mask != 0; mask &= mask - 1) {
    const child = ctz(mask);
    if (lanes != 0 && !(loadF32(lanes, child) <= limit)) continue;
    const block = (group << 3) + child;
    let row = state.blocks + <usize>block * blockBytes;
    const end = row + blockBytes;
    let query = state.scratch;
    let a_f32x4 = f32x4.splat(0);
    let b_f32x4 = a_f32x4;
    let c_f32x4 = a_f32x4;
    let d_f32x4 = a_f32x4;
    // Four axes a round: V8 does not unroll loops, and its loop has a cost of its own.
    do {
      const first_f32x4 = v128.load32_splat(query);
      a_f32x4 = addAxis(a_f32x4, row, 0, first_f32x4);
      b_f32x4 = addAxis(b_f32x4, row, 16, first_f32x4);
      const second_f32x4 = v128.load32_splat(query, 4);
      c_f32x4 = addAxis(c_f32x4, row, 32, second_f32x4);
      d_f32x4 = addAxis(d_f32x4, row, 48, second_f32x4);
      const third_f32x4 = v128.load32_splat(query, 8);
      a_f32x4 = addAxis(a_f32x4, row, 64, third_f32x4);
      b_f32x4 = addAxis(b_f32x4, row, 80, third_f32x4);
      const fourth_f32x4 = v128.load32_splat(query, 12);
      c_f32x4 = addAxis(c_f32x4, row, 96, fourth_f32x4);
      d_f32x4 = addAxis(d_f32x4, row, 112, fourth_f32x4);
      row += 128;
      query += 16;
    } while (row < end);
    scanned += 8;
    const inverse = state.inverses + ((<usize>block) << 5);
    const limit_f32x4 = f32x4.splat(limit);
    const most_f32x4 = madd(limit_f32x4, f32x4.add(v128.load(inverse), own_f32x4), allowance_f32x4);
    const next_f32x4 = madd(limit_f32x4, f32x4.add(v128.load(inverse, 16), own_f32x4), allowance_f32x4);
    const near_f32x4 = f32x4.le(f32x4.add(a_f32x4, c_f32x4), most_f32x4);
    const nearNext_f32x4 = f32x4.le(f32x4.add(b_f32x4, d_f32x4), next_f32x4);
    if (!v128.any_true(v128.or(near_f32x4, nearNext_f32x4))) continue;
    let found = i32x4.bitmask(near_f32x4) | (i32x4.bitmask(nearNext_f32x4) << 4);
    for (; found != 0; found &= found - 1) {
      const slot = (block << 3) + ctz(found);
      if (slot != skip) consider(state, slot);
    }
    limit = state.limit;
  }
  state.distances += <f64>scanned;
}

/** Adds the squared gap between the query and four boxes along one axis. */
@inline
function addGap(sum_f32x4: v128, box: usize, at: usize, query_f32x4: v128, zero_f32x4: v128): v128 {
  const below_f32x4 = f32x4.sub(v128.load(box + at), query_f32x4);
  const above_f32x4 = f32x4.sub(query_f32x4, v128.load(box + at, 32));
  const gap_f32x4 = f32x4.pmax(zero_f32x4, f32x4.pmax(below_f32x4, above_f32x4));
  return madd(gap_f32x4, gap_f32x4, sum_f32x4);
}

/** Lowest costs the eight boxes of a group may hold, written to `lanes`; bits of those that may beat the best. */
@inline
function testGroup(state: WardState, group: usize, lanes: usize): i32 {
  let box = state.boxes + group * ((<usize>state.nBoxAxes) << 6);
  const end = box + ((<usize>state.nBoxAxes) << 6);
  let query = state.scratch;
  const zero_f32x4 = f32x4.splat(0);
  let first_f32x4 = zero_f32x4;
  let second_f32x4 = zero_f32x4;
  do {
    const a_f32x4 = v128.load32_splat(query);
    first_f32x4 = addGap(first_f32x4, box, 0, a_f32x4, zero_f32x4);
    second_f32x4 = addGap(second_f32x4, box, 16, a_f32x4, zero_f32x4);
    const b_f32x4 = v128.load32_splat(query, 4);
    first_f32x4 = addGap(first_f32x4, box, 64, b_f32x4, zero_f32x4);
    second_f32x4 = addGap(second_f32x4, box, 80, b_f32x4, zero_f32x4);
    box += 128;
    query += 8;
  } while (box < end);
  const inverse = state.boxInverses + (group << 5);
  const own_f32x4 = f32x4.splat(state.queryInverse);
  const allowance_f32x4 = f32x4.splat(state.allowance);
  // Cost ≥ (squared distance − allowance) / (1/nₐ + 1/n_b).
  first_f32x4 = f32x4.div(
    f32x4.sub(first_f32x4, allowance_f32x4),
    f32x4.add(v128.load(inverse), own_f32x4),
  );
  second_f32x4 = f32x4.div(
    f32x4.sub(second_f32x4, allowance_f32x4),
    f32x4.add(v128.load(inverse, 16), own_f32x4),
  );
  v128.store(lanes, first_f32x4);
  v128.store(lanes, second_f32x4, 16);
  const limit_f32x4 = f32x4.splat(state.limit);
  return (
    i32x4.bitmask(f32x4.le(first_f32x4, limit_f32x4)) |
    (i32x4.bitmask(f32x4.le(second_f32x4, limit_f32x4)) << 4)
  );
}

/** Searches the boxes of a group that may hold something better; `skip` is a box searched before, or 8. */
function searchGroup(state: WardState, level: i32, group: i32, skip: i32): void {
  const lanes = levelLanes(state, level);
  let mask = testGroup(state, <usize>(loadI32(state.levels, level) + group), lanes) & ~(1 << skip);
  if (level == 0) {
    scanBlocks(state, group, mask, lanes, -1);
    return;
  }
  for (; mask != 0; mask &= mask - 1) {
    const lane = ctz(mask);
    if (loadF32(lanes, lane) <= state.limit) searchGroup(state, level - 1, (group << 3) + lane, 8);
  }
}

/**
 * Finds the cluster whose merge with `slot` costs least, starting near it and climbing. `previous` (or −1) is the one
 * before it on the chain, at cost `previousCost`; it wins a tie. The result is in `best` and `bestSlot`.
 */
export function searchNearest(state: WardState, slot: i32, previous: i32, previousCost: f64): void {
  const nFeatures = state.nFeatures;
  const size = loadF32(state.sizes, slot);
  const inverse = 1 / <f64>size;
  const sums = state.sums + ((<usize>slot * <usize>nFeatures) << 3);
  const exact = exactQuery(state);
  for (let j = 0; j < nFeatures; j++) {
    store<f64>(exact + ((<usize>j) << 3), load<f64>(sums + ((<usize>j) << 3)) * inverse);
  }
  let lane = laneAt(state, slot);
  for (let axis = 0; axis < state.nAxes; axis++, lane += 32) storeF32(state.scratch, axis, load<f32>(lane));
  state.querySize = size;
  state.queryInverse = <f32>inverse;
  state.best = previousCost;
  state.bestSlot = previous;
  state.bestName = -1;
  state.previous = previous;
  state.limit = <f32>min<f64>(previousCost * SLACK, MAX_COST);
  let index = slot >>> 3;
  scanBlocks(state, index >>> 3, 1 << (index & 7), 0, slot);
  for (let level = 0; level < state.nLevels; level++, index >>>= 3) {
    searchGroup(state, level, index >>> 3, index & 7);
  }
}
