import { BisectState } from './bisect-state';
import { firstTwo, laneSums, lastTwo, madd } from './simd';

/**
 * Adds rows of a block to the sums of side 1, or takes them away: exactly, see `place_rows_f32`. Several at once wait for
 * the sums only once; what lies past a node's last row may not be numbers, so the last block goes row by row.
 */
@inline
function moveRows(state: BisectState, from: usize, joined: i32, left: i32, isWhole: bool): void {
  const rowBytes = <usize>state.nFeatures << 2;
  let moved = joined | left;
  if (!isWhole || popcnt(moved) == 1) {
    for (; moved; moved &= moved - 1) {
      const lane = ctz(moved);
      moveRow(state, from + <usize>lane * rowBytes, (joined >> lane) & 1 ? 1 : -1);
    }
    return;
  }
  const s0 = f64x2.splat(<f64>((joined & 1) - (left & 1)));
  const s1 = f64x2.splat(<f64>(((joined >> 1) & 1) - ((left >> 1) & 1)));
  const s2 = f64x2.splat(<f64>(((joined >> 2) & 1) - ((left >> 2) & 1)));
  const s3 = f64x2.splat(<f64>(((joined >> 3) & 1) - ((left >> 3) & 1)));
  let r0 = from, sum = state.sums;
  const end = r0 + (<usize>(state.nFeatures & ~3) << 2);
  while (r0 < end) {
    const r1 = r0 + rowBytes, r2 = r0 + 2 * rowBytes, r3 = r0 + 3 * rowBytes;
    const low01 = f64x2.add(f64x2.mul(s0, firstTwo(r0)), f64x2.mul(s1, firstTwo(r1)));
    const low23 = f64x2.add(f64x2.mul(s2, firstTwo(r2)), f64x2.mul(s3, firstTwo(r3)));
    const high01 = f64x2.add(f64x2.mul(s0, lastTwo(r0)), f64x2.mul(s1, lastTwo(r1)));
    const high23 = f64x2.add(f64x2.mul(s2, lastTwo(r2)), f64x2.mul(s3, lastTwo(r3)));
    v128.store(sum, f64x2.add(v128.load(sum), f64x2.add(low01, low23)));
    v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.add(high01, high23)), 16);
    r0 += 16;
    sum += 32;
  }
  for (let j = state.nFeatures & ~3; j < state.nFeatures; j++) {
    let value: f64 = 0, at = r0;
    for (let lane = 0; lane < 4; lane++, at += rowBytes) {
      value += <f64>load<f32>(at) * <f64>(((joined >> lane) & 1) - ((left >> lane) & 1));
    }
    store<f64>(sum, load<f64>(sum) + value);
    r0 += 4;
    sum += 8;
  }
}

function moveRow(state: BisectState, row: usize, sign: f64): void {
  const sign_f64x2 = f64x2.splat(sign);
  let at = row, sum = state.sums;
  const end = at + (<usize>(state.nFeatures & ~3) << 2);
  while (at < end) {
    v128.store(sum, f64x2.add(v128.load(sum), f64x2.mul(sign_f64x2, firstTwo(at))));
    v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.mul(sign_f64x2, lastTwo(at))), 16);
    at += 16;
    sum += 32;
  }
  for (let j = state.nFeatures & ~3; j < state.nFeatures; j++) {
    store<f64>(sum, load<f64>(sum) + sign * <f64>load<f32>(at));
    at += 4;
    sum += 8;
  }
}

/** Whether center 1 is nearer to a row than center 0, by squared distances in float64, feature by feature. */
function isNearerToSecond(state: BisectState, row: usize): bool {
  let square0: f64 = 0, square1: f64 = 0;
  let at = row, center = state.centers;
  const width = <usize>state.nFeatures << 3;
  for (let j = 0; j < state.nFeatures; j++) {
    const x = <f64>load<f32>(at);
    const t0 = x - load<f64>(center), t1 = x - load<f64>(center + width);
    square0 += t0 * t0;
    square1 += t1 * t1;
    at += 4;
    center += 8;
  }
  return square1 < square0;
}

/** Takes the sides of the 4 rows of a block from their margins. @returns rows that changed sides */
@inline
function settleBlock(state: BisectState, block: i32, margins: v128): i32 {
  const rowBytes = <usize>state.nFeatures << 2;
  const row = block << 2;
  const errors = f32x4.add(
    f32x4.mul(v128.load(state.radii + (<usize>row << 2)), f32x4.splat(state.errorPerRadius)), f32x4.splat(state.error),
  );
  const valid = (1 << min(4, state.nRows - row)) - 1;
  let side = i32x4.bitmask(f32x4.gt(margins, errors)) & valid;
  let unsure = i32x4.bitmask(f32x4.le(f32x4.abs(margins), errors)) & valid;
  while (unsure) {
    const lane = ctz(unsure);
    unsure &= unsure - 1;
    side |= i32(isNearerToSecond(state, state.rows + <usize>(row + lane) * rowBytes)) << lane;
  }
  const before = <i32>load<u8>(state.sides + <usize>block);
  const changed = side ^ before;
  if (!changed) return 0;
  store<u8>(state.sides + <usize>block, <u8>side);
  state.count += popcnt(side) - popcnt(before);
  moveRows(state, state.rows + <usize>row * rowBytes, changed & side, changed & before, row + 4 <= state.nRows);
  return popcnt(changed);
}

/** Margins of the 4 rows from address `r0` on. */
@inline
function blockMargins(state: BisectState, from: usize): v128 {
  const rowBytes = <usize>state.nFeatures << 2;
  let r0 = from, r1 = r0 + rowBytes, r2 = r1 + rowBytes, r3 = r2 + rowBytes;
  let origin = state.origin, direction = state.direction;
  const end = r0 + rowBytes;
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  // Lanes past the last feature hold values of the next row, or zeros: finite, and the direction is 0 there.
  do {
    const o = v128.load(origin), w = v128.load(direction);
    a0 = madd(f32x4.sub(v128.load(r0), o), w, a0);
    a1 = madd(f32x4.sub(v128.load(r1), o), w, a1);
    a2 = madd(f32x4.sub(v128.load(r2), o), w, a2);
    a3 = madd(f32x4.sub(v128.load(r3), o), w, a3);
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    origin += 16;
    direction += 16;
  } while (r0 < end);
  return f32x4.sub(laneSums(a0, a1, a2, a3), f32x4.splat(state.bias));
}

/** Blocks of a quarter of [first, last): read in four places at a time, rows come faster from memory than in one. */
@inline
function streamOf(first: i32, last: i32): i32 {
  return (last - first + 3) >>> 2;
}

/**
 * Decides the side of every row for the first time: as `bisect_pass_f32`, and measures the radii.
 * @param stateAddress a `BisectState` with sides, sums and count 0
 * Accumulation of a radius: float32.
 */
export function bisect_first_f32(stateAddress: usize, first: i32, last: i32): void {
  const state = changetype<BisectState>(stateAddress);
  const rowBytes = <usize>state.nFeatures << 2;
  const bias = f32x4.splat(state.bias);
  const stream = streamOf(first, last);
  for (let start = first, stop = first + stream; start < stop; start++)
  for (let block = start; block < last; block += stream) {
    let r0 = state.rows + (<usize>block << 2) * rowBytes;
    const end = r0 + rowBytes;
    let r1 = end, r2 = r1 + rowBytes, r3 = r2 + rowBytes;
    let origin = state.origin, direction = state.direction, lanes = state.lanes;
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, s0 = a0, s1 = a0, s2 = a0, s3 = a0;
    do {
      const o = v128.load(origin), w = v128.load(direction), inside = v128.load(lanes);
      const t0 = v128.and(f32x4.sub(v128.load(r0), o), inside), t1 = v128.and(f32x4.sub(v128.load(r1), o), inside);
      const t2 = v128.and(f32x4.sub(v128.load(r2), o), inside), t3 = v128.and(f32x4.sub(v128.load(r3), o), inside);
      a0 = madd(t0, w, a0);
      a1 = madd(t1, w, a1);
      a2 = madd(t2, w, a2);
      a3 = madd(t3, w, a3);
      s0 = madd(t0, t0, s0);
      s1 = madd(t1, t1, s1);
      s2 = madd(t2, t2, s2);
      s3 = madd(t3, t3, s3);
      r0 += 16;
      r1 += 16;
      r2 += 16;
      r3 += 16;
      origin += 16;
      direction += 16;
      lanes += 16;
    } while (r0 < end);
    const at = <usize>block << 4;
    const margins = f32x4.sub(laneSums(a0, a1, a2, a3), bias);
    v128.store(state.radii + at, f32x4.sqrt(laneSums(s0, s1, s2, s3)));
    v128.store(state.margins + at, margins);
    settleBlock(state, block, margins);
  }
}

/**
 * Decides the side of every row of blocks [first, last) and stores the margins.
 * Ties: side 0, decided in float64. Cost: one read of the rows; one multiply-add per feature.
 * @param stateAddress a `BisectState`
 * @returns rows that changed sides
 */
export function bisect_pass_f32(stateAddress: usize, first: i32, last: i32): i32 {
  const state = changetype<BisectState>(stateAddress);
  const blockBytes = <usize>state.nFeatures << 4;
  let changed = 0;
  const stream = streamOf(first, last);
  for (let start = first, stop = first + stream; start < stop; start++)
  for (let block = start; block < last; block += stream) {
    const margins = blockMargins(state, state.rows + <usize>block * blockBytes);
    v128.store(state.margins + (<usize>block << 4), margins);
    changed += settleBlock(state, block, margins);
  }
  return changed;
}

/**
 * Decides again the sides of the rows whose stored margin the plane's movement since may have turned; the others are
 * still right. Stored margins stay as they are.
 * Cost: one read of margins and radii, plus the blocks looked at.
 * @param stateAddress a `BisectState`
 * @returns rows that changed sides
 */
export function bisect_scan_f32(stateAddress: usize, first: i32, last: i32): i32 {
  const state = changetype<BisectState>(stateAddress);
  const blockBytes = <usize>state.nFeatures << 4;
  let changed = 0;
  const perRadius = f32x4.splat(state.driftPerRadius), drift = f32x4.splat(state.drift);
  for (let block = first; block < last; block++) {
    const at = <usize>block << 4;
    const bounds = f32x4.add(f32x4.mul(v128.load(state.radii + at), perRadius), drift);
    if (!v128.any_true(f32x4.le(f32x4.abs(v128.load(state.margins + at)), bounds))) continue;
    changed += settleBlock(state, block, blockMargins(state, state.rows + <usize>block * blockBytes));
  }
  return changed;
}
