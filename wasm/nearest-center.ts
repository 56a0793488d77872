import { best0, best1, index0, index1, nearestOfBlock, second0, second1 } from './kmeans-nearest';

/**
 * Nearest center of every sample, where float32 can tell.
 *
 * @param packed IN f32 blocks of 8 samples, see `pack_f32`
 * @param centers IN f32 [⌈k / 4⌉][nFeatures][4], lanes past k hold 1e18
 * @param labels OUT i32 [nBlocks × 8]
 * @param relativeError bound of the relative error of a float32 distance
 * @param absoluteError bound of what rounding samples and centers adds to a difference of two distances
 * @returns samples whose two nearest centers are too close to tell: their labels are −1 − label
 * Cost: one read of the blocks.
 */
export function nearest_center_f32(
  packed: usize, first: i32, last: i32, nFeatures: i32, centers: usize, nClusters: i32, labels: usize,
  relativeError: f32, absoluteError: f32,
): i32 {
  const blockBytes = <usize>nFeatures << 5;
  const groups = (nClusters + 3) >>> 2;
  const up = f32x4.splat(1 + relativeError), down = f32x4.splat(1 - relativeError);
  const error = f32x4.splat(absoluteError);
  let unsure = 0;
  for (let block = first; block < last; block++) {
    nearestOfBlock(packed + <usize>block * blockBytes, nFeatures, centers, groups, 0);
    const at = labels + (<usize>block << 5);
    const sure0 = f32x4.gt(f32x4.mul(f32x4.sqrt(second0), down), f32x4.add(f32x4.mul(f32x4.sqrt(best0), up), error));
    const sure1 = f32x4.gt(f32x4.mul(f32x4.sqrt(second1), down), f32x4.add(f32x4.mul(f32x4.sqrt(best1), up), error));
    // −1 − label is the complement of its bits.
    v128.store(at, v128.xor(index0, v128.not(sure0)));
    v128.store(at, v128.xor(index1, v128.not(sure1)), 16);
    unsure += 8 - popcnt(i32x4.bitmask(sure0)) - popcnt(i32x4.bitmask(sure1));
  }
  return unsure;
}
