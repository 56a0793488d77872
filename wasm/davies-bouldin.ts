import { firstTwo, laneSums, lastTwo, madd } from './simd';

/**
 * Sum and count of each cluster's rows.
 *
 * @param rows IN f32 [nRows][nFeatures]
 * @param labels IN i32 [nRows]
 * @param sums INOUT f64 [k][nFeatures]
 * @param counts INOUT i32 [k]
 * @returns rows taken: nRows, or fewer where the next row's label is not from 0 to k − 1
 * Accumulation: float64, in row order. Cost: one read of the rows.
 */
export function cluster_sums_f32(
  rows: usize, nRows: i32, nFeatures: i32, labels: usize, nClusters: i32, sums: usize, counts: usize,
): i32 {
  const whole = nFeatures & ~3;
  let at = rows;
  for (let row = 0; row < nRows; row++) {
    const label = load<i32>(labels + (<usize>row << 2));
    if (<u32>label >= <u32>nClusters) return row;
    const count = counts + (<usize>label << 2);
    store<i32>(count, load<i32>(count) + 1);
    let sum = sums + (<usize>(label * nFeatures) << 3);
    const end = at + (<usize>whole << 2);
    while (at < end) {
      v128.store(sum, f64x2.add(v128.load(sum), firstTwo(at)));
      v128.store(sum, f64x2.add(v128.load(sum, 16), lastTwo(at)), 16);
      at += 16;
      sum += 32;
    }
    for (let j = whole; j < nFeatures; j++) {
      store<f64>(sum, load<f64>(sum) + <f64>load<f32>(at));
      at += 4;
      sum += 8;
    }
  }
  return nRows;
}

/**
 * Sum of distances from each cluster's rows to its center. Rows and centers are both moved by `offset` first, so that
 * columns far from 0 keep their digits. Four rows at a time, one of each quarter of the rows, which memory serves faster than
 * one place; each quarter adds to a sum of its own of the cluster, so that no addition waits for the one before it.
 *
 * @param rows IN f32 [nRows][nFeatures]; up to three rows and 12 bytes past them are read, whatever they hold
 * @param labels IN i32 [nRows rounded up to 4] clusters; those past the last row do not count
 * @param offset IN f32 [nFeatures rounded up to 4] zeros at the end
 * @param centers IN f32 [k][nFeatures rounded up to 4] center − offset, zeros at the end
 * @param lanes IN [nFeatures rounded up to 4] all ones for a feature, 0 past the last
 * @param spread INOUT f64 [k][4]
 * Accumulation: distances float32, their sums float64 in the order of each quarter. Cost: one read of the rows.
 */
export function cluster_spread_f32(
  rows: usize, nRows: i32, nFeatures: i32, labels: usize, offset: usize, centers: usize, lanes: usize, spread: usize,
): void {
  const rowBytes = <usize>nFeatures << 2, wholeBytes = rowBytes & ~15;
  const centerBytes = (rowBytes + 15) & ~15;
  let r0 = rows;
  const quarter = (nRows + 3) >>> 2, stride = <usize>quarter << 2, apart = <usize>quarter * rowBytes;
  for (let row = 0; row < quarter; row++) {
    const label = labels + (<usize>row << 2);
    const l0 = <usize>load<i32>(label), l1 = <usize>load<i32>(label + stride);
    const l2 = <usize>load<i32>(label + 2 * stride), l3 = <usize>load<i32>(label + 3 * stride);
    let c0 = centers + l0 * centerBytes, c1 = centers + l1 * centerBytes;
    let c2 = centers + l2 * centerBytes, c3 = centers + l3 * centerBytes;
    const end = r0 + wholeBytes;
    let r1 = r0 + apart, r2 = r1 + apart, r3 = r2 + apart, move = offset;
    const next = r0 + rowBytes;
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
    while (r0 < end) {
      const o = v128.load(move);
      const t0 = f32x4.sub(f32x4.sub(v128.load(r0), o), v128.load(c0));
      const t1 = f32x4.sub(f32x4.sub(v128.load(r1), o), v128.load(c1));
      const t2 = f32x4.sub(f32x4.sub(v128.load(r2), o), v128.load(c2));
      const t3 = f32x4.sub(f32x4.sub(v128.load(r3), o), v128.load(c3));
      a0 = madd(t0, t0, a0);
      a1 = madd(t1, t1, a1);
      a2 = madd(t2, t2, a2);
      a3 = madd(t3, t3, a3);
      r0 += 16;
      r1 += 16;
      r2 += 16;
      r3 += 16;
      c0 += 16;
      c1 += 16;
      c2 += 16;
      c3 += 16;
      move += 16;
    }
    if (wholeBytes < rowBytes) {
      const o = v128.load(move), inside = v128.load(lanes + wholeBytes);
      const t0 = v128.and(f32x4.sub(f32x4.sub(v128.load(r0), o), v128.load(c0)), inside);
      const t1 = v128.and(f32x4.sub(f32x4.sub(v128.load(r1), o), v128.load(c1)), inside);
      const t2 = v128.and(f32x4.sub(f32x4.sub(v128.load(r2), o), v128.load(c2)), inside);
      const t3 = v128.and(f32x4.sub(f32x4.sub(v128.load(r3), o), v128.load(c3)), inside);
      a0 = madd(t0, t0, a0);
      a1 = madd(t1, t1, a1);
      a2 = madd(t2, t2, a2);
      a3 = madd(t3, t3, a3);
    }
    r0 = next;
    const distances = f32x4.sqrt(laneSums(a0, a1, a2, a3));
    add(spread + (l0 << 5), f32x4.extract_lane(distances, 0));
    if (row + quarter < nRows) add(spread + (l1 << 5) + 8, f32x4.extract_lane(distances, 1));
    if (row + 2 * quarter < nRows) add(spread + (l2 << 5) + 16, f32x4.extract_lane(distances, 2));
    if (row + 3 * quarter < nRows) add(spread + (l3 << 5) + 24, f32x4.extract_lane(distances, 3));
  }
}

@inline
function add(sum: usize, value: f32): void {
  store<f64>(sum, load<f64>(sum) + <f64>value);
}
