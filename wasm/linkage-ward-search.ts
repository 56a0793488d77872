import { madd } from './simd';
import { loadF32, loadI32, storeF32 } from './neighbors';
import { exactQuery, levelLanes, SLACK, WardState } from './linkage-ward';

/** Relative difference of costs below which rounding decides. */
const TIE: f64 = 1e-12;

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

/** Compares the query with the eight slots of a block; `skip` is a lane to leave out, or 8. */
function scanBlock(state: WardState, block: i32, skip: i32): void {
  const blockBytes = (<usize>state.nFeatures) << 5;
  let row = state.blocks + <usize>block * blockBytes;
  const end = row + blockBytes;
  let query = state.scratch;
  let first_f32x4 = f32x4.splat(-state.allowance);
  let second_f32x4 = first_f32x4;
  do {
    const query_f32x4 = v128.load32_splat(query);
    const a_f32x4 = f32x4.sub(v128.load(row), query_f32x4);
    first_f32x4 = madd(a_f32x4, a_f32x4, first_f32x4);
    const b_f32x4 = f32x4.sub(v128.load(row, 16), query_f32x4);
    second_f32x4 = madd(b_f32x4, b_f32x4, second_f32x4);
    row += 32;
    query += 4;
  } while (row < end);
  state.distances += 8;
  const size = state.sizes + ((<usize>block) << 5);
  const own_f32x4 = f32x4.splat(state.querySize);
  const sizeA_f32x4 = v128.load(size);
  const sizeB_f32x4 = v128.load(size, 16);
  first_f32x4 = f32x4.mul(
    first_f32x4,
    f32x4.div(f32x4.mul(sizeA_f32x4, own_f32x4), f32x4.add(sizeA_f32x4, own_f32x4)),
  );
  second_f32x4 = f32x4.mul(
    second_f32x4,
    f32x4.div(f32x4.mul(sizeB_f32x4, own_f32x4), f32x4.add(sizeB_f32x4, own_f32x4)),
  );
  const limit_f32x4 = f32x4.splat(state.limit);
  let lanes =
    i32x4.bitmask(f32x4.le(first_f32x4, limit_f32x4)) |
    (i32x4.bitmask(f32x4.le(second_f32x4, limit_f32x4)) << 4);
  lanes &= ~(1 << skip);
  for (; lanes != 0; lanes &= lanes - 1) consider(state, (block << 3) + ctz(lanes));
}

/** Lowest costs the eight boxes of a group may hold, written to `lanes`; bits of those that may beat the best. */
@inline
function testGroup(state: WardState, group: usize, lanes: usize): i32 {
  let box = state.boxes + group * ((<usize>state.nFeatures) << 6);
  const end = box + ((<usize>state.nFeatures) << 6);
  let query = state.scratch;
  let first_f32x4 = f32x4.splat(-state.allowance);
  let second_f32x4 = first_f32x4;
  const zero_f32x4 = f32x4.splat(0);
  do {
    const query_f32x4 = v128.load32_splat(query);
    const belowA_f32x4 = f32x4.sub(v128.load(box), query_f32x4);
    const aboveA_f32x4 = f32x4.sub(query_f32x4, v128.load(box, 32));
    const gapA_f32x4 = f32x4.pmax(zero_f32x4, f32x4.pmax(belowA_f32x4, aboveA_f32x4));
    first_f32x4 = madd(gapA_f32x4, gapA_f32x4, first_f32x4);
    const belowB_f32x4 = f32x4.sub(v128.load(box, 16), query_f32x4);
    const aboveB_f32x4 = f32x4.sub(query_f32x4, v128.load(box, 48));
    const gapB_f32x4 = f32x4.pmax(zero_f32x4, f32x4.pmax(belowB_f32x4, aboveB_f32x4));
    second_f32x4 = madd(gapB_f32x4, gapB_f32x4, second_f32x4);
    box += 64;
    query += 4;
  } while (box < end);
  const size = state.boxSizes + (group << 5);
  const own_f32x4 = f32x4.splat(state.querySize);
  const sizeA_f32x4 = v128.load(size);
  const sizeB_f32x4 = v128.load(size, 16);
  first_f32x4 = f32x4.mul(
    first_f32x4,
    f32x4.mul(own_f32x4, f32x4.div(sizeA_f32x4, f32x4.add(sizeA_f32x4, own_f32x4))),
  );
  second_f32x4 = f32x4.mul(
    second_f32x4,
    f32x4.mul(own_f32x4, f32x4.div(sizeB_f32x4, f32x4.add(sizeB_f32x4, own_f32x4))),
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
  for (; mask != 0; mask &= mask - 1) {
    const lane = ctz(mask);
    if (!(loadF32(lanes, lane) <= state.limit)) continue;
    const index = (group << 3) + lane;
    if (level == 0) scanBlock(state, index, 8);
    else searchGroup(state, level - 1, index, 8);
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
  let lane = state.blocks + (<usize>(slot >>> 3) * <usize>nFeatures << 5) + ((<usize>(slot & 7)) << 2);
  const sums = state.sums + (<usize>slot * <usize>nFeatures << 3);
  const exact = exactQuery(state);
  for (let j = 0; j < nFeatures; j++, lane += 32) {
    storeF32(state.scratch, j, load<f32>(lane));
    store<f64>(exact + ((<usize>j) << 3), load<f64>(sums + ((<usize>j) << 3)) * inverse);
  }
  state.querySize = size;
  state.best = previousCost;
  state.bestSlot = previous;
  state.bestName = -1;
  state.previous = previous;
  state.limit = <f32>min<f64>(previousCost * SLACK, <f64>f32.MAX_VALUE);
  let index = slot >>> 3;
  scanBlock(state, index, slot & 7);
  for (let level = 0; level < state.nLevels; level++, index >>>= 3) {
    searchGroup(state, level, index >>> 3, index & 7);
  }
}
