import { describe, expect, it } from 'vitest';
import { silhouetteSample } from '../../functions/clustering/silhouette-sample.ts';

/** Rows [i, −i] with a large cluster 0, a small 1 and a tiny 2. */
function clustered(nSamples: number) {
  const values = Float32Array.from({ length: 2 * nSamples }, (_, at) =>
    at % 2 === 0 ? at / 2 : -(at - 1) / 2,
  );
  const labels = Int32Array.from({ length: nSamples }, (_, i) => (i < 5 ? 2 : i % 10 === 0 ? 1 : 0));
  return { data: { nSamples, nFeatures: 2, values }, labels };
}

const sizesOf = (labels: Int32Array) => [0, 1, 2].map((c) => labels.filter((label) => label === c).length);

describe('the rows a silhouette is computed on', () => {
  it('are all rows up to the limit', () => {
    const all = clustered(1000);
    expect(silhouetteSample(all, 3, 42, 1000)).toEqual(all);
  });

  it('are drawn from every cluster in proportion, and wholly from one of a few rows', () => {
    const sample = silhouetteSample(clustered(10_000), 3, 42, 1000);
    expect(sizesOf(sample.labels)).toEqual([899, 99, 5]);
    expect(sample.data.nSamples).toBe(sample.labels.length);
  });

  it('are whole rows of the data, each at most once, with their own labels', () => {
    const all = clustered(10_000);
    const { data, labels } = silhouetteSample(all, 3, 7, 1000);
    const rows = Array.from(labels, (_, i) => data.values[2 * i] ?? -1);
    expect(new Set(rows).size).toBe(rows.length);
    for (const [i, row] of rows.entries()) {
      expect(data.values[2 * i + 1]).toBe(-row);
      expect(labels[i]).toBe(all.labels[row]);
    }
  });

  it('depend on the seed alone', () => {
    const draw = (seed: number) => silhouetteSample(clustered(10_000), 3, seed, 1000).data.values;
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});
