import { madd, nmadd, select, storeEight } from './simd';

const FAR: f32 = 3.0e38;

/** Results of `nearestByProducts`: |c|² / 2 − x·c of the nearest and the second nearest center, for 8 samples. */
export let productBest0: v128 = i32x4.splat(0);
export let productBest1: v128 = i32x4.splat(0);
export let productSecond0: v128 = i32x4.splat(0);
export let productSecond1: v128 = i32x4.splat(0);

/**
 * All centers for the 8 samples of a tile, from scalar products: |x − c|² = |x|² + 2 (|c|² / 2 − x·c) takes one
 * instruction per feature and center instead of two, and |x|² does not matter to which center is nearest. Which one it is,
 * is not followed (`findNearest` tells): most samples have the center they had, and comparing with that one's key is
 * enough to know. `roundingOf` bounds the error.
 *
 * @param halfNorms f32 [groups][4] |c|² / 2; 1e37 for centers that only fill a group
 * @param keys OUT f32 [groups × 4][8] |c|² / 2 − x·c
 */
@inline
export function nearestByProducts(
  tile: usize, nFeatures: i32, centers: usize, halfNorms: usize, groups: i32, keys: usize,
): void {
  const far = f32x4.splat(FAR);
  let b0 = far, b1 = far, s0 = far, s1 = far;
  let center = centers, norm = halfNorms, key = keys;
  const end = tile + (<usize>nFeatures << 5);
  for (let group = 0; group < groups; group++) {
    let a0 = v128.load32_splat(norm), a2 = v128.load32_splat(norm, 4);
    let a4 = v128.load32_splat(norm, 8), a6 = v128.load32_splat(norm, 12);
    let a1 = a0, a3 = a2, a5 = a4, a7 = a6;
    let at = tile;
    do {
      const x0 = v128.load(at), x1 = v128.load(at, 16);
      const c0 = v128.load32_splat(center), c1 = v128.load32_splat(center, 4);
      a0 = nmadd(x0, c0, a0);
      a1 = nmadd(x1, c0, a1);
      a2 = nmadd(x0, c1, a2);
      a3 = nmadd(x1, c1, a3);
      const c2 = v128.load32_splat(center, 8), c3 = v128.load32_splat(center, 12);
      a4 = nmadd(x0, c2, a4);
      a5 = nmadd(x1, c2, a5);
      a6 = nmadd(x0, c3, a6);
      a7 = nmadd(x1, c3, a7);
      at += 32;
      center += 16;
    } while (at < end);
    storeEight(key, a0, a1, a2, a3, a4, a5, a6, a7);
    // Smallest and second smallest of the four, then of all so far.
    const low0 = f32x4.pmin(a0, a2), low1 = f32x4.pmin(a1, a3), low2 = f32x4.pmin(a4, a6), low3 = f32x4.pmin(a5, a7);
    const high0 = f32x4.pmin(f32x4.pmax(a0, a2), f32x4.pmax(a4, a6));
    const high1 = f32x4.pmin(f32x4.pmax(a1, a3), f32x4.pmax(a5, a7));
    const least0 = f32x4.pmin(low0, low2), least1 = f32x4.pmin(low1, low3);
    s0 = f32x4.pmin(f32x4.pmin(s0, f32x4.pmax(b0, least0)), f32x4.pmin(f32x4.pmax(low0, low2), high0));
    s1 = f32x4.pmin(f32x4.pmin(s1, f32x4.pmax(b1, least1)), f32x4.pmin(f32x4.pmax(low1, low3), high1));
    b0 = f32x4.pmin(b0, least0);
    b1 = f32x4.pmin(b1, least1);
    norm += 16;
    key += 128;
  }
  productBest0 = b0;
  productBest1 = b1;
  productSecond0 = s0;
  productSecond1 = s1;
}

/** Results of `findNearest`. */
export let nearest0: v128 = i32x4.splat(0);
export let nearest1: v128 = i32x4.splat(0);

/** Which center has the key, float32 or integer, found to be the best, for each of 8 samples; any of them where several have. */
@inline
export function findNearest(keys: usize, nClusters: i32, best0: v128, best1: v128): void {
  let i0 = i32x4.splat(0), i1 = i0;
  let key = keys;
  for (let c = 0; c < nClusters; c++) {
    const id = i32x4.splat(c);
    i0 = select(id, i0, i32x4.eq(v128.load(key), best0));
    i1 = select(id, i1, i32x4.eq(v128.load(key, 16), best1));
    key += 32;
  }
  nearest0 = i0;
  nearest1 = i1;
}

/** Keys of four samples' own centers, float32 or integers. @param keys rows of 8, from the first of the four on */
@inline
export function ownKeys(keys: usize, labels: usize): v128 {
  let own = v128.load32_zero(keys + keyOf(labels));
  own = v128.load_lane<f32>(keys + keyOf(labels + 2) + 4, own, 1);
  own = v128.load_lane<f32>(keys + keyOf(labels + 4) + 8, own, 2);
  return v128.load_lane<f32>(keys + keyOf(labels + 6) + 12, own, 3);
}

/** Place of the row of a sample's own center among rows of 8 keys; a label is cluster × 4 + shell. */
@inline
function keyOf(label: usize): usize {
  return <usize>(load<u16>(label) & ~3) << 3;
}

/**
 * Bound of the rounding error of a squared distance made of scalar products: a part of (|x| + |c|)² ≤ 2 (|x|² + |c|²), not
 * of the distance. Two keys that differ by more than this belong to distances that differ, too.
 *
 * @param squaredNorms |x|² of 4 samples
 * @param largestSquare the largest |c|², plus what keeps the bound above all that underflow takes away
 * @param error 2.02 × (nFeatures + 8) × 2⁻²⁴: roundings of the norms, the center, the sum of products and the result
 */
@inline
export function roundingOf(squaredNorms: v128, largestSquare: f32, error: f32): v128 {
  return f32x4.mul(f32x4.add(squaredNorms, f32x4.splat(largestSquare)), f32x4.splat(error));
}

/** Upper bound of the square of a distance with this key. */
@inline
export function squareAtMost(key: v128, squaredNorms: v128, rounding: v128): v128 {
  return f32x4.pmax(f32x4.splat(0), f32x4.add(f32x4.add(f32x4.add(key, key), squaredNorms), rounding));
}

/** Lower bound of the square of a distance with this key. */
@inline
export function squareAtLeast(key: v128, squaredNorms: v128, rounding: v128): v128 {
  return f32x4.pmax(f32x4.splat(0), f32x4.sub(f32x4.add(f32x4.add(key, key), squaredNorms), rounding));
}

/** |x|² of the 8 samples of a tile. */
@inline
export function storeSquaredNorms(tile: usize, nFeatures: i32, squaredNorms: usize): void {
  let n0 = f32x4.splat(0), n1 = n0;
  for (let at = tile, end = tile + (<usize>nFeatures << 5); at < end; at += 32) {
    const x0 = v128.load(at), x1 = v128.load(at, 16);
    n0 = madd(x0, x0, n0);
    n1 = madd(x1, x1, n1);
  }
  v128.store(squaredNorms, n0);
  v128.store(squaredNorms, n1, 16);
}
