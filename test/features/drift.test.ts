import { describe, expect, it } from 'vitest';
import { numberBins, stabilityIndex, textBins } from '../../functions/features/drift.ts';
import { QuantileDigest } from '../../functions/stats/quantiles.ts';

const digestOf = (values: readonly number[]) => {
  const digest = new QuantileDigest();
  for (const value of values) digest.add(value);
  return digest;
};
const hundred = Array.from({ length: 100 }, (_, i) => i);
const countsOf = (counts: Record<string, number>) =>
  Object.entries(counts).map(([text, count]) => ({ text, count }));

describe('population stability index', () => {
  it('is 0 for the same values, numbers and texts', () => {
    const then = numberBins(digestOf(hundred), 0);
    expect(stabilityIndex(then, { digest: digestOf(hundred), missing: 0 })).toBeCloseTo(0, 12);
    const texts = countsOf({ BR: 60, US: 40 });
    expect(stabilityIndex(textBins(texts, 0), { ranked: texts, missing: 0 })).toBeCloseTo(0, 12);
  });

  it('is the sum of (p − q) ln(p ÷ q), worked by hand', () => {
    const then = textBins(countsOf({ BR: 50, US: 50 }), 0);
    const now = { ranked: countsOf({ BR: 80, US: 20 }), missing: 0 };
    const expected = 0.3 * Math.log(0.8 / 0.5) - 0.3 * Math.log(0.2 / 0.5);
    expect(stabilityIndex(then, now)).toBeCloseTo(expected, 6);
  });

  it('sees values that moved, texts that are new, and values that are missing now', () => {
    const then = numberBins(digestOf(hundred), 0);
    const moved = stabilityIndex(then, { digest: digestOf(hundred.map((x) => x + 50)), missing: 0 })!;
    const gone = stabilityIndex(then, { digest: digestOf(hundred.slice(0, 50)), missing: 50 })!;
    expect(moved).toBeGreaterThan(0.25);
    expect(gone).toBeGreaterThan(0.25);
    const texts = textBins(countsOf({ BR: 90, US: 10 }), 0);
    expect(stabilityIndex(texts, { ranked: countsOf({ BR: 45, FR: 55 }), missing: 0 })).toBeGreaterThan(0.25);
  });

  it('stays finite where a bin is empty, and is unknown where the kind of column changed', () => {
    const then = numberBins(digestOf(hundred), 0);
    expect(Number.isFinite(stabilityIndex(then, { digest: digestOf([5]), missing: 0 }))).toBe(true);
    expect(stabilityIndex(then, { ranked: countsOf({ a: 1 }), missing: 0 })).toBeUndefined();
  });

  it('takes columns without any value', () => {
    const then = numberBins(digestOf([]), 10);
    expect(stabilityIndex(then, { digest: digestOf([]), missing: 10 })).toBeCloseTo(0, 12);
  });
});
