import { madd } from './simd';

/**
 * Sum and count of each cluster's rows.
 *
 * @param rows IN f32 [nRows][nFeatures]
 * @param labels IN i32 [nRows], 0 … k − 1
 * @param sums INOUT f64 [k][nFeatures]
 * @param counts INOUT i32 [k]
 * Accumulation: float64, in row order. Cost: one read of the rows.
 */
export function cluster_sums_f32(
  rows: usize, nRows: i32, nFeatures: i32, labels: usize, sums: usize, counts: usize,
): void {
  const whole = nFeatures & ~3;
  let at = rows;
  for (let row = 0; row < nRows; row++) {
    const label = load<i32>(labels + (<usize>row << 2));
    const count = counts + (<usize>label << 2);
    store<i32>(count, load<i32>(count) + 1);
    let sum = sums + (<usize>(label * nFeatures) << 3);
    const end = at + (<usize>whole << 2);
    while (at < end) {
      const x = v128.load(at);
      v128.store(sum, f64x2.add(v128.load(sum), f64x2.promote_low_f32x4(x)));
      const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
      v128.store(sum, f64x2.add(v128.load(sum, 16), high), 16);
      at += 16;
      sum += 32;
    }
    for (let j = whole; j < nFeatures; j++) {
      store<f64>(sum, load<f64>(sum) + <f64>load<f32>(at));
      at += 4;
      sum += 8;
    }
  }
}

/**
 * Sum of distances from each cluster's rows to its center. Rows and centers are both moved by `offset` first, so that
 * columns far from 0 keep their digits.
 *
 * @param rows IN f32 [nRows][nFeatures]
 * @param labels IN i32 [nRows]
 * @param offset IN f32 [nFeatures]
 * @param centers IN f32 [k][nFeatures] center − offset
 * @param spread INOUT f64 [k]
 * Accumulation: distances float32, their sum float64 in row order. Cost: one read of the rows.
 */
export function cluster_spread_f32(
  rows: usize, nRows: i32, nFeatures: i32, labels: usize, offset: usize, centers: usize, spread: usize,
): void {
  const whole = nFeatures & ~3;
  const rowBytes = <usize>nFeatures << 2;
  let at = rows;
  for (let row = 0; row < nRows; row++) {
    const label = load<i32>(labels + (<usize>row << 2));
    let center = centers + <usize>label * rowBytes, move = offset;
    const end = at + (<usize>whole << 2);
    let squares = f32x4.splat(0);
    while (at < end) {
      const t = f32x4.sub(f32x4.sub(v128.load(at), v128.load(move)), v128.load(center));
      squares = madd(t, t, squares);
      at += 16;
      center += 16;
      move += 16;
    }
    squares = f32x4.add(squares, v128.shuffle<f32>(squares, squares, 2, 3, 0, 1));
    let sum = f32x4.extract_lane(squares, 0) + f32x4.extract_lane(squares, 1);
    for (let j = whole; j < nFeatures; j++) {
      const t = load<f32>(at) - load<f32>(move) - load<f32>(center);
      sum += t * t;
      at += 4;
      center += 4;
      move += 4;
    }
    const total = spread + (<usize>label << 3);
    store<f64>(total, load<f64>(total) + <f64>sqrt(sum));
  }
}
