import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../functions/json-objects.ts';
import { type PartialProfile, SegmentProfiles } from '../../functions/segments/profile.ts';

type Row = readonly [label: number, recency: number, monetary: number];

function profilesOf(rows: readonly Row[], nClusters = 3) {
  const profiles = new SegmentProfiles(nClusters, ['recency_days', 'monetary']);
  profiles.addRows(
    Int32Array.from(rows, ([label]) => label),
    [
      Float64Array.from(rows, ([, recency]) => recency),
      Float64Array.from(rows, ([, , monetary]) => monetary),
    ],
  );
  return profiles;
}

const overJson = (profiles: SegmentProfiles): PartialProfile => JSON.parse(canonicalJson(profiles));

describe('segment profiles', () => {
  it('hold mean, median, minimum and maximum of every feature, worked by hand', () => {
    const [first, second] = profilesOf([
      [0, 10, 1.5],
      [1, 7, -2],
      [0, 40, 2.5],
      [0, 20, 100],
      [1, 9, 4],
    ]).segments();
    expect(first).toEqual({
      segmentId: 0,
      size: 3,
      statistics: {
        recency_days: { mean: 70 / 3, median: 20, min: 10, max: 40 },
        monetary: { mean: 104 / 3, median: 2.5, min: 1.5, max: 100 },
      },
    });
    expect(second?.statistics).toEqual({
      recency_days: { mean: 8, median: 8, min: 7, max: 9 },
      monetary: { mean: 1, median: 1, min: -2, max: 4 },
    });
  });

  it('leave out segments without a row', () => {
    const profiles = profilesOf([[2, 1, 1]]);
    expect(profiles.segments().map(({ segmentId }) => segmentId)).toEqual([2]);
    expect(overJson(profiles).segments).toHaveLength(1);
    expect(profilesOf([]).segments()).toEqual([]);
  });

  it('sum exactly where floating-point addition would lose money', () => {
    const [segment] = profilesOf([
      [0, 1, 1e16],
      [0, 1, 1],
      [0, 1, -1e16],
      [0, 1, 1],
    ]).segments();
    expect(segment?.statistics.monetary?.mean).toBe(0.5);
  });

  it('merge to the same statistics, to the last bit, however the rows are ordered and split', () => {
    const amount = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    const row = fc.tuple(fc.integer({ min: 0, max: 2 }), amount, amount);
    fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 10 }), { minLength: 1, maxLength: 5 }), (parts) => {
        const merged = profilesOf([]);
        for (const part of parts.toReversed()) merged.merge(overJson(profilesOf(part)));
        const whole = profilesOf(parts.flat());
        expect(canonicalJson(merged.segments())).toBe(canonicalJson(whole.segments()));
        expect(merged.total).toBe(parts.flat().length);
      }),
    );
  });

  it('give the quantiles of all rows together', () => {
    const quantile = profilesOf([
      [0, 1, 10],
      [1, 2, 20],
      [2, 3, 30],
      [0, 4, 40],
      [1, 5, 50],
    ]).populationQuantile();
    expect([quantile('recency_days', 0.5), quantile('monetary', 0.25), quantile('monetary', 1)]).toEqual([
      3, 20, 50,
    ]);
  });

  it('fails for a label outside the clusters, naming the row', () => {
    expect(() =>
      profilesOf([
        [0, 1, 1],
        [3, 1, 1],
      ]),
    ).toThrow('Row 1 has label 3; expected 0 to 2.');
  });

  it('leaves values that are missing out of the statistics, not out of the size', () => {
    const [segment] = profilesOf([
      [0, Number.NaN, 1],
      [0, 4, 3],
    ]).segments();
    expect(segment?.size).toBe(2);
    expect(Object.values(segment!.statistics)[0]).toEqual({ mean: 4, median: 4, min: 4, max: 4 });
  });
});
