import { madd } from './simd';

/** Blocks whose float32 partial sums join a float64 sum together. */
const RUN_BLOCKS = 64;

@inline
function addLanes(sums: usize, stride: usize, lanes: v128): void {
  store<f64>(sums, load<f64>(sums) + <f64>f32x4.extract_lane(lanes, 0));
  store<f64>(sums + stride, load<f64>(sums + stride) + <f64>f32x4.extract_lane(lanes, 1));
  store<f64>(sums + 2 * stride, load<f64>(sums + 2 * stride) + <f64>f32x4.extract_lane(lanes, 2));
  store<f64>(sums + 3 * stride, load<f64>(sums + 3 * stride) + <f64>f32x4.extract_lane(lanes, 3));
}

/**
 * Sums the distances between every sample of blocks [first, last), all of one cluster, and every sample of the blocks
 * up to them: for the former into `sums`, for the latter into `columns`, so that calls over all blocks compute each pair
 * once. Samples lie sorted by cluster, each cluster starting a block of its own. Calls share nothing but what they read:
 * they may run at the same time, each with columns of its own, which `silhouette_column_f32` adds afterwards.
 *
 * @param blocks IN f32 blocks of 8 samples, see `pack_blocks_f32`
 * @param last at most first + 64
 * @param cluster the cluster of the blocks first … last − 1
 * @param starts IN i32 [cluster + 2] first block of each cluster
 * @param masks IN f32-sized lanes [nBlocks × 8], all ones for a sample and 0 for a slot that only fills its block
 * @param columns OUT f32 [last × 8] sum of distances from each slot to the samples of this call
 * @param sums INOUT f64 [nBlocks × 8][nClusters] sum of distances from each slot to each cluster
 * Accumulation: float32 over at most 256 samples, then float64. Relative error of a sum: below 2⁻¹⁶, typically 1e-7.
 * Cost: 8 × 4 distances per inner step, two vector multiply-adds per feature and sample pair of four.
 */
export function silhouette_rows_f32(
  blocks: usize, nFeatures: i32, nClusters: i32, first: i32, last: i32, cluster: i32, starts: usize, masks: usize,
  columns: usize, sums: usize,
): void {
  const blockBytes = <usize>nFeatures << 5;
  const stride = <usize>nClusters << 3;
  memory.fill(columns, 0, <usize>last << 5);
  for (let block = first; block < last; block++) {
    for (let half: usize = 0; half < 32; half += 16) {
      const mask = masks + (<usize>block << 5) + half;
      const m0 = v128.load32_splat(mask), m1 = v128.load32_splat(mask, 4);
      const m2 = v128.load32_splat(mask, 8), m3 = v128.load32_splat(mask, 12);
      for (let other = 0; other <= cluster; other++) {
        const end = min(load<i32>(starts + (<usize>other << 2), 4), block + 1);
        for (let run = load<i32>(starts + (<usize>other << 2)); run < end; run += RUN_BLOCKS) {
          const runEnd = min(end, run + RUN_BLOCKS);
          let t0 = f32x4.splat(0), t1 = t0, t2 = t0, t3 = t0;
          for (let partner = run; partner < runEnd; partner++) {
            let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
            let at = blocks + <usize>partner * blockBytes, own = blocks + <usize>block * blockBytes + half;
            const stop = at + blockBytes;
            do {
              const x0 = v128.load(at), x1 = v128.load(at, 16);
              const y0 = v128.load32_splat(own), y1 = v128.load32_splat(own, 4);
              let t = f32x4.sub(x0, y0);
              a0 = madd(t, t, a0);
              t = f32x4.sub(x1, y0);
              a1 = madd(t, t, a1);
              t = f32x4.sub(x0, y1);
              a2 = madd(t, t, a2);
              t = f32x4.sub(x1, y1);
              a3 = madd(t, t, a3);
              const y2 = v128.load32_splat(own, 8), y3 = v128.load32_splat(own, 12);
              t = f32x4.sub(x0, y2);
              a4 = madd(t, t, a4);
              t = f32x4.sub(x1, y2);
              a5 = madd(t, t, a5);
              t = f32x4.sub(x0, y3);
              a6 = madd(t, t, a6);
              t = f32x4.sub(x1, y3);
              a7 = madd(t, t, a7);
              at += 32;
              own += 32;
            } while (at < stop);
            a0 = f32x4.sqrt(a0);
            a1 = f32x4.sqrt(a1);
            a2 = f32x4.sqrt(a2);
            a3 = f32x4.sqrt(a3);
            a4 = f32x4.sqrt(a4);
            a5 = f32x4.sqrt(a5);
            a6 = f32x4.sqrt(a6);
            a7 = f32x4.sqrt(a7);
            const column = columns + (<usize>partner << 5);
            const low = f32x4.add(f32x4.add(v128.and(a0, m0), v128.and(a2, m1)), f32x4.add(v128.and(a4, m2), v128.and(a6, m3)));
            const high = f32x4.add(f32x4.add(v128.and(a1, m0), v128.and(a3, m1)), f32x4.add(v128.and(a5, m2), v128.and(a7, m3)));
            v128.store(column, f32x4.add(v128.load(column), low));
            v128.store(column, f32x4.add(v128.load(column, 16), high), 16);
            // A block against itself holds each pair twice already.
            if (partner != block) {
              const w0 = v128.load(masks + (<usize>partner << 5)), w1 = v128.load(masks + (<usize>partner << 5), 16);
              t0 = f32x4.add(t0, f32x4.add(v128.and(a0, w0), v128.and(a1, w1)));
              t1 = f32x4.add(t1, f32x4.add(v128.and(a2, w0), v128.and(a3, w1)));
              t2 = f32x4.add(t2, f32x4.add(v128.and(a4, w0), v128.and(a5, w1)));
              t3 = f32x4.add(t3, f32x4.add(v128.and(a6, w0), v128.and(a7, w1)));
            }
          }
          const u0 = f32x4.add(v128.shuffle<f32>(t0, t1, 0, 4, 1, 5), v128.shuffle<f32>(t0, t1, 2, 6, 3, 7));
          const u1 = f32x4.add(v128.shuffle<f32>(t2, t3, 0, 4, 1, 5), v128.shuffle<f32>(t2, t3, 2, 6, 3, 7));
          const rowSums = f32x4.add(v128.shuffle<f32>(u0, u1, 0, 1, 4, 5), v128.shuffle<f32>(u0, u1, 2, 3, 6, 7));
          const slot = (<usize>block << 3) + (half >>> 2);
          addLanes(sums + slot * stride + (<usize>other << 3), stride, rowSums);
        }
      }
    }
  }
}

/**
 * Adds the columns of one call of `silhouette_rows_f32` to the sums. In the order of the calls, whatever order they ran
 * in, the sums are the same bytes.
 */
export function silhouette_column_f32(columns: usize, last: i32, nClusters: i32, cluster: i32, sums: usize): void {
  const stride = <usize>nClusters << 3;
  for (let partner = 0; partner < last; partner++) {
    const column = columns + (<usize>partner << 5);
    const target = sums + (<usize>partner << 3) * stride + (<usize>cluster << 3);
    addLanes(target, stride, v128.load(column));
    addLanes(target + 4 * stride, stride, v128.load(column, 16));
  }
}
