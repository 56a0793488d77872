import { horizontalSum, madd } from './simd';

/** Blocks summed in float32 lanes before they join a float64 sum. */
const RUN_BLOCKS = 64;

/** Zeroes the lanes past the last sample. */
@inline
function inside(value: v128, slot: i32, nSamples: i32): v128 {
  if (slot + 4 <= nSamples) return value;
  const lanes = i32x4.add(i32x4.splat(slot), i32x4(0, 1, 2, 3));
  return v128.and(value, i32x4.lt_s(lanes, i32x4.splat(nSamples)));
}

/**
 * Sums of squared distances that each of 4 trial centers would leave: Σ min(closest, |x − trial|²).
 *
 * @param packed IN f32 blocks, see `pack_f32`
 * @param first,last blocks of this call; `first` a multiple of 64
 * @param trials IN f32 [nFeatures][4]
 * @param closest IN f32 [nBlocks × 8] squared distance of each sample to its nearest center so far
 * @param potentials INOUT f64 [4] sums of float32 runs of 64 blocks, in order
 * Cost: one read of blocks and distances. Relative error of a run: below 64 × 2⁻²⁴.
 */
export function kmeans_plus_plus_potentials_f32(
  packed: usize, first: i32, last: i32, nSamples: i32, nFeatures: i32, trials: usize, closest: usize, potentials: usize,
): void {
  const blockBytes = <usize>nFeatures << 5;
  for (let run = first; run < last; run += RUN_BLOCKS) {
    let p0 = f32x4.splat(0), p1 = p0, p2 = p0, p3 = p0;
    const end = min(last, run + RUN_BLOCKS);
    for (let block = run; block < end; block++) {
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
      let at = packed + <usize>block * blockBytes, trial = trials;
      const stop = at + blockBytes;
      do {
        const x0 = v128.load(at), x1 = v128.load(at, 16);
        const c0 = v128.load32_splat(trial), c1 = v128.load32_splat(trial, 4);
        let t = f32x4.sub(x0, c0);
        a0 = madd(t, t, a0);
        t = f32x4.sub(x1, c0);
        a1 = madd(t, t, a1);
        t = f32x4.sub(x0, c1);
        a2 = madd(t, t, a2);
        t = f32x4.sub(x1, c1);
        a3 = madd(t, t, a3);
        const c2 = v128.load32_splat(trial, 8), c3 = v128.load32_splat(trial, 12);
        t = f32x4.sub(x0, c2);
        a4 = madd(t, t, a4);
        t = f32x4.sub(x1, c2);
        a5 = madd(t, t, a5);
        t = f32x4.sub(x0, c3);
        a6 = madd(t, t, a6);
        t = f32x4.sub(x1, c3);
        a7 = madd(t, t, a7);
        at += 32;
        trial += 16;
      } while (at < stop);
      const distances = closest + (<usize>block << 5);
      const d0 = v128.load(distances), d1 = v128.load(distances, 16);
      p0 = f32x4.add(p0, f32x4.add(f32x4.pmin(a0, d0), f32x4.pmin(a1, d1)));
      p1 = f32x4.add(p1, f32x4.add(f32x4.pmin(a2, d0), f32x4.pmin(a3, d1)));
      p2 = f32x4.add(p2, f32x4.add(f32x4.pmin(a4, d0), f32x4.pmin(a5, d1)));
      p3 = f32x4.add(p3, f32x4.add(f32x4.pmin(a6, d0), f32x4.pmin(a7, d1)));
    }
    store<f64>(potentials, load<f64>(potentials) + horizontalSum(p0));
    store<f64>(potentials, load<f64>(potentials, 8) + horizontalSum(p1), 8);
    store<f64>(potentials, load<f64>(potentials, 16) + horizontalSum(p2), 16);
    store<f64>(potentials, load<f64>(potentials, 24) + horizontalSum(p3), 24);
  }
}

/**
 * Takes a new center into the squared distances: closest = min(closest, |x − center|²), and sums them by runs of 64
 * blocks. Slots past the last sample get 0.
 *
 * @param center IN f32 [nFeatures]
 * @param closest INOUT f32 [nBlocks × 8]; not read when `isFirst`
 * @param runSums OUT f64 [⌈nBlocks / 64⌉]
 * Cost: one read of the blocks, one update of the distances.
 */
export function kmeans_plus_plus_update_f32(
  packed: usize, first: i32, last: i32, nSamples: i32, nFeatures: i32, center: usize, closest: usize, runSums: usize,
  isFirst: i32,
): void {
  const blockBytes = <usize>nFeatures << 5;
  for (let run = first; run < last; run += RUN_BLOCKS) {
    let p0 = f32x4.splat(0), p1 = p0;
    const end = min(last, run + RUN_BLOCKS);
    for (let block = run; block < end; block++) {
      let a0 = f32x4.splat(0), a1 = a0;
      let at = packed + <usize>block * blockBytes, value = center;
      const stop = at + blockBytes;
      do {
        const c = v128.load32_splat(value);
        let t = f32x4.sub(v128.load(at), c);
        a0 = madd(t, t, a0);
        t = f32x4.sub(v128.load(at, 16), c);
        a1 = madd(t, t, a1);
        at += 32;
        value += 4;
      } while (at < stop);
      const distances = closest + (<usize>block << 5);
      if (!isFirst) {
        a0 = f32x4.pmin(a0, v128.load(distances));
        a1 = f32x4.pmin(a1, v128.load(distances, 16));
      }
      a0 = inside(a0, block << 3, nSamples);
      a1 = inside(a1, (block << 3) + 4, nSamples);
      v128.store(distances, a0);
      v128.store(distances, a1, 16);
      p0 = f32x4.add(p0, a0);
      p1 = f32x4.add(p1, a1);
    }
    store<f64>(runSums + (<usize>(run / RUN_BLOCKS) << 3), horizontalSum(p0) + horizontalSum(p1));
  }
}
