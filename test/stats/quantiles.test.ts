import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXACT_LIMIT, QuantileDigest, RELATIVE_ERROR } from '../../functions/stats/quantiles.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });

function digestOf(values: Iterable<number>, limit = EXACT_LIMIT) {
  const digest = new QuantileDigest(limit);
  for (const value of values) digest.add(value);
  return digest;
}

/** Plain sorting, the independent answer. */
function sortedMedian(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const [below = Number.NaN, above = Number.NaN] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.floor(sorted.length / 2)],
  ];
  return below === above ? below : (below + above) / 2;
}

describe('an exact digest', () => {
  it('gives the middle value of an odd number and the mean of the middle two of an even number', () => {
    expect(digestOf([9, 1, 5]).median()).toBe(5);
    expect(digestOf([1, 2, 10, 3]).median()).toBe(2.5);
    expect(digestOf([4, 4, 4, 4]).median()).toBe(4);
    expect(digestOf([-7]).median()).toBe(-7);
  });

  it('interpolates quantiles as pandas does', () => {
    // pandas: Series([1, 2, 4, 8]).quantile([0, .25, .5, .9, 1])
    const digest = digestOf([8, 1, 4, 2]);
    const quantiles = [0, 0.25, 0.5, 0.9, 1].map((q) => digest.quantile(q));
    [1, 1.75, 3, 6.8, 8].forEach((expected, i) => {
      expect(quantiles[i]).toBeCloseTo(expected, 12);
    });
  });

  it('has no quantiles when it is empty', () => {
    expect(new QuantileDigest().median()).toBeNaN();
    expect(new QuantileDigest().quantile(0.5)).toBeNaN();
  });

  it('agrees with sorting for any values', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 60 }), (values) => {
        expect(digestOf(values).median()).toBe(sortedMedian(values) + 0);
      }),
    );
  });

  it('has no negative zero', () => {
    expect(digestOf([-Number.MIN_VALUE, 0]).median()).toBe(0);
  });

  it('keeps 65,536 distinct values exactly and collapses at the next', () => {
    const digest = digestOf(Array.from({ length: EXACT_LIMIT }, (_, i) => i));
    expect([digest.exact, digest.median()]).toEqual([true, 32767.5]);
    digest.add(0);
    expect(digest.exact).toBe(true);
    digest.add(EXACT_LIMIT);
    expect(digest.exact).toBe(false);
    expect(Math.abs(digest.median() - 32767.5) / 32767.5).toBeLessThanOrEqual(RELATIVE_ERROR);
  });
});

describe('a bucketed digest', () => {
  it('stays within the documented relative error at any magnitude and either sign', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -300, max: 300 }),
        fc.double({ min: 1, max: 10, noNaN: true }),
        (e, m) => {
          for (const value of [m * 10 ** e, -m * 10 ** e]) {
            const error = Math.abs(digestOf([value, value * 2], 1).quantile(value > 0 ? 0 : 1) - value);
            expect(error / Math.abs(value)).toBeLessThanOrEqual(RELATIVE_ERROR);
          }
        },
      ),
    );
  });

  it('orders negative values, zero and positive values', () => {
    const digest = digestOf([3, -2, 0, -1, 7], 2);
    expect(digest.exact).toBe(false);
    expect(digest.median()).toBe(0);
    expect(digest.quantile(0)).toBeCloseTo(-2, 2);
    expect(digest.quantile(1)).toBeCloseTo(7, 2);
  });
});

describe('merging', () => {
  it('gives the same bytes however the values are ordered and split', () => {
    const shards = fc.array(fc.array(finite, { maxLength: 12 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(shards, fc.integer({ min: 1, max: 40 }), (parts, limit) => {
        const merged = new QuantileDigest(limit);
        for (const part of parts.toReversed()) {
          const decoded = QuantileDigest.from(JSON.parse(JSON.stringify(digestOf(part, limit))), limit);
          merged.merge(decoded);
        }
        const whole = digestOf(parts.flat(), limit);
        expect(JSON.stringify(merged)).toBe(JSON.stringify(whole));
        expect(merged.total).toBe(whole.total);
        expect(Object.is(merged.median(), whole.median())).toBe(true);
      }),
    );
  });

  it('treats zero and minus zero as one value', () => {
    expect(JSON.stringify(digestOf([0, -0]))).toBe(JSON.stringify(digestOf([-0, 0])));
    expect(digestOf([0, -0]).toJSON()).toEqual({ exact: true, keys: [0], counts: [2] });
  });
});

describe('values that are no numbers', () => {
  it('fails for NaN and infinities, naming what was found', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => new QuantileDigest().add(value)).toThrow(String(value));
    }
  });
});
