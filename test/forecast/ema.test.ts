import { describe, expect, it } from 'vitest';
import { ema, emaState, ewmMean } from '../../functions/forecast/ema.ts';
import { deviationOf } from '../../functions/stats/sample.ts';
import { dailySeries, daysAfter } from './daily-series.ts';

/** The vector of source S1's formulas, worked out with pandas. */
const Y = [10, 12, 11, 13, 12, 14, 13, 15, 14, 16, 15, 17, 16, 18];

describe('the exponential moving averages', () => {
  it('are those of pandas to 1e-12', () => {
    const { short, medium, long, base, trend } = emaState(Float64Array.from(Y));
    expect(Math.abs(short - 17.000427272172374)).toBeLessThan(1e-12);
    expect(Math.abs(medium - 15.98413116429279)).toBeLessThan(1e-12);
    expect(Math.abs(long - 15.144881461142626)).toBeLessThan(1e-12);
    expect(Math.abs(base - 16.324429277602547)).toBeLessThan(1e-12);
    expect(Math.abs(trend - 0.13253898650212484)).toBeLessThan(1e-12);
    expect(Math.abs(deviationOf(Float64Array.from(Y)) - 2.3204774044612857)).toBeLessThan(1e-12);
  });

  it('carry half of the trend on, in a band that widens with the root of the days', () => {
    const series = dailySeries(Y);
    const { point, halfWidth } = ema.project(series, daysAfter(series, 7));
    expect(point[0]).toBeCloseTo(16.390699, 6);
    expect(point[6]).toBeCloseTo(16.788316, 6);
    expect(halfWidth[0]).toBeCloseTo(4.548136, 6);
    expect(halfWidth[6]).toBeCloseTo(12.033236, 6);
  });

  it('let age pass over unknown days, as pandas does', () => {
    // pd.Series([1, nan, 3]).ewm(span=3).mean() → (1 · 0.25 + 3) / 1.25
    expect(ewmMean(Float64Array.of(1, Number.NaN, 3), 3)).toBeCloseTo(2.6, 12);
    expect(ewmMean(Float64Array.of(Number.NaN, Number.NaN), 3)).toBeNaN();
  });

  it('stay where they are on equal days, with a band of no width', () => {
    const series = dailySeries(Array(10).fill(4));
    const { point, halfWidth } = ema.project(series, daysAfter(series, 3));
    for (const value of point) expect(value).toBeCloseTo(4, 12);
    expect([...halfWidth]).toEqual([0, 0, 0]);
  });
});
