import { madd, storeEight } from './simd';

/**
 * Squared distances of 8 samples to centers that lie side by side: as many at a time as registers allow, so that a tile is
 * read as seldom as can be. As `squares_8x4`, any number of centers from 3 on.
 *
 * @param tile IN f32 [nFeatures][8]
 * @param centers IN f32 [nFeatures][nCenters]
 * @param squares OUT f32 [nCenters][8] for each center the distances of the 8 samples
 */
export function trial_squares(tile: usize, nFeatures: i32, centers: usize, nCenters: i32, squares: usize): void {
  const end = tile + (<usize>nFeatures << 5), stride = <usize>nCenters << 2;
  let left = nCenters, center = centers, target = squares;
  while (left > 0) {
    // 3, 4 and 5 add up to every number from 3 on.
    if (left == 5 || left > 8) {
      squares_8x5(tile, end, center, stride, target);
      left -= 5;
      center += 20;
      target += 160;
    } else if (left == 3 || left == 6) {
      squares_8x3(tile, end, center, stride, target);
      left -= 3;
      center += 12;
      target += 96;
    } else {
      squares_8x4(tile, end, center, stride, target);
      left -= 4;
      center += 16;
      target += 128;
    }
  }
}

function squares_8x3(tile: usize, end: usize, centers: usize, stride: usize, squares: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
  let at = tile, center = centers;
  do {
    const x0 = v128.load(at), x1 = v128.load(at, 16);
    const c0 = v128.load32_splat(center), c1 = v128.load32_splat(center, 4), c2 = v128.load32_splat(center, 8);
    let t = f32x4.sub(x0, c0);
    a0 = madd(t, t, a0);
    t = f32x4.sub(x1, c0);
    a1 = madd(t, t, a1);
    t = f32x4.sub(x0, c1);
    a2 = madd(t, t, a2);
    t = f32x4.sub(x1, c1);
    a3 = madd(t, t, a3);
    t = f32x4.sub(x0, c2);
    a4 = madd(t, t, a4);
    t = f32x4.sub(x1, c2);
    a5 = madd(t, t, a5);
    at += 32;
    center += stride;
  } while (at < end);
  v128.store(squares, a0);
  v128.store(squares, a1, 16);
  v128.store(squares, a2, 32);
  v128.store(squares, a3, 48);
  v128.store(squares, a4, 64);
  v128.store(squares, a5, 80);
}

function squares_8x4(tile: usize, end: usize, centers: usize, stride: usize, squares: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
  let at = tile, center = centers;
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
    center += stride;
  } while (at < end);
  storeEight(squares, a0, a1, a2, a3, a4, a5, a6, a7);
}

function squares_8x5(tile: usize, end: usize, centers: usize, stride: usize, squares: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0;
  let at = tile, center = centers;
  do {
    const x0 = v128.load(at), x1 = v128.load(at, 16);
    let c = v128.load32_splat(center);
    let t = f32x4.sub(x0, c);
    a0 = madd(t, t, a0);
    t = f32x4.sub(x1, c);
    a1 = madd(t, t, a1);
    c = v128.load32_splat(center, 4);
    t = f32x4.sub(x0, c);
    a2 = madd(t, t, a2);
    t = f32x4.sub(x1, c);
    a3 = madd(t, t, a3);
    c = v128.load32_splat(center, 8);
    t = f32x4.sub(x0, c);
    a4 = madd(t, t, a4);
    t = f32x4.sub(x1, c);
    a5 = madd(t, t, a5);
    c = v128.load32_splat(center, 12);
    t = f32x4.sub(x0, c);
    a6 = madd(t, t, a6);
    t = f32x4.sub(x1, c);
    a7 = madd(t, t, a7);
    c = v128.load32_splat(center, 16);
    t = f32x4.sub(x0, c);
    a8 = madd(t, t, a8);
    t = f32x4.sub(x1, c);
    a9 = madd(t, t, a9);
    at += 32;
    center += stride;
  } while (at < end);
  storeEight(squares, a0, a1, a2, a3, a4, a5, a6, a7);
  v128.store(squares, a8, 128);
  v128.store(squares, a9, 144);
}
