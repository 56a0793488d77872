import { describe, expect, it } from 'vitest';
import {
  estimateSilhouette,
  rowsByCluster,
  sampleRows,
} from '../../functions/clustering/silhouette-sample.ts';
import { silhouetteScore } from '../../functions/clustering/validity.ts';
import { loadKernels } from '../../functions/kernels/instance.ts';
import { Random } from '../../functions/stats/random.ts';

/** Most of a large sample's error: three standard errors of a mean of 1,500 silhouettes that spread by about 0.25. */
const SAMPLING_ERROR = 0.02;

/** Overlapping blobs of 80%, 19.8% and 0.2% of the rows. */
function blobs(nSamples: number) {
  const random = new Random(5);
  const values = new Float32Array(2 * nSamples);
  const labels = Int32Array.from({ length: nSamples }, (_, i) => (i % 500 === 0 ? 2 : i % 5 === 0 ? 1 : 0));
  labels.forEach((label, i) => {
    const [x = 0, y = 0] = [
      [0, 0],
      [4, 0],
      [0, 9],
    ][label] as number[];
    values[2 * i] = random.normal(x, 1);
    values[2 * i + 1] = random.normal(y, 1);
  });
  return { data: { nSamples, nFeatures: 2, values }, labels };
}

describe('the estimate of the silhouette', () => {
  it('is the exact score up to the limit', async () => {
    const kernels = await loadKernels();
    const { data, labels } = blobs(800);
    expect(estimateSilhouette(kernels, data, labels, 3, 42, 800)).toEqual({
      silhouette: silhouetteScore(kernels, data, labels, 3),
      nSamples: 800,
    });
  });

  it('comes close to the exact score on a sample', async () => {
    const kernels = await loadKernels();
    const { data, labels } = blobs(12_000);
    const exact = silhouetteScore(kernels, data, labels, 3);
    for (const seed of [1, 2, 3]) {
      const estimate = estimateSilhouette(kernels, data, labels, 3, seed, 1500);
      expect(estimate.nSamples).toBeLessThan(1600);
      expect(Math.abs(estimate.silhouette - exact)).toBeLessThan(SAMPLING_ERROR);
    }
  });

  it('depends on data and seed alone', async () => {
    const kernels = await loadKernels();
    const { data, labels } = blobs(3000);
    const estimate = (seed: number) => estimateSilhouette(kernels, data, labels, 3, seed, 500);
    expect(estimate(1)).toEqual(estimate(1));
    expect(estimate(1)).not.toEqual(estimate(2));
  });
});

describe('the sampled rows', () => {
  const labels = Int32Array.from({ length: 10_000 }, (_, i) => (i < 5 ? 2 : i % 10 === 0 ? 1 : 0));
  const members = rowsByCluster(labels, 3);
  const rows = sampleRows(members, labels.length, 42, 1000);

  it('come from every cluster in proportion, and wholly from one of a few rows', () => {
    const sizes = [0, 1, 2].map((c) => rows.filter((row) => labels[row] === c).length);
    expect(sizes).toEqual([899, 99, 5]);
  });

  it('are different rows', () => {
    expect(new Set(rows).size).toBe(rows.length);
    expect(members.map(({ length }) => length)).toEqual([8996, 999, 5]);
  });

  it('are none of a cluster without rows', () => {
    const withEmpty = rowsByCluster(labels, 4);
    expect(withEmpty[3]).toEqual(new Int32Array(0));
    expect(sampleRows(withEmpty, labels.length, 42, 1000)).toEqual(rows);
  });
});
