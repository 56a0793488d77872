import { describe, expect, it } from 'vitest';
import { accuracyOf, seasonalNaiveError } from '../../functions/forecast/accuracy.ts';
import { backtest, originsOf } from '../../functions/forecast/backtest.ts';
import { calibrate } from '../../functions/forecast/conformal.ts';
import { linear } from '../../functions/forecast/linear.ts';
import { fillGaps } from '../../functions/forecast/time-series.ts';
import { validatePrediction } from '../../functions/forecast/validate.ts';
import { dailySeries } from './daily-series.ts';

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const fold = (actual: number[], predicted: number[], halfWidth: number[]) => ({
  actual: Float64Array.from(actual),
  predicted: Float64Array.from(predicted),
  point: Float64Array.from(predicted),
  halfWidth: Float64Array.from(halfWidth),
});

describe('accuracy', () => {
  it('is worked out by hand', () => {
    const compared = { actual: Float64Array.of(10, 20, 0), predicted: Float64Array.of(12, 15, 0) };
    const { mae, mase, smape } = accuracyOf([compared], 2);
    expect(mae).toBeCloseTo(7 / 3, 12);
    expect(mase).toBeCloseTo(7 / 6, 12);
    expect(smape).toBeCloseTo((400 / 22 + 1000 / 35) / 3, 12);
  });

  it('passes over days whose value is unknown, and tells nothing of none', () => {
    const unknown = { actual: Float64Array.of(Number.NaN), predicted: Float64Array.of(1) };
    expect(accuracyOf([unknown], 1)).toEqual({ compared: 0 });
    expect(accuracyOf([{ actual: Float64Array.of(1), predicted: Float64Array.of(2) }], 0)).not.toHaveProperty(
      'mase',
    );
  });

  it('is scaled by what repeating the last season would miss', () => {
    expect(seasonalNaiveError(Float64Array.of(1, 2, 4, 8), 2)).toBe((3 + 6) / 2);
    expect(seasonalNaiveError(Float64Array.of(1, 2), 2)).toBeNaN();
  });
});

describe('a backtest', () => {
  it('forecasts from eight origins a horizon apart, the last one horizon before the end', () => {
    expect(originsOf(dailySeries(range(90)), 14, 7)).toEqual([34, 41, 48, 55, 62, 69, 76, 83]);
  });

  it('puts origins closer where history is short, and more of them for one step', () => {
    expect(originsOf(dailySeries(range(20)), 7, 7)).toEqual([7, 8, 9, 10, 11, 12, 13]);
    expect(originsOf(dailySeries(range(60)), 7, 1)).toHaveLength(24);
    expect(originsOf(dailySeries(range(16)), 7, 7)).toEqual([]);
  });

  it('counts known days, not days', () => {
    const series = dailySeries(range(40).map((day) => (day < 10 ? Number.NaN : day)));
    expect(originsOf(series, 7, 7)[0]).toBeGreaterThanOrEqual(17);
  });

  it('shows a method the days before the origin alone', () => {
    const series = dailySeries([...range(30), ...range(7).map(() => 1000)]);
    const { folds } = backtest(linear, series, [30], 7);
    folds[0]!.predicted.forEach((value, i) => {
      expect(value).toBeCloseTo(30 + i, 9);
    });
    expect(folds[0]!.actual[0]).toBe(1000);
  });
});

describe('a calibrated band', () => {
  it('takes the residual of the rank that conformal prediction asks for', () => {
    // 20 residuals 1..20 with half-widths 10: rank ⌈21 · 0.95⌉ = 20, the largest.
    const folds = range(20).map((i) => fold([i + 1], [0], [10]));
    expect(calibrate(folds, Float64Array.of(10))).toMatchObject({ factor: 2, scaled: true, residuals: 20 });
  });

  it('is a width in units of the metric where the method has none of its own', () => {
    const folds = range(20).map((i) => fold([i + 1], [0], [0]));
    expect(calibrate(folds, Float64Array.of(0))).toMatchObject({ factor: 20, scaled: false });
  });

  it('counts each fold against the band of the others', () => {
    const folds = [...range(39).map(() => fold([1], [0], [1])), fold([9], [0], [1])];
    // Without the outlier the others give a factor of 1, and the outlier alone lies outside.
    expect(calibrate(folds, Float64Array.of(1))!.coverage).toBeCloseTo(39 / 40, 12);
  });

  it('is not there for fewer than 19 residuals', () => {
    const folds = range(18).map(() => fold([1], [0], [1]));
    expect(calibrate(folds, Float64Array.of(1))).toBeUndefined();
    expect(calibrate([...folds, fold([1], [0], [1])], Float64Array.of(1))).toBeDefined();
  });
});

describe('a validated prediction', () => {
  const band = { predicted: 8, lower: 6, upper: 10 };

  it('has its absolute and its percentage error', () => {
    expect(validatePrediction(band, 10)).toEqual({
      actualValue: 10,
      absoluteError: 2,
      percentageError: 20,
      insideBand: true,
    });
    expect(validatePrediction(band, 5).insideBand).toBe(false);
  });

  it('has no percentage of an actual value of zero', () => {
    expect(validatePrediction(band, 0)).toEqual({ actualValue: 0, absoluteError: 8, insideBand: false });
  });
});

describe('a series without holes', () => {
  it('has straight lines in them, and its ends drawn out', () => {
    const { NaN: hole } = Number;
    expect([...fillGaps(Float64Array.of(hole, 2, hole, hole, 8, hole))]).toEqual([2, 2, 4, 6, 8, 8]);
  });
});
