import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MomentsCollector, mergeMoments, momentsOf } from '../../functions/features/moments.ts';

function collect(values: Iterable<number>) {
  const collector = new MomentsCollector();
  for (const value of values) collector.add(value);
  return collector.finish();
}

describe('moments from exact sums', () => {
  it('computes a hand-worked example', () => {
    expect(momentsOf(collect([2, 4, 4, 4, 5, 5, 7, 9]))).toEqual({
      count: 8,
      mean: 5,
      standardDeviation: 2,
      min: 2,
      max: 9,
    });
  });

  it('keeps the deviation of a spread of one on a mean of a thousand million', () => {
    const { mean, standardDeviation } = momentsOf(collect([1e9 - 1, 1e9, 1e9 + 1]));
    expect(mean).toBe(1e9);
    expect(standardDeviation).toBe(Math.sqrt(2 / 3));
  });

  it('gives the same bits however the values are split and ordered', () => {
    const value = fc.double({ noNaN: true, min: -1e12, max: 1e12 });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 7 }),
        (values, parts) => {
          const split = Array.from({ length: parts }, (_, part) =>
            collect(values.filter((_, i) => i % parts === part).reverse()),
          );
          expect(momentsOf(mergeMoments(split))).toEqual(momentsOf(collect(values)));
        },
      ),
    );
  });

  it('merges empty parts without a trace', () => {
    const empty = collect([]);
    expect(mergeMoments([empty, collect([3]), empty])).toEqual(collect([3]));
    expect(mergeMoments([empty])).toEqual(empty);
  });
});
