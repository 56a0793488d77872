import { select } from './simd';

/**
 * Moves one vector onto the kernels' axis: (x − offset) × scale, then onto the column's grid. Values from
 * `gridLimit` on are multiples of the grid already.
 */
@inline
function place(x: v128, offset: v128, scale: v128, gridShift: v128, gridLimit: v128): v128 {
  const moved = f32x4.mul(f32x4.sub(x, offset), scale);
  const snapped = f32x4.sub(f32x4.add(moved, gridShift), gridShift);
  return select(snapped, moved, f32x4.lt(f32x4.abs(moved), gridLimit));
}

/** Adds the squares of four lanes to two float64 sums. */
@inline
function addSquares(sum: v128, x: v128): v128 {
  const low = f64x2.promote_low_f32x4(x), high = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
  return f64x2.add(sum, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
}

/**
 * Rows to blocks of 8 samples: block b holds feature j of samples 8b … 8b+7 in 8 successive floats
 * (`packed[b][j][8]`), so that one vector operation serves 4 samples and no kernel needs a horizontal sum.
 *
 * Each value becomes (x − offset[j]) × scale, rounded to a multiple of the column's grid g[j] through
 * `gridShift` = 1.5 × 2²³ × g. With every value such a multiple and n × max|x| < 2⁵³ × g, float64 sums of any of
 * them are exact in any order: labels and centers cannot depend on blocks, threads or the order of updates.
 *
 * @param rows IN f32 [nRows][nFeatures]
 * @param nRows rows in this call; only the last call of a table may have a count that is no multiple of 8, and the
 *   missing lanes of its last block are zero
 * @param packed OUT f32 [⌈nRows / 8⌉][nFeatures][8]
 * @param column IN f32 [3][width]: offset, gridShift, gridLimit, each row padded to `width` (a multiple of 4) lanes
 * @returns sum of squares of the packed values, in float64
 * Cost: one read of the rows, one write of the blocks.
 */
export function pack_f32(
  rows: usize, nRows: i32, nFeatures: i32, packed: usize, column: usize, width: i32, scale: f32,
): f64 {
  const rowBytes = <usize>nFeatures << 2;
  const blockBytes = <usize>nFeatures << 5;
  const whole = nFeatures & ~3;
  const shifts = column + (<usize>width << 2);
  const limits = shifts + (<usize>width << 2);
  const scale_f32x4 = f32x4.splat(scale);
  let squares = f64x2.splat(0);
  let first = 0;
  for (; first + 8 <= nRows; first += 8) {
    const block = packed + <usize>(first >>> 3) * blockBytes;
    for (let half = 0; half < 2; half++) {
      let row = rows + <usize>(first + (half << 2)) * rowBytes;
      let target = block + (<usize>half << 4);
      let at: usize = 0;
      for (let j = 0; j < whole; j += 4) {
        const offset = v128.load(column + at), shift = v128.load(shifts + at), limit = v128.load(limits + at);
        const x0 = place(v128.load(row), offset, scale_f32x4, shift, limit);
        const x1 = place(v128.load(row + rowBytes), offset, scale_f32x4, shift, limit);
        const x2 = place(v128.load(row + 2 * rowBytes), offset, scale_f32x4, shift, limit);
        const x3 = place(v128.load(row + 3 * rowBytes), offset, scale_f32x4, shift, limit);
        squares = addSquares(squares, x0);
        squares = addSquares(squares, x1);
        squares = addSquares(squares, x2);
        squares = addSquares(squares, x3);
        const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
        const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
        v128.store(target, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
        v128.store(target, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
        v128.store(target, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
        v128.store(target, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
        row += 16;
        at += 16;
        target += 128;
      }
      for (let j = whole; j < nFeatures; j++) {
        let x = f32x4.splat(load<f32>(row));
        x = f32x4.replace_lane(x, 1, load<f32>(row + rowBytes));
        x = f32x4.replace_lane(x, 2, load<f32>(row + 2 * rowBytes));
        x = f32x4.replace_lane(x, 3, load<f32>(row + 3 * rowBytes));
        x = place(x, v128.load32_splat(column + at), scale_f32x4, v128.load32_splat(shifts + at), v128.load32_splat(limits + at));
        squares = addSquares(squares, x);
        v128.store(target, x);
        row += 4;
        at += 4;
        target += 32;
      }
    }
  }
  let sum = f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1);
  if (first < nRows) sum += packTail(rows, first, nRows, nFeatures, packed, column, shifts, limits, scale);
  return sum;
}

function packTail(
  rows: usize, first: i32, nRows: i32, nFeatures: i32, packed: usize,
  offsets: usize, shifts: usize, limits: usize, scale: f32,
): f64 {
  const block = packed + <usize>(first >>> 3) * (<usize>nFeatures << 5);
  let sum: f64 = 0;
  for (let lane = 0; lane < 8; lane++) {
    for (let j = 0; j < nFeatures; j++) {
      let value: f32 = 0;
      if (first + lane < nRows) {
        const at = <usize>j << 2;
        const x = load<f32>(rows + (<usize>(first + lane) * <usize>nFeatures << 2) + at);
        const shift = load<f32>(shifts + at);
        value = (x - load<f32>(offsets + at)) * scale;
        if (abs(value) < load<f32>(limits + at)) value = value + shift - shift;
        sum += <f64>value * <f64>value;
      }
      store<f32>(block + (<usize>j << 5) + (<usize>lane << 2), value);
    }
  }
  return sum;
}
