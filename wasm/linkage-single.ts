import { loadI32, storeI32 } from './neighbors';

/**
 * One step of Prim's minimum spanning tree over all rows (Prim 1957), the edges of which are single linkage. Distances
 * are computed as they are needed, in float64, and ties go to the lowest row: SciPy's arithmetic and order.
 * Rows outside the tree lie in blocks of four: feature j of block b at rows + (b × nFeatures + j) × 32.
 */

/**
 * Brings the row `from` into the tree and finds the row nearest to it: repeated `steps` times.
 * @param rows IN f64 blocks of the nOutside rows; padding lanes hold infinity
 * @param nearest INOUT f64 [4 × blocks]: squared distance to the tree; infinite at first, and in padding lanes
 * @param names IN i32 [4 × blocks]: the caller's row of each lane, −1 where it is in the tree
 * @param query INOUT f64 [nFeatures]: the row last brought in
 * @param last the row last brought in
 * @param pairs OUT i32 [2 × steps] @param squared OUT f64 [steps]
 * @returns the row last brought in
 */
export function spanning_tree_grow(
  rows: usize,
  nBlocks: i32,
  nFeatures: i32,
  nearest: usize,
  names: usize,
  query: usize,
  last: i32,
  steps: i32,
  pairs: usize,
  squared: usize,
): i32 {
  const blockBytes = (<usize>nFeatures) << 5;
  for (let step = 0; step < steps; step++) {
    let best: f64 = Infinity;
    let bestLane = -1;
    for (let block = 0; block < nBlocks; block++) {
      let row = rows + <usize>block * blockBytes;
      const end = row + blockBytes;
      let from = query;
      let first_f64x2 = f64x2.splat(0);
      let second_f64x2 = first_f64x2;
      for (; row < end; row += 32, from += 8) {
        const value_f64x2 = v128.load64_splat(from);
        const a_f64x2 = f64x2.sub(v128.load(row), value_f64x2);
        first_f64x2 = f64x2.add(first_f64x2, f64x2.mul(a_f64x2, a_f64x2));
        const b_f64x2 = f64x2.sub(v128.load(row, 16), value_f64x2);
        second_f64x2 = f64x2.add(second_f64x2, f64x2.mul(b_f64x2, b_f64x2));
      }
      const known = nearest + ((<usize>block) << 5);
      first_f64x2 = f64x2.pmin(v128.load(known), first_f64x2);
      second_f64x2 = f64x2.pmin(v128.load(known, 16), second_f64x2);
      v128.store(known, first_f64x2);
      v128.store(known, second_f64x2, 16);
      const best_f64x2 = f64x2.splat(best);
      let lanes =
        i64x2.bitmask(f64x2.lt(first_f64x2, best_f64x2)) |
        (i64x2.bitmask(f64x2.lt(second_f64x2, best_f64x2)) << 2);
      for (; lanes != 0; lanes &= lanes - 1) {
        const lane = (block << 2) + ctz(lanes);
        const value = load<f64>(nearest + ((<usize>lane) << 3));
        if (value >= best) continue;
        best = value;
        bestLane = lane;
      }
    }
    const name = loadI32(names, bestLane);
    storeI32(pairs, step << 1, last);
    storeI32(pairs, (step << 1) + 1, name);
    store<f64>(squared + ((<usize>step) << 3), best);
    last = name;
    // The row leaves the outside: infinity in all its places, so that no later step takes it.
    let lane = rows + <usize>(bestLane >>> 2) * blockBytes + ((<usize>(bestLane & 3)) << 3);
    for (let j = 0; j < nFeatures; j++, lane += 32) {
      store<f64>(query + ((<usize>j) << 3), load<f64>(lane));
      store<f64>(lane, Infinity);
    }
    store<f64>(nearest + ((<usize>bestLane) << 3), Infinity);
    storeI32(names, bestLane, -1);
  }
  return last;
}
