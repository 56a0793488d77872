import { describe, expect, it } from 'vitest';
import { type KMeansOptions, kmeans, searchKMeans } from '../../functions/clustering/kmeans.ts';
import { runAttempt } from '../../functions/clustering/kmeans-restarts.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { blobs } from '../support/random-matrix.ts';

const kernels = loadKernelsSync();
const data = blobs(66_000, 3, 9, 21, { spread: 0.6, heavyTail: true });

/** Samples of each attempt of a fit. */
function attempts(options: KMeansOptions): number[] {
  return kernels.memory.scope(() => {
    const sizes: number[] = [];
    const search = searchKMeans(kernels, data, options);
    for (;;) {
      const { done, value } = search.next();
      if (done) return sizes;
      for (const attempt of value.attempts) {
        sizes.push(value.rows.nSamples);
        value.take(runAttempt(kernels, value.rows, attempt));
      }
    }
  });
}

describe('searchBestFit', () => {
  it('makes one start of a large table from the best of four on a sample, whether or not they agree', () => {
    for (const seed of [1, 2, 3]) {
      expect(attempts({ nClusters: 9, seed, nInit: 1 })).toEqual([16_384, 16_384, 16_384, 16_384, 66_000]);
    }
  });

  it('makes rounds on the sample until two restarts agree, and lets a start from all rows compete', () => {
    const sizes = attempts({ nClusters: 9, seed: 1, nInit: 10 });
    expect(sizes.filter((size) => size === 16_384).length % 10).toBe(0);
    expect(sizes.slice(-2)).toEqual([66_000, 66_000]);
  });

  it('loses at most a tenth of the inertia by one start instead of ten', () => {
    const best = kmeans(kernels, data, { nClusters: 9, seed: 1 }).inertia;
    for (const seed of [1, 2, 3]) {
      expect(kmeans(kernels, data, { nClusters: 9, seed, nInit: 1 }).inertia).toBeLessThan(1.1 * best);
    }
  });
});
