import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MomentsCollector, mergeMoments, momentsOf } from '../../functions/features/moments.ts';
import {
  applyTransform,
  fitZscore,
  invertTransform,
  transformColumn,
} from '../../functions/features/scale.ts';

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

describe('standardisation', () => {
  it('maps the mean to 0 and one deviation to 1', () => {
    const transform = fitZscore('frequency', 'orders', momentsOf(collect([2, 4, 4, 4, 5, 5, 7, 9])));
    expect([5, 7, 1].map((raw) => applyTransform(transform, raw))).toEqual([0, 1, -2]);
    expect(invertTransform(transform, -2)).toBe(1);
  });

  it('maps a constant column to 0', () => {
    const transform = fitZscore('frequency', 'orders', momentsOf(collect([0.1, 0.1, 0.1])));
    expect(transform).toMatchObject({ offset: 0.1, scale: 1 });
    expect([...transformColumn(transform, Float64Array.of(0.1, 0.1))]).toEqual([0, 0]);
  });

  it('gives one value exactly what it gives the column', () => {
    const transform = fitZscore('monetary', 'currency', momentsOf(collect([1.1, 2.7, 1e5, 0.3])));
    const raw = Float64Array.of(1.1, 2.7, 1e5, 0.3, 12.34);
    expect([...transformColumn(transform, raw)]).toEqual([...raw].map((x) => applyTransform(transform, x)));
  });
});
