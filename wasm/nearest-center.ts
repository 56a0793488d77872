import {
  findNearest, nearest0, nearest1, nearestByProducts, productBest0, productBest1, productSecond0, productSecond1,
  roundingOf, squareAtLeast, squareAtMost, storeSquaredNorms,
} from './kmeans-products';
import { loadTile } from './rows';

/** Half the squared norm of centers that only fill a group. */
const NOWHERE: f64 = 1e37;

/**
 * Nearest center of every sample, where float32 can tell.
 *
 * @param rows IN f32 [nSamples][nFeatures], see `place_rows_f32`
 * @param first,last samples of this call
 * @param centers IN f32 [⌈k / 4⌉][nFeatures][4], lanes past k hold 1e18
 * @param labels OUT i32 [nSamples]; −1 − label where the two nearest centers are too close to tell
 * @param relativeError bound of the relative error of a float32 distance: (nFeatures + 4) × 2⁻²⁴
 * @param absoluteError bound of what rounding rows and centers adds to a difference of two distances
 * @param scratch SCRATCH 64 bytes, then f32 [nFeatures rounded up to 4][8], then f32 [⌈k / 4⌉][4], then
 * f32 [4 × ⌈k / 4⌉][8]
 * Cost: one read of the rows.
 */
export function nearest_center_f32(
  rows: usize, first: i32, last: i32, nFeatures: i32, centers: usize, nClusters: i32, labels: usize,
  relativeError: f32, absoluteError: f32, scratch: usize,
): void {
  const groups = (nClusters + 3) >>> 2;
  const norms = scratch + 32, tile = scratch + 64;
  const halfNorms = tile + (<usize>((nFeatures + 3) & ~3) << 5);
  const keys = halfNorms + (<usize>groups << 4);
  const largestSquare = placeHalfNorms(centers, nFeatures, nClusters, groups, halfNorms);
  const productError = relativeError * 4;
  const up = f32x4.splat(1 + relativeError), down = f32x4.splat(1 - relativeError);
  const error = f32x4.splat(absoluteError);
  for (let sample = first; sample < last; sample += 8) {
    for (let lane = 0; lane < 8; lane++) store<i32>(scratch + (<usize>lane << 2), min(sample + lane, last - 1));
    loadTile(rows, nFeatures, scratch, tile);
    storeSquaredNorms(tile, nFeatures, norms);
    nearestByProducts(tile, nFeatures, centers, halfNorms, groups, keys);
    findNearest(keys, nClusters, productBest0, productBest1);
    const n0 = v128.load(norms), n1 = v128.load(norms, 16);
    const r0 = roundingOf(n0, largestSquare, productError), r1 = roundingOf(n1, largestSquare, productError);
    const far0 = f32x4.mul(f32x4.sqrt(squareAtLeast(productSecond0, n0, r0)), down);
    const far1 = f32x4.mul(f32x4.sqrt(squareAtLeast(productSecond1, n1, r1)), down);
    const near0 = f32x4.mul(f32x4.sqrt(squareAtMost(productBest0, n0, r0)), up);
    const near1 = f32x4.mul(f32x4.sqrt(squareAtMost(productBest1, n1, r1)), up);
    const sure0 = f32x4.gt(far0, f32x4.add(near0, error)), sure1 = f32x4.gt(far1, f32x4.add(near1, error));
    // −1 − label is the complement of its bits.
    v128.store(tile, v128.xor(nearest0, v128.not(sure0)));
    v128.store(tile, v128.xor(nearest1, v128.not(sure1)), 16);
    const count = min(8, last - sample);
    memory.copy(labels + (<usize>sample << 2), tile, <usize>count << 2);
  }
}

/** Half the squared norms of the centers. @returns the largest square, rounded up */
function placeHalfNorms(centers: usize, nFeatures: i32, nClusters: i32, groups: i32, halfNorms: usize): f32 {
  let largest: f64 = 0;
  for (let c = 0; c < groups << 2; c++) {
    const target = halfNorms + (<usize>c << 2);
    if (c >= nClusters) {
      store<f32>(target, <f32>NOWHERE);
      continue;
    }
    let square: f64 = 0;
    let at = centers + (<usize>((c >>> 2) * nFeatures * 4 + (c & 3)) << 2);
    for (let j = 0; j < nFeatures; j++) {
      const value = <f64>load<f32>(at);
      square += value * value;
      at += 16;
    }
    store<f32>(target, <f32>(square / 2));
    largest = max(largest, square);
  }
  return <f32>(largest * 1.000001 + 1e-30);
}
