/**
 * Building blocks shared by the kernels. Constants never appear as v128 literals inside hot loops: V8 rebuilds a
 * literal at every use (4 × slower), so loops splat from parameters or memory instead.
 */

/** a × b + c per lane: fused in the relaxed build, rounded twice in the strict one. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c − a × b per lane. */
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** Lanes of `a` where `mask` is all ones, of `b` where it is zero; other masks are not allowed. */
@inline
export function select(a: v128, b: v128, mask: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_laneselect(a, b, mask);
  return v128.bitselect(a, b, mask);
}

/** The first two of four values in memory, in float64: one instruction, where lanes of a vector must be moved first. */
@inline
export function firstTwo(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/** The last two of four values in memory, in float64. */
@inline
export function lastTwo(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at, 8));
}

/** sum + x² per lane of float32 values in float64, whose squares are exact: fused or not, the result is the same. */
@inline
export function addSquares(x: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(x, x, sum);
  return f64x2.add(sum, f64x2.mul(x, x));
}

/** Stores eight vectors side by side. */
@inline
export function storeEight(
  at: usize, v0: v128, v1: v128, v2: v128, v3: v128, v4: v128, v5: v128, v6: v128, v7: v128,
): void {
  v128.store(at, v0);
  v128.store(at, v1, 16);
  v128.store(at, v2, 32);
  v128.store(at, v3, 48);
  v128.store(at, v4, 64);
  v128.store(at, v5, 80);
  v128.store(at, v6, 96);
  v128.store(at, v7, 112);
}

/** Smallest lane, in every lane. */
@inline
export function horizontalMin(v: v128): v128 {
  const half = f32x4.pmin(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.pmin(half, v128.shuffle<f32>(half, half, 1, 0, 3, 2));
}

/** Largest lane, in every lane. */
@inline
export function horizontalMax(v: v128): v128 {
  const half = f32x4.pmax(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.pmax(half, v128.shuffle<f32>(half, half, 1, 0, 3, 2));
}

/** Sum of two float64 lanes. */
@inline
export function sumOfLanes(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** Sum of the four lanes in float64, in lane order. */
@inline
export function horizontalSum(v: v128): f64 {
  return (
    <f64>f32x4.extract_lane(v, 0) +
    <f64>f32x4.extract_lane(v, 1) +
    <f64>f32x4.extract_lane(v, 2) +
    <f64>f32x4.extract_lane(v, 3)
  );
}

/** Horizontal sums of four vectors, in the lanes of one. */
@inline
export function laneSums(a0: v128, a1: v128, a2: v128, a3: v128): v128 {
  const low01 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
  const sum01 = f32x4.add(low01, high01), sum23 = f32x4.add(low23, high23);
  return f32x4.add(v128.shuffle<f32>(sum01, sum23, 0, 1, 4, 5), v128.shuffle<f32>(sum01, sum23, 2, 3, 6, 7));
}

/**
 * a × b + c for one lane, computed by the instruction the kernels use; the host calls it with values whose result
 * tells a fused multiply-add from a rounded one.
 */
export function madd_f32(a: f32, b: f32, c: f32): f32 {
  return f32x4.extract_lane(madd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0);
}

/** c − a × b for one lane; see `madd_f32`. */
export function nmadd_f32(a: f32, b: f32, c: f32): f32 {
  return f32x4.extract_lane(nmadd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0);
}
