import { madd, storeEight } from './simd';

/**
 * Squared distances of 8 samples to 4 centers: differences, squared and added by multiply-add in feature order, 8
 * accumulators. A function of its own, not inlined: callers with much to keep in registers would spill inside the loop.
 *
 * @param tile IN f32 [nFeatures][8]
 * @param centers IN f32 [nFeatures][4]
 * @param squares OUT f32 [4][8] for each center the distances of the 8 samples
 */
export function squares_8x4(tile: usize, nFeatures: i32, centers: usize, squares: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
  let at = tile, center = centers;
  const end = tile + (<usize>nFeatures << 5);
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
  storeEight(squares, a0, a1, a2, a3, a4, a5, a6, a7);
}
