import { rowSums } from './bisect-state';
import { madd } from './simd';

/**
 * Copies chosen rows one after another, whole vectors at a time: up to 12 bytes are read past a row and written past the
 * last one.
 *
 * @param rows IN f32 [][nFeatures], with 12 readable bytes after the last row
 * @param samples IN i32 [count] row numbers
 * @param target OUT f32 [count][nFeatures], with 12 writable bytes after the last row
 * Cost: one read and one write of the chosen rows.
 */
export function gather_rows_f32(rows: usize, nFeatures: i32, samples: usize, count: i32, target: usize): void {
  const rowBytes = <usize>nFeatures << 2;
  const end = samples + (<usize>count << 2);
  let to = target;
  for (let sample = samples; sample < end; sample += 4) {
    let from = rows + <usize>load<i32>(sample) * rowBytes;
    const next = to + rowBytes;
    for (; to < next; to += 16, from += 16) v128.store(to, v128.load(from));
    to = next;
  }
}

/**
 * Distance of rows from an origin, four rows to a block.
 *
 * @param rows IN f32 [4 × nBlocks][nFeatures], with 12 readable bytes after the last row
 * @param origin IN f32 [nFeatures rounded up to 4]
 * @param lanes IN [nFeatures rounded up to 4] all ones for a feature, 0 past the last
 * @param radii OUT f32 [4 × nBlocks]
 * Accumulation: float32. Cost: one read of the rows.
 */
export function row_radii_f32(
  rows: usize, nBlocks: i32, nFeatures: i32, origin: usize, lanes: usize, radii: usize,
): void {
  const rowBytes = <usize>nFeatures << 2;
  let r0 = rows;
  for (let block = 0; block < nBlocks; block++) {
    const end = r0 + rowBytes;
    let r1 = end, r2 = r1 + rowBytes, r3 = r2 + rowBytes, o = origin, mask = lanes;
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
    do {
      const center = v128.load(o), inside = v128.load(mask);
      const t0 = v128.and(f32x4.sub(v128.load(r0), center), inside);
      const t1 = v128.and(f32x4.sub(v128.load(r1), center), inside);
      const t2 = v128.and(f32x4.sub(v128.load(r2), center), inside);
      const t3 = v128.and(f32x4.sub(v128.load(r3), center), inside);
      a0 = madd(t0, t0, a0);
      a1 = madd(t1, t1, a1);
      a2 = madd(t2, t2, a2);
      a3 = madd(t3, t3, a3);
      r0 += 16;
      r1 += 16;
      r2 += 16;
      r3 += 16;
      o += 16;
      mask += 16;
    } while (r0 < end);
    v128.store(radii + (<usize>block << 4), f32x4.sqrt(rowSums(a0, a1, a2, a3)));
    r0 = end + 3 * rowBytes;
  }
}

/**
 * Adds rows to column sums, and stores each row's sum of squares.
 *
 * @param rows IN f32 [nRows][nFeatures]
 * @param sums INOUT f64 [nFeatures]
 * @param squares OUT f64 [nRows]
 * Accumulation: float64. Cost: one read of the rows.
 */
export function row_squares_f32(rows: usize, nRows: i32, nFeatures: i32, sums: usize, squares: usize): void {
  const whole = <usize>(nFeatures & ~3) << 2;
  let at = rows;
  for (let row = 0; row < nRows; row++) {
    let sum = sums;
    const end = at + whole;
    let lanes = f64x2.splat(0);
    while (at < end) {
      const x = v128.load(at);
      const low = f64x2.promote_low_f32x4(x), high = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
      lanes = f64x2.add(lanes, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
      v128.store(sum, f64x2.add(v128.load(sum), low));
      v128.store(sum, f64x2.add(v128.load(sum, 16), high), 16);
      at += 16;
      sum += 32;
    }
    let square = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);
    for (let j = nFeatures & ~3; j < nFeatures; j++) {
      const x = <f64>load<f32>(at);
      square += x * x;
      store<f64>(sum, load<f64>(sum) + x);
      at += 4;
      sum += 8;
    }
    store<f64>(squares + (<usize>row << 3), square);
  }
}

/**
 * Deals the row numbers of a node to its two halves, in their order, and adds up the rows' sums of squares.
 *
 * @param samples IN i32 [count] row numbers
 * @param sides IN u8 [⌈count / 4⌉] see `BisectState`
 * @param squares IN f64 [] by row number
 * @param half0,half1 OUT i32 [size + 1] row numbers of sides 0 and 1, each with a slot to spare
 * @param sums INOUT f64 [2] sums of squares, added up in row order
 * @returns rows dealt to side 1
 * Cost: one read of row numbers and squares.
 */
export function bisect_deal(
  samples: usize, count: i32, sides: usize, squares: usize, half0: usize, half1: usize, sums: usize,
): i32 {
  let to0 = half0, to1 = half1;
  let sum0 = load<f64>(sums), sum1 = load<f64>(sums, 8);
  for (let at = 0; at < count; at++) {
    const row = load<i32>(samples + (<usize>at << 2));
    const side = (<usize>load<u8>(sides + <usize>(at >> 2)) >> (at & 3)) & 1;
    store<i32>(to0, row);
    store<i32>(to1, row);
    to0 += (1 - side) << 2;
    to1 += side << 2;
    const square = load<f64>(squares + (<usize>row << 3));
    sum0 += square * <f64>(1 - side);
    sum1 += square * <f64>side;
  }
  store<f64>(sums, sum0);
  store<f64>(sums, sum1, 8);
  return <i32>((to1 - half1) >> 2);
}
