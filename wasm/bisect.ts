import { BisectState, rowSums } from './bisect-state';
import { madd } from './simd';

/** Adds a row to the sums of side 1, or takes it away. Exact: see `place_rows_f32`. */
@inline
function moveRow(state: BisectState, row: usize, sign: f64): void {
  const whole = state.nFeatures & ~3;
  const sign_f64x2 = f64x2.splat(sign);
  let at = row, sum = state.sums;
  const end = at + (<usize>whole << 2);
  while (at < end) {
    const x = v128.load(at);
    const low = f64x2.mul(sign_f64x2, f64x2.promote_low_f32x4(x));
    const high = f64x2.mul(sign_f64x2, f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3)));
    v128.store(sum, f64x2.add(v128.load(sum), low));
    v128.store(sum, f64x2.add(v128.load(sum, 16), high), 16);
    at += 16;
    sum += 32;
  }
  for (let j = whole; j < state.nFeatures; j++) {
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
  let changed = side ^ before;
  if (!changed) return 0;
  const count = popcnt(changed);
  store<u8>(state.sides + <usize>block, <u8>side);
  state.count += popcnt(side) - popcnt(before);
  while (changed) {
    const lane = ctz(changed);
    changed &= changed - 1;
    moveRow(state, state.rows + <usize>(row + lane) * rowBytes, (side >> lane) & 1 ? 1 : -1);
  }
  return count;
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
  return f32x4.sub(rowSums(a0, a1, a2, a3), f32x4.splat(state.bias));
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
  for (let block = first; block < last; block++) {
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
  let changed = 0, opened = 0;
  const perRadius = f32x4.splat(state.driftPerRadius), drift = f32x4.splat(state.drift);
  for (let block = first; block < last; block++) {
    const at = <usize>block << 4;
    const bounds = f32x4.add(f32x4.mul(v128.load(state.radii + at), perRadius), drift);
    if (!v128.any_true(f32x4.le(f32x4.abs(v128.load(state.margins + at)), bounds))) continue;
    opened++;
    changed += settleBlock(state, block, blockMargins(state, state.rows + <usize>block * blockBytes));
  }
  state.opened += opened;
  return changed;
}
