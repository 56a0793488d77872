import { describe, expect, it } from 'vitest';
import { featureImportance } from '../../functions/features/feature-importance.ts';

const matrix = (rows: readonly (readonly number[])[]) => ({
  nSamples: rows.length,
  nFeatures: rows[0]!.length,
  values: Float32Array.from(rows.flat()),
});

describe('feature importance', () => {
  it('is the share of each feature’s variance between the clusters, worked by hand', () => {
    // First feature: all between (means 0 and 4). Second: 1 of 5 between (means 1 and 2; within ±1). Third: constant.
    const data = matrix([
      [0, 0, 7],
      [0, 2, 7],
      [4, 1, 7],
      [4, 3, 7],
    ]);
    const found = featureImportance(data, Int32Array.of(0, 0, 1, 1), 2);
    expect(found.map(({ explained }) => explained)).toEqual([1, 0.2, 0]);
    expect(found.map(({ share }) => share)).toEqual([16 / 17, 1 / 17, 0]);
  });

  it('leaves noise out, and takes clusters without rows', () => {
    const data = matrix([[0], [1], [10], [11], [1000]]);
    const [found] = featureImportance(data, Int32Array.of(0, 0, 2, 2, -1), 3);
    expect(found!.explained).toBeCloseTo(100 / 101, 12);
    expect(found!.share).toBe(1);
  });

  it('is nothing where there is a single cluster, or no row', () => {
    expect(featureImportance(matrix([[1], [2]]), Int32Array.of(0, 0), 1)).toEqual([
      { explained: 0, share: 0 },
    ]);
    expect(
      featureImportance({ nSamples: 0, nFeatures: 1, values: new Float32Array() }, new Int32Array(), 1),
    ).toEqual([{ explained: 0, share: 0 }]);
  });
});
