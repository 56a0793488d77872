import { best0, best1, index0, index1, nearestOfBlock, second0, second1 } from './kmeans-nearest';
import { loadTile } from './rows';

/**
 * Nearest center of every sample, where float32 can tell.
 *
 * @param rows IN f32 [nSamples][nFeatures], see `place_rows_f32`
 * @param first,last samples of this call
 * @param centers IN f32 [⌈k / 4⌉][nFeatures][4], lanes past k hold 1e18
 * @param labels OUT i32 [nSamples]; −1 − label where the two nearest centers are too close to tell
 * @param relativeError bound of the relative error of a float32 distance
 * @param absoluteError bound of what rounding rows and centers adds to a difference of two distances
 * @param scratch SCRATCH 32 bytes, then f32 [nFeatures rounded up to 4][8]
 * Cost: one read of the rows.
 */
export function nearest_center_f32(
  rows: usize, first: i32, last: i32, nFeatures: i32, centers: usize, nClusters: i32, labels: usize,
  relativeError: f32, absoluteError: f32, scratch: usize,
): void {
  const groups = (nClusters + 3) >>> 2;
  const tile = scratch + 32;
  const up = f32x4.splat(1 + relativeError), down = f32x4.splat(1 - relativeError);
  const error = f32x4.splat(absoluteError);
  for (let sample = first; sample < last; sample += 8) {
    for (let lane = 0; lane < 8; lane++) store<i32>(scratch + (<usize>lane << 2), min(sample + lane, last - 1));
    loadTile(rows, nFeatures, scratch, tile);
    nearestOfBlock(tile, nFeatures, centers, groups, 0, 0);
    const sure0 = f32x4.gt(f32x4.mul(f32x4.sqrt(second0), down), f32x4.add(f32x4.mul(f32x4.sqrt(best0), up), error));
    const sure1 = f32x4.gt(f32x4.mul(f32x4.sqrt(second1), down), f32x4.add(f32x4.mul(f32x4.sqrt(best1), up), error));
    // −1 − label is the complement of its bits.
    v128.store(tile, v128.xor(index0, v128.not(sure0)));
    v128.store(tile, v128.xor(index1, v128.not(sure1)), 16);
    const count = min(8, last - sample);
    memory.copy(labels + (<usize>sample << 2), tile, <usize>count << 2);
  }
}
