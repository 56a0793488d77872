import { madd, nmadd, select } from './simd';

const FAR: f32 = 3.0e38;

/** Results of `nearestByProducts`, as in kmeans-nearest. */
export let productBest0: v128 = i32x4.splat(0);
export let productBest1: v128 = i32x4.splat(0);
export let productSecond0: v128 = i32x4.splat(0);
export let productSecond1: v128 = i32x4.splat(0);
export let productIndex0: v128 = i32x4.splat(0);
export let productIndex1: v128 = i32x4.splat(0);

/**
 * Nearest and second nearest of all centers for the 8 samples of a tile, from scalar products: |x − c|² =
 * |x|² + 2 (|c|² / 2 − x·c) takes one instruction per feature and center instead of two. Its rounding error is a part of
 * (|x| + |c|)², not of the distance, and lies on the safe side in the results: upper bounds of the nearest squared
 * distance, lower bounds of the second. Where these do not tell the two apart, float64 must.
 *
 * @param squaredNorms f32 [8] |x|² of each sample
 * @param halfNorms f32 [groups][4] |c|² / 2; 1e37 for centers that only fill a group
 * @param largestNorm the largest |c|
 * @param error 1.01 × (nFeatures + 8) × 2⁻²⁴: roundings of the norms, the center, the sum of products and the result
 */
@inline
export function nearestByProducts(
  tile: usize, nFeatures: i32, squaredNorms: usize, centers: usize, halfNorms: usize, groups: i32, largestNorm: f32,
  error: f32,
): void {
  const far = f32x4.splat(FAR);
  let b0 = far, b1 = far, s0 = far, s1 = far;
  let i0 = i32x4.splat(0), i1 = i0;
  let center = centers;
  const end = tile + (<usize>nFeatures << 5);
  for (let group = 0; group < groups; group++) {
    const norm = halfNorms + (<usize>group << 4);
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
    const low0 = f32x4.pmin(a0, a2), low1 = f32x4.pmin(a1, a3), low2 = f32x4.pmin(a4, a6), low3 = f32x4.pmin(a5, a7);
    const high0 = f32x4.pmin(f32x4.pmax(a0, a2), f32x4.pmax(a4, a6));
    const high1 = f32x4.pmin(f32x4.pmax(a1, a3), f32x4.pmax(a5, a7));
    const least0 = f32x4.pmin(low0, low2), least1 = f32x4.pmin(low1, low3);
    s0 = f32x4.pmin(f32x4.pmin(s0, f32x4.pmax(b0, least0)), f32x4.pmin(f32x4.pmax(low0, low2), high0));
    s1 = f32x4.pmin(f32x4.pmin(s1, f32x4.pmax(b1, least1)), f32x4.pmin(f32x4.pmax(low1, low3), high1));
    const nearer0 = f32x4.lt(least0, b0), nearer1 = f32x4.lt(least1, b1);
    if (v128.any_true(v128.or(nearer0, nearer1))) {
      let id0 = i32x4.splat((group << 2) + 3), id1 = id0;
      id0 = select(i32x4.splat((group << 2) + 2), id0, f32x4.eq(a4, least0));
      id1 = select(i32x4.splat((group << 2) + 2), id1, f32x4.eq(a5, least1));
      id0 = select(i32x4.splat((group << 2) + 1), id0, f32x4.eq(a2, least0));
      id1 = select(i32x4.splat((group << 2) + 1), id1, f32x4.eq(a3, least1));
      id0 = select(i32x4.splat(group << 2), id0, f32x4.eq(a0, least0));
      id1 = select(i32x4.splat(group << 2), id1, f32x4.eq(a1, least1));
      i0 = select(id0, i0, nearer0);
      i1 = select(id1, i1, nearer1);
      b0 = f32x4.pmin(b0, least0);
      b1 = f32x4.pmin(b1, least1);
    }
  }
  const n0 = v128.load(squaredNorms), n1 = v128.load(squaredNorms, 16);
  const norm = f32x4.splat(largestNorm), part = f32x4.splat(error), zero = f32x4.splat(0);
  const span0 = f32x4.add(f32x4.sqrt(n0), norm), span1 = f32x4.add(f32x4.sqrt(n1), norm);
  const error0 = f32x4.mul(f32x4.mul(span0, span0), part), error1 = f32x4.mul(f32x4.mul(span1, span1), part);
  productBest0 = f32x4.pmax(zero, f32x4.add(f32x4.add(f32x4.add(b0, b0), n0), error0));
  productBest1 = f32x4.pmax(zero, f32x4.add(f32x4.add(f32x4.add(b1, b1), n1), error1));
  productSecond0 = f32x4.pmax(zero, f32x4.sub(f32x4.add(f32x4.add(s0, s0), n0), error0));
  productSecond1 = f32x4.pmax(zero, f32x4.sub(f32x4.add(f32x4.add(s1, s1), n1), error1));
  productIndex0 = i0;
  productIndex1 = i1;
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
