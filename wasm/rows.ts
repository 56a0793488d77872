import { addSquares, firstTwo, lastTwo, sumOfLanes } from './simd';

/**
 * Brings rows onto the kernels' axes: (x − offset) × scale, rounded to a multiple of the column's grid g
 * through `shift` = 1.5 × 2²³ × g; values from `limit` on are multiples of g / 2 already. With every value such a
 * multiple and n × max|x| ≤ 2⁵³ × g / 2, float64 sums of any of them are exact in any order: labels and centers cannot
 * depend on blocks, threads or the order of updates.
 *
 * Works on four rows at a time: four rows of d values are d whole vectors, and lane l of vector v always belongs to
 * column (4v + l) mod d.
 *
 * @param values IN f32 [4 × groups][nFeatures]
 * @param rows OUT f32 [4 × groups][nFeatures]; may be `values`
 * @param columns IN f32 [3][4 × nFeatures] offset, shift and limit of each lane
 * @param scale a power of two
 * @param rewrites false where the values lie in `rows`, all offsets are 0 and the scale is 1: all that changes are values
 *   below their limit
 * Cost: one read of the values, and a write of what changes: most tables change in few places, and memory takes longer to
 * write than to read.
 */
export function place_rows_f32(
  values: usize, rows: usize, groups: i32, nFeatures: i32, columns: usize, scale: f32, rewrites: bool,
): void {
  const span = <usize>nFeatures << 4, end = columns + span;
  const scales = f32x4.splat(scale), zero = f32x4.splat(0);
  // Four groups far apart at a time: memory is read fastest in several places at once.
  const distance = <usize>(groups >>> 2) * span;
  const stop = rows + distance;
  let from = values, to = rows;
  while (to < stop) {
    for (let column = columns; column < end; column += 16) {
      const second = from + distance, third = second + distance, fourth = third + distance;
      const x0 = v128.load(from), x1 = v128.load(second), x2 = v128.load(third), x3 = v128.load(fourth);
      const limit = v128.load(column + 2 * span);
      if (
        rewrites || v128.any_true(v128.or(
          v128.or(isOffGrid(x0, limit, zero), isOffGrid(x1, limit, zero)),
          v128.or(isOffGrid(x2, limit, zero), isOffGrid(x3, limit, zero)),
        ))
      ) {
        const offset = v128.load(column), shift = v128.load(column + span);
        const toSecond = to + distance, toThird = toSecond + distance;
        v128.store(to, place(x0, offset, scales, shift, limit));
        v128.store(toSecond, place(x1, offset, scales, shift, limit));
        v128.store(toThird, place(x2, offset, scales, shift, limit));
        v128.store(toThird + distance, place(x3, offset, scales, shift, limit));
      }
      from += 16;
      to += 16;
    }
  }
  from += 3 * distance;
  to += 3 * distance;
  for (let rest = groups & 3; rest > 0; rest--) {
    for (let column = columns; column < end; column += 16) {
      v128.store(to, place(v128.load(from), v128.load(column), scales, v128.load(column + span), v128.load(column + 2 * span)));
      from += 16;
      to += 16;
    }
  }
}

/** Whether values may lie between multiples of their column's grid. */
@inline
function isOffGrid(values: v128, limit: v128, zero: v128): v128 {
  return v128.and(f32x4.lt(f32x4.abs(values), limit), f32x4.ne(values, zero));
}

/** Four values on the kernels' axes. Where they are on the grid already, nothing is added and taken away. */
@inline
function place(values: v128, offset: v128, scales: v128, shift: v128, limit: v128): v128 {
  const moved = f32x4.mul(f32x4.sub(values, offset), scales);
  const added = v128.and(shift, f32x4.lt(f32x4.abs(moved), limit));
  return f32x4.sub(f32x4.add(moved, added), added);
}

/** Sum of squares of some values in a row, in float64. */
@inline
export function squares_f64(from: usize, count: i32): f64 {
  const whole = from + (<usize>(count & ~7) << 2), end = from + (<usize>count << 2);
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let at = from;
  for (; at < whole; at += 32) {
    s0 = addSquares(firstTwo(at), s0);
    s1 = addSquares(lastTwo(at), s1);
    s2 = addSquares(firstTwo(at + 16), s2);
    s3 = addSquares(lastTwo(at + 16), s3);
  }
  const sum = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let squares = sumOfLanes(sum);
  for (; at < end; at += 4) squares += <f64>load<f32>(at) * <f64>load<f32>(at);
  return squares;
}

/**
 * Copies some rows, in the order given.
 *
 * @param rows IN f32 [][nFeatures]
 * @param samples IN i32 [count] row numbers
 * @param target OUT f32 [count][nFeatures]
 * Cost: one read and one write of these rows.
 */
export function take_rows_f32(rows: usize, nFeatures: i32, samples: usize, count: i32, target: usize): void {
  const rowBytes = <usize>nFeatures << 2, whole = rowBytes & ~15;
  let to = target;
  for (let at: i32 = 0; at < count; at++) {
    let from = rows + <usize>load<i32>(samples + (<usize>at << 2)) * rowBytes;
    const end = from + whole, next = from + rowBytes;
    for (; from < end; from += 16, to += 16) v128.store(to, v128.load(from));
    for (; from < next; from += 4, to += 4) store<f32>(to, load<f32>(from));
  }
}

/**
 * Transposes 8 rows to `tile[j][8]`, so that a vector operation serves 4 of them. Reads and writes whole vectors: up to
 * 12 bytes past a row, and nFeatures rounded up to 4 tile rows.
 *
 * @param rows IN f32 [][nFeatures], with 12 readable bytes after the last row
 * @param samples IN i32 [8] row numbers
 */
@inline
export function loadTile(rows: usize, nFeatures: i32, samples: usize, tile: usize): void {
  const rowBytes = <usize>nFeatures << 2;
  for (let half: usize = 0; half < 32; half += 16) {
    const r0 = rows + <usize>load<i32>(samples + half) * rowBytes;
    const r1 = rows + <usize>load<i32>(samples + half, 4) * rowBytes;
    const r2 = rows + <usize>load<i32>(samples + half, 8) * rowBytes;
    const r3 = rows + <usize>load<i32>(samples + half, 12) * rowBytes;
    loadHalf(r0, r1, r2, r3, rowBytes, tile + half);
  }
}

/** As `loadTile`, of 8 rows in a row. */
@inline
export function loadBlock(row: usize, nFeatures: i32, tile: usize): void {
  const rowBytes = <usize>nFeatures << 2;
  loadHalf(row, row + rowBytes, row + 2 * rowBytes, row + 3 * rowBytes, rowBytes, tile);
  const fifth = row + 4 * rowBytes;
  loadHalf(fifth, fifth + rowBytes, fifth + 2 * rowBytes, fifth + 3 * rowBytes, rowBytes, tile + 16);
}

@inline
function loadHalf(first: usize, second: usize, third: usize, fourth: usize, rowBytes: usize, half: usize): void {
  let r0 = first, r1 = second, r2 = third, r3 = fourth, target = half;
  const end = r0 + rowBytes;
  do {
    const x0 = v128.load(r0), x1 = v128.load(r1), x2 = v128.load(r2), x3 = v128.load(r3);
    const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
    v128.store(target, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    v128.store(target, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
    v128.store(target, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
    v128.store(target, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    target += 128;
  } while (r0 < end);
}

/**
 * Loads from every cache line of a range, so that it is at hand later: in four places at a time, which memory serves faster
 * than one. The result keeps the loads from being dropped.
 */
@inline
export function touch(from: usize, bytes: usize): i32 {
  const end = from + bytes - 4, quarter = (bytes >>> 2) & ~63;
  let sum = load<i32>(end), line = from;
  for (const stop = from + quarter; line < stop; line += 64) {
    sum += load<i32>(line) + load<i32>(line + quarter) + load<i32>(line + 2 * quarter) + load<i32>(line + 3 * quarter);
  }
  for (line += 3 * quarter; line < end; line += 64) sum += load<i32>(line);
  return sum;
}

/**
 * The way back: writes 8 tile columns to rows whose length is a multiple of 4.
 * @param rows OUT f32 [][nFeatures]
 * @param samples IN i32 [8] row numbers; a row named twice gets equal columns twice
 */
@inline
export function storeTile(rows: usize, nFeatures: i32, samples: usize, tile: usize): void {
  const rowBytes = <usize>nFeatures << 2;
  for (let half: usize = 0; half < 32; half += 16) {
    let r0 = rows + <usize>load<i32>(samples + half) * rowBytes;
    let r1 = rows + <usize>load<i32>(samples + half, 4) * rowBytes;
    let r2 = rows + <usize>load<i32>(samples + half, 8) * rowBytes;
    let r3 = rows + <usize>load<i32>(samples + half, 12) * rowBytes;
    let source = tile + half;
    const end = r0 + rowBytes;
    do {
      const c0 = v128.load(source), c1 = v128.load(source, 32), c2 = v128.load(source, 64), c3 = v128.load(source, 96);
      const low01 = v128.shuffle<f32>(c0, c1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(c0, c1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(c2, c3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(c2, c3, 2, 6, 3, 7);
      v128.store(r0, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(r1, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
      v128.store(r2, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
      v128.store(r3, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
      r0 += 16;
      r1 += 16;
      r2 += 16;
      r3 += 16;
      source += 128;
    } while (r0 < end);
  }
}

/**
 * Gathers rows into blocks of 8: `blocks[b][j][8]`.
 * @param samples IN i32 [nBlocks × 8] row numbers
 * @param blocks OUT f32 [nBlocks][nFeatures][8], with room for 3 more features after the last block
 * Cost: one read of the rows, one write of the blocks.
 */
export function pack_blocks_f32(rows: usize, nFeatures: i32, samples: usize, nBlocks: i32, blocks: usize): void {
  for (let block = 0; block < nBlocks; block++) {
    loadTile(rows, nFeatures, samples + (<usize>block << 5), blocks + <usize>block * (<usize>nFeatures << 5));
  }
}
