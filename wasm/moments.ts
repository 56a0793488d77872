import { madd } from './simd';

/** Groups of rows, of each of four quarters, whose vectors are gone through side by side: so few stay in the first cache. */
const STRIP: i32 = 8;

/**
 * Column ranges of a row-major table, as few rows at a time as are whole vectors, four at most: lane l of vector v then always
 * belongs to column (4v + l) mod d, and no row needs a tail.
 *
 * @param values IN f32 [4 × groups × nFeatures]
 * @param minima INOUT f32 [4 × nFeatures] running minimum of each lane; lanes past those of so few rows stay as they are
 * @param maxima INOUT f32 [4 × nFeatures] running maximum of each lane, likewise
 * @returns 1 when every value is finite; 0 (the ranges may then be meaningless) when one may not be: past a quarter of what
 *   float32 holds some are taken for infinite
 * Cost: one read of the values.
 */
export function column_ranges_f32(values: usize, groups: i32, nFeatures: i32, minima: usize, maxima: usize): i32 {
  // As few rows together as are whole vectors.
  const halvings = min(2, ctz(nFeatures));
  const span = <usize>nFeatures << (4 - halvings), fours = span & ~63;
  const parts = groups << halvings;
  // Four quarters side by side: memory is read fastest in several places at once. Where they overlap, groups are seen twice.
  const quarter = parts >>> 2, each = parts - 3 * quarter, distance = <usize>quarter * span;
  let isFinite: i32 = 1;
  for (let group = 0; group < each; group += STRIP) {
    const strip = values + <usize>group * span, end = strip + <usize>min(STRIP, each - group) * span;
    for (let at: usize = 0; at < fours; at += 64) isFinite &= rangeFour(strip + at, end, span, distance, minima + at, maxima + at);
    for (let at = fours; at < span; at += 16) isFinite &= rangeOne(strip + at, end, span, distance, minima + at, maxima + at);
  }
  return isFinite;
}

/** Ranges of four vectors side by side in each group of four strips. @returns 1 when every value is finite, else 0 */
@inline
function rangeFour(first: usize, end: usize, span: usize, distance: usize, minima: usize, maxima: usize): i32 {
  let low0 = v128.load(minima), low1 = v128.load(minima, 16), low2 = v128.load(minima, 32), low3 = v128.load(minima, 48);
  let high0 = v128.load(maxima), high1 = v128.load(maxima, 16), high2 = v128.load(maxima, 32), high3 = v128.load(maxima, 48);
  const zero = f32x4.splat(0);
  let bad = zero;
  for (let group = first; group < end; group += span) {
    let at = group;
    for (let strip = 0; strip < 4; strip++) {
      const x0 = v128.load(at), x1 = v128.load(at, 16), x2 = v128.load(at, 32), x3 = v128.load(at, 48);
      low0 = f32x4.pmin(low0, x0);
      low1 = f32x4.pmin(low1, x1);
      low2 = f32x4.pmin(low2, x2);
      low3 = f32x4.pmin(low3, x3);
      high0 = f32x4.pmax(high0, x0);
      high1 = f32x4.pmax(high1, x1);
      high2 = f32x4.pmax(high2, x2);
      high3 = f32x4.pmax(high3, x3);
      // 0 × a finite sum is 0, and NaN where one of the four was NaN or infinity. One such sum leaves the registers to the ranges.
      bad = madd(f32x4.add(f32x4.add(x0, x1), f32x4.add(x2, x3)), zero, bad);
      at += distance;
    }
  }
  v128.store(minima, low0);
  v128.store(minima, low1, 16);
  v128.store(minima, low2, 32);
  v128.store(minima, low3, 48);
  v128.store(maxima, high0);
  v128.store(maxima, high1, 16);
  v128.store(maxima, high2, 32);
  v128.store(maxima, high3, 48);
  return i32(i32x4.all_true(f32x4.eq(bad, zero)));
}

/** As `rangeFour`, of one vector. */
@inline
function rangeOne(first: usize, end: usize, span: usize, distance: usize, minima: usize, maxima: usize): i32 {
  let low = v128.load(minima), high = v128.load(maxima);
  const zero = f32x4.splat(0);
  let bad = zero;
  for (let group = first; group < end; group += span) {
    let at = group;
    for (let strip = 0; strip < 4; strip++) {
      const x = v128.load(at);
      low = f32x4.pmin(low, x);
      high = f32x4.pmax(high, x);
      bad = madd(x, zero, bad);
      at += distance;
    }
  }
  v128.store(minima, low);
  v128.store(maxima, high);
  return i32(i32x4.all_true(f32x4.eq(bad, zero)));
}
