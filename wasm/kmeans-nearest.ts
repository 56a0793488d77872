import { horizontalMax, madd, select } from './simd';

/**
 * Nearest and second nearest of many centers, by squared distance in float32 differences. The results lie in these
 * globals: an AssemblyScript function returns one value.
 */
export let best0: v128 = i32x4.splat(0);
export let best1: v128 = i32x4.splat(0);
export let second0: v128 = i32x4.splat(0);
export let second1: v128 = i32x4.splat(0);
export let index0: v128 = i32x4.splat(0);
export let index1: v128 = i32x4.splat(0);

/** Larger than every squared distance, and still finite. */
const FAR: f32 = 3.0e38;

/**
 * All 8 samples of a block against `groups` groups of 4 centers: 8 accumulators, all minima vertical. Indices count in
 * the order of the centers; of equal distances the first wins.
 *
 * With `distances` set (f32 [4 × groups] from the first center to each, ascending), groups farther from the first
 * center than twice the block's radius plus the distance of the second center are left out: no center there is nearest
 * or second nearest to any of the 8 samples (Newling & Fleuret, "Fast k-means with accurate bounds", ICML 2016).
 * @param error bound of the absolute error of a distance that rounding the centers makes
 * @returns groups computed
 */
@inline
export function nearestOfBlock(
  block: usize, nFeatures: i32, centers: usize, groups: i32, distances: usize, error: f32,
): i32 {
  const far = f32x4.splat(FAR);
  let b0 = far, b1 = far, s0 = far, s1 = far;
  let i0 = i32x4.splat(0), i1 = i0;
  let center = centers;
  let group = 0;
  let reach = FAR;
  const end = block + (<usize>nFeatures << 5);
  do {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
    let at = block;
    do {
      const x0 = v128.load(at), x1 = v128.load(at, 16);
      const c0 = v128.load32_splat(center), c1 = v128.load32_splat(center, 4);
      let t = f32x4.sub(x0, c0);
      a0 = madd(t, t, a0);
      t = f32x4.sub(x1, c0);
      a1 = madd(t, t, a1);
      t = f32x4.sub(x0, c1);
      a2 = madd(t, t, a2);
      t = f32x4.sub(x1, c1);
      a3 = madd(t, t, a3);
      const c2 = v128.load32_splat(center, 8), c3 = v128.load32_splat(center, 12);
      t = f32x4.sub(x0, c2);
      a4 = madd(t, t, a4);
      t = f32x4.sub(x1, c2);
      a5 = madd(t, t, a5);
      t = f32x4.sub(x0, c3);
      a6 = madd(t, t, a6);
      t = f32x4.sub(x1, c3);
      a7 = madd(t, t, a7);
      at += 32;
      center += 16;
    } while (at < end);
    if (distances && group == 0) {
      const radius = f32x4.extract_lane(horizontalMax(f32x4.pmax(a0, a1)), 0);
      // Rounded up: the radius is exact to (nFeatures + 4) × 2⁻²⁴, far below 3e-5 for every table that fits.
      reach = (sqrt(radius) * 2 + load<f32>(distances, 4) * <f32>1.00003) * <f32>1.0001 + 8 * error;
    }
    // Smallest and second smallest of the four, then of all so far.
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
    group++;
  } while (group < groups && (!distances || load<f32>(distances + (<usize>group << 4)) <= reach));
  best0 = b0;
  best1 = b1;
  second0 = s0;
  second1 = s1;
  index0 = i0;
  index1 = i1;
  return group;
}
