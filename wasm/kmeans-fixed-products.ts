import { KMeansState, rowAddress } from './kmeans-state';
import { loadBlock, loadTile } from './rows';
import { select, storeEight } from './simd';

/** Above every key, and below the largest integer by more than any key lies below 0. */
const FAR: i32 = 0x3fffffff;

/** Up to so many centers, the last bits of a key are its center's number, 2 ^ `NUMBER_BITS` of which there are. */
const FEW: i32 = 8;
const NUMBER_BITS: i32 = 3;

/** How many of a key's last bits are its center's number. */
@inline
export function numberBits(state: KMeansState): i32 {
  return state.nClusters <= FEW ? NUMBER_BITS : 0;
}

/** Bytes of the pairs of features of 8 samples. */
@inline
export function blockBytes(state: KMeansState): usize {
  return <usize>((state.nFeatures + 1) >>> 1) << 5;
}

/** Bytes of the keys that `nearestByFixedProducts` answers for a block. */
@inline
export function keyBytes(state: KMeansState): usize {
  return numberBits(state) ? 0 : <usize>state.nGroups << 7;
}

/**
 * Rounds 8 samples in a row to 16 bits, as seen from the origin: pairs of features side by side; with their distances from
 * the origin.
 */
export function roundSamples(state: KMeansState, sample: i32): void {
  const nFeatures = state.nFeatures, tile = state.tile;
  if (sample + 8 <= state.nSamples) loadBlock(rowAddress(state, sample), nFeatures, tile);
  else {
    // Of the last block the last sample fills the rest.
    const samples = state.squares;
    for (let lane = 0; lane < 8; lane++) store<i32>(samples + (<usize>lane << 2), min(sample + lane, state.nSamples - 1));
    loadTile(state.rows, nFeatures, samples, tile);
  }
  if (nFeatures & 1) {
    // What follows the rows is no feature of theirs.
    const past = tile + (<usize>nFeatures << 5);
    v128.store(past, f32x4.splat(0));
    v128.store(past, f32x4.splat(0), 16);
  }
  const limit = f32x4.splat(state.fixedLimit), toInteger = f32x4.splat(state.toInteger), low = i32x4.splat(0xffff);
  let clipped0 = i32x4.splat(0), clipped1 = clipped0, square0 = clipped0, square1 = clipped0;
  const steps = f32x4.splat(state.fixedSteps);
  let offset = state.fixedOrigin;
  let target = state.fixedRows + <usize>(sample >>> 3) * blockBytes(state);
  const end = target + blockBytes(state);
  for (let at = tile; target < end; target += 32, at += 64, offset += 8) {
    const o0 = v128.load32_splat(offset), o1 = v128.load32_splat(offset, 4);
    let x0 = f32x4.sub(v128.load(at), o0), x1 = f32x4.sub(v128.load(at, 16), o0);
    let y0 = f32x4.sub(v128.load(at, 32), o1), y1 = f32x4.sub(v128.load(at, 48), o1);
    square0 = f32x4.add(square0, f32x4.add(f32x4.mul(x0, x0), f32x4.mul(y0, y0)));
    square1 = f32x4.add(square1, f32x4.add(f32x4.mul(x1, x1), f32x4.mul(y1, y1)));
    x0 = f32x4.mul(x0, steps);
    x1 = f32x4.mul(x1, steps);
    y0 = f32x4.mul(y0, steps);
    y1 = f32x4.mul(y1, steps);
    clipped0 = v128.or(clipped0, v128.or(f32x4.gt(f32x4.abs(x0), limit), f32x4.gt(f32x4.abs(y0), limit)));
    clipped1 = v128.or(clipped1, v128.or(f32x4.gt(f32x4.abs(x1), limit), f32x4.gt(f32x4.abs(y1), limit)));
    // Added to 1.5 × 2²³ a number is rounded, and its integer the last bits of the sum.
    const i0 = f32x4.add(x0, toInteger), i1 = f32x4.add(x1, toInteger);
    v128.store(target, v128.or(v128.and(i0, low), i32x4.shl(f32x4.add(y0, toInteger), 16)));
    v128.store(target, v128.or(v128.and(i1, low), i32x4.shl(f32x4.add(y1, toInteger), 16)), 16);
  }
  // A row with a value past the limit is never sure: its length is beyond all bounds.
  const lengths = state.fixedLengths + (<usize>sample << 2), beyond = f32x4.splat(f32.MAX_VALUE);
  v128.store(lengths, select(beyond, f32x4.sqrt(square0), clipped0));
  v128.store(lengths, select(beyond, f32x4.sqrt(square1), clipped1), 16);
}

/**
 * Keys of all centers for blocks of 8 samples. Does nothing else: amid the code that uses the answers, registers run out.
 *
 * @param blocks IN i16 [nBlocks][pairs][8][2]
 * @param bytes of a block
 * @param centers IN i16 [groups][pairs][4][2]
 * @param halfNorms IN i32 [groups][4]
 * @param answers OUT i32 [nBlocks][groups × 4 + 2][8] keys, then the smallest and the second smallest of them
 * @param givesKeys whether all keys are wanted, or only the last two of these rows
 */
export function nearestByFixedProducts(
  blocks: usize, nBlocks: i32, bytes: usize, centers: usize, halfNorms: usize, groups: i32, answers: usize, givesKeys: bool,
): void {
  const far = i32x4.splat(FAR);
  let key = answers;
  for (let block = 0; block < nBlocks; block++) {
    let b0 = far, b1 = far, s0 = far, s1 = far;
    let center = centers, norm = halfNorms;
    const tile = blocks, end = tile + bytes;
    for (let group = 0; group < groups; group++) {
      let a0 = v128.load32_splat(norm), a2 = v128.load32_splat(norm, 4);
      let a4 = v128.load32_splat(norm, 8), a6 = v128.load32_splat(norm, 12);
      let a1 = a0, a3 = a2, a5 = a4, a7 = a6;
      let at = tile;
      do {
        const x0 = v128.load(at), x1 = v128.load(at, 16);
        const c0 = v128.load32_splat(center), c1 = v128.load32_splat(center, 4);
        a0 = i32x4.sub(a0, i32x4.dot_i16x8_s(x0, c0));
        a1 = i32x4.sub(a1, i32x4.dot_i16x8_s(x1, c0));
        a2 = i32x4.sub(a2, i32x4.dot_i16x8_s(x0, c1));
        a3 = i32x4.sub(a3, i32x4.dot_i16x8_s(x1, c1));
        const c2 = v128.load32_splat(center, 8), c3 = v128.load32_splat(center, 12);
        a4 = i32x4.sub(a4, i32x4.dot_i16x8_s(x0, c2));
        a5 = i32x4.sub(a5, i32x4.dot_i16x8_s(x1, c2));
        a6 = i32x4.sub(a6, i32x4.dot_i16x8_s(x0, c3));
        a7 = i32x4.sub(a7, i32x4.dot_i16x8_s(x1, c3));
        at += 32;
        center += 16;
      } while (at < end);
      if (givesKeys) {
        storeEight(key, a0, a1, a2, a3, a4, a5, a6, a7);
        key += 128;
      }
      // Smallest and second smallest of the four, then of all so far.
      const low0 = i32x4.min_s(a0, a2), low1 = i32x4.min_s(a1, a3), low2 = i32x4.min_s(a4, a6), low3 = i32x4.min_s(a5, a7);
      const high0 = i32x4.min_s(i32x4.max_s(a0, a2), i32x4.max_s(a4, a6));
      const high1 = i32x4.min_s(i32x4.max_s(a1, a3), i32x4.max_s(a5, a7));
      const least0 = i32x4.min_s(low0, low2), least1 = i32x4.min_s(low1, low3);
      s0 = i32x4.min_s(i32x4.min_s(s0, i32x4.max_s(b0, least0)), i32x4.min_s(i32x4.max_s(low0, low2), high0));
      s1 = i32x4.min_s(i32x4.min_s(s1, i32x4.max_s(b1, least1)), i32x4.min_s(i32x4.max_s(low1, low3), high1));
      b0 = i32x4.min_s(b0, least0);
      b1 = i32x4.min_s(b1, least1);
      norm += 16;
    }
    v128.store(key, b0);
    v128.store(key, b1, 16);
    v128.store(key, s0, 32);
    v128.store(key, s1, 48);
    key += 64;
    blocks = end;
  }
}
