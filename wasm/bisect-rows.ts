import { firstTwo, lastTwo, sumOfLanes } from './simd';

/**
 * Adds rows to column sums, and stores each row's sum of squares and number.
 *
 * @param rows IN f32 [nRows][nFeatures]
 * @param sums INOUT f64 [nFeatures]
 * @param squares OUT f64 [nRows]
 * @param order OUT i32 [nRows] first, first + 1 …
 * @returns sum of the squares
 * Accumulation: float64. Cost: one read of the rows.
 */
export function row_squares_f32(
  rows: usize, nRows: i32, nFeatures: i32, sums: usize, squares: usize, order: usize, first: i32,
): f64 {
  const whole = <usize>(nFeatures & ~3) << 2;
  let at = rows;
  let total: f64 = 0;
  for (let row = 0; row < nRows; row++) {
    let sum = sums;
    const end = at + whole;
    let lanes = f64x2.splat(0);
    while (at < end) {
      const low = firstTwo(at), high = lastTwo(at);
      lanes = f64x2.add(lanes, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
      v128.store(sum, f64x2.add(v128.load(sum), low));
      v128.store(sum, f64x2.add(v128.load(sum, 16), high), 16);
      at += 16;
      sum += 32;
    }
    let square = sumOfLanes(lanes);
    for (let j = nFeatures & ~3; j < nFeatures; j++) {
      const x = <f64>load<f32>(at);
      square += x * x;
      store<f64>(sum, load<f64>(sum) + x);
      at += 4;
      sum += 8;
    }
    store<f64>(squares + (<usize>row << 3), square);
    store<i32>(order + (<usize>row << 2), first + row);
    total += square;
  }
  return total;
}

/**
 * Parts the rows of a node by their sides, both halves in their order, and the row numbers with them. The front may lie
 * over the rows themselves, as it never gets ahead of them.
 *
 * @param rows IN f32 [count][nFeatures]
 * @param order IN i32 [count] row numbers
 * @param sides IN u8 [⌈count / 4⌉] see `BisectState`
 * @param frontSide the side that goes to the front; the other goes to the back
 * @param frontRows,backRows OUT f32 [][nFeatures]
 * @param frontOrder,backOrder OUT i32 []
 * @returns rows that went to the front
 * Cost: one read and one write of the rows.
 */
export function part_rows_f32(
  rows: usize, order: usize, nFeatures: i32, count: i32, sides: usize, frontSide: i32, frontRows: usize,
  frontOrder: usize, backRows: usize, backOrder: usize,
): i32 {
  const rowBytes = <usize>nFeatures << 2;
  const whole = <usize>(nFeatures & ~3) << 2;
  let from = rows, front = frontRows, back = backRows, nFront = 0;
  for (let at = 0; at < count; at++) {
    const isFront = (((<i32>load<u8>(sides + <usize>(at >> 2)) >> (at & 3)) & 1) == frontSide);
    let to = isFront ? front : back;
    const number = isFront ? frontOrder + (<usize>nFront << 2) : backOrder + (<usize>(at - nFront) << 2);
    store<i32>(number, load<i32>(order + (<usize>at << 2)));
    const end = from + whole, next = from + rowBytes;
    for (; from < end; from += 16, to += 16) v128.store(to, v128.load(from));
    for (; from < next; from += 4, to += 4) store<f32>(to, load<f32>(from));
    const step = isFront ? rowBytes : 0;
    front += step;
    back += rowBytes - step;
    nFront += i32(isFront);
  }
  return nFront;
}

/**
 * Adds up the sums of squares of the rows on side 1.
 *
 * @param order IN i32 [count] row numbers
 * @param sides IN u8 [⌈count / 4⌉] see `BisectState`
 * @param squares IN f64 [] by row number
 * Accumulation: float64, in row order.
 */
export function side_squares_f64(order: usize, count: i32, sides: usize, squares: usize): f64 {
  let sum: f64 = 0;
  for (let at = 0; at < count; at++) {
    const side = (<i32>load<u8>(sides + <usize>(at >> 2)) >> (at & 3)) & 1;
    sum += load<f64>(squares + (<usize>load<i32>(order + (<usize>at << 2)) << 3)) * <f64>side;
  }
  return sum;
}

/**
 * Writes the labels of a split's rows.
 *
 * @param order IN i32 [count] row numbers
 * @param sides IN u8 [⌈count / 4⌉] see `BisectState`
 * @param label0,label1 of the two sides
 * @param labels OUT i32 [] by row number
 */
export function side_labels_i32(order: usize, count: i32, sides: usize, label0: i32, label1: i32, labels: usize): void {
  for (let at = 0; at < count; at++) {
    const side = (<i32>load<u8>(sides + <usize>(at >> 2)) >> (at & 3)) & 1;
    store<i32>(labels + (<usize>load<i32>(order + (<usize>at << 2)) << 2), side ? label1 : label0);
  }
}
