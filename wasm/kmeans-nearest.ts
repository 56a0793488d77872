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
    let id = i32x4.splat(group << 2);
    s0 = f32x4.pmin(s0, f32x4.pmax(b0, a0));
    i0 = select(id, i0, f32x4.lt(a0, b0));
    b0 = f32x4.pmin(b0, a0);
    s1 = f32x4.pmin(s1, f32x4.pmax(b1, a1));
    i1 = select(id, i1, f32x4.lt(a1, b1));
    b1 = f32x4.pmin(b1, a1);
    id = i32x4.splat((group << 2) + 1);
    s0 = f32x4.pmin(s0, f32x4.pmax(b0, a2));
    i0 = select(id, i0, f32x4.lt(a2, b0));
    b0 = f32x4.pmin(b0, a2);
    s1 = f32x4.pmin(s1, f32x4.pmax(b1, a3));
    i1 = select(id, i1, f32x4.lt(a3, b1));
    b1 = f32x4.pmin(b1, a3);
    id = i32x4.splat((group << 2) + 2);
    s0 = f32x4.pmin(s0, f32x4.pmax(b0, a4));
    i0 = select(id, i0, f32x4.lt(a4, b0));
    b0 = f32x4.pmin(b0, a4);
    s1 = f32x4.pmin(s1, f32x4.pmax(b1, a5));
    i1 = select(id, i1, f32x4.lt(a5, b1));
    b1 = f32x4.pmin(b1, a5);
    id = i32x4.splat((group << 2) + 3);
    s0 = f32x4.pmin(s0, f32x4.pmax(b0, a6));
    i0 = select(id, i0, f32x4.lt(a6, b0));
    b0 = f32x4.pmin(b0, a6);
    s1 = f32x4.pmin(s1, f32x4.pmax(b1, a7));
    i1 = select(id, i1, f32x4.lt(a7, b1));
    b1 = f32x4.pmin(b1, a7);
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
