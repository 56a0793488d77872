import { beforeAll, describe, expect, it } from 'vitest';
import { FORECAST_METHODS } from '../../functions/contracts/campaign-records.ts';
import { InsufficientDataError, InvalidRequestError } from '../../functions/errors.ts';
import { augursForecasters } from '../../functions/forecast/augurs.ts';
import { ema } from '../../functions/forecast/ema.ts';
import { type ForecastOptions, forecastSeries } from '../../functions/forecast/forecast.ts';
import type { Forecaster } from '../../functions/forecast/forecaster.ts';
import { linear } from '../../functions/forecast/linear.ts';
import { loadAugurs } from '../../functions/load-augurs.ts';
import { dailySeries, daysAfter } from './daily-series.ts';

let forecasters: Forecaster[];

beforeAll(async () => {
  forecasters = [ema, linear, ...augursForecasters(await loadAugurs())];
});

const forecast = (values: Iterable<number>, options: ForecastOptions = {}, horizon = 7) => {
  const series = dailySeries(values);
  return forecastSeries(series, forecasters, daysAfter(series, horizon), options);
};
const days = (count: number, value: (day: number) => number) =>
  Array.from({ length: count }, (_, i) => value(i));
/** A level, a weekly season and noise that no method can know. */
const weekly = (day: number) => 50 + 20 * Math.sin((2 * Math.PI * day) / 7) + 3 * Math.sin(day * day);

describe('a forecast', () => {
  it.each(FORECAST_METHODS)('by %s goes on from 70 days with a band around it', (method) => {
    const { points, method: used } = forecast(days(70, weekly), { method });
    expect(used).toBe(method);
    expect(points).toHaveLength(7);
    for (const { predicted, lower, upper } of points) {
      expect(lower).toBeGreaterThanOrEqual(0);
      expect(lower).toBeLessThanOrEqual(predicted);
      expect(upper).toBeGreaterThanOrEqual(predicted);
    }
  });

  it.each(['mstl', 'prophet'] as const)('by %s follows a weekly season that a line cannot', (method) => {
    const error = (points: readonly { predicted: number }[]) =>
      points.reduce((sum, { predicted }, i) => sum + Math.abs(predicted - weekly(70 + i)), 0) / points.length;
    const seasonal = error(forecast(days(70, weekly), { method }).points);
    expect(seasonal).toBeLessThan(5);
    expect(seasonal).toBeLessThan(error(forecast(days(70, weekly), { method: 'linear' }).points) / 2);
  });

  it.each(FORECAST_METHODS)('by %s is the same twice, bit for bit', (method) => {
    expect(forecast(days(40, weekly), { method })).toEqual(forecast(days(40, weekly), { method }));
  });

  it.each(FORECAST_METHODS)('by %s takes unknown days', (method) => {
    const holes = days(63, (day) => (day % 9 === 4 ? Number.NaN : weekly(day)));
    for (const { predicted } of forecast(holes, { method }).points) expect(predicted).toBeGreaterThan(0);
  });

  it.each(FORECAST_METHODS)('by %s of equal days is that day again, without width', (method) => {
    const { points } = forecast(
      days(40, () => 12),
      { method },
    );
    for (const { predicted, lower, upper } of points) {
      expect(predicted).toBeCloseTo(12, 9);
      expect(upper - lower).toBeLessThan(1e-9);
    }
  });

  it.each(FORECAST_METHODS)('by %s of nothing but zeros is zero', (method) => {
    expect(
      forecast(
        days(40, () => 0),
        { method },
      ).points.every(({ predicted }) => predicted === 0),
    ).toBe(true);
  });

  it('never goes below zero, and says where it was kept from it', () => {
    const { points } = forecast(
      days(20, (day) => 20 - day),
      { method: 'linear' },
      10,
    );
    expect(points.every(({ lower, predicted, upper }) => Math.min(lower, predicted, upper) >= 0)).toBe(true);
    expect(points.at(-1)).toMatchObject({ predicted: 0, lower: 0, clamped: true });
  });

  it('by ema has a calibrated band, and that of the source on request or where the history is short', () => {
    const plain = forecast(days(60, weekly), { method: 'ema', band: 'model' });
    const series = dailySeries(days(60, weekly));
    const { point, halfWidth } = ema.project(series, daysAfter(series, 7));
    expect(plain.band).toBe('model');
    expect(plain.points[6]!.upper).toBe(point[6]! + halfWidth[6]!);
    const calibrated = forecast(days(60, weekly), { method: 'ema' });
    expect(calibrated.band).toBe('calibrated');
    expect(calibrated.points.map(({ predicted }) => predicted)).toEqual(
      plain.points.map(({ predicted }) => predicted),
    );
    // The fourteen values that the source is held against are too few for a backtest.
    const short = dailySeries([10, 12, 11, 13, 12, 14, 13, 15, 14, 16, 15, 17, 16, 18]);
    const { band, points } = forecast([...short.values], { method: 'ema' });
    expect(band).toBe('model');
    expect(points[0]!.predicted).toBeCloseTo(16.390698770854076, 12);
    expect(points[6]!.upper - points[6]!.predicted).toBeCloseTo(12.033236, 6);
  });
});

describe('auto', () => {
  it('takes a seasonal method for a seasonal series', () => {
    const { method, reports, origins } = forecast(days(84, weekly));
    expect(['mstl', 'prophet']).toContain(method);
    expect(reports.map((report) => report.method).toSorted()).toEqual([...FORECAST_METHODS].toSorted());
    expect(origins).toBe(8);
  });

  it('takes the line for a trend in much noise', () => {
    const { method, points } = forecast(days(80, (day) => 100 + 3 * day + 40 * Math.sin(day * day)));
    expect(method).toBe('linear');
    expect(points[0]!.predicted).toBeCloseTo(340, -2);
  });

  it('falls back to ema when the history is too short for a backtest', () => {
    const { method, band, origins, reports } = forecast(days(8, weekly));
    expect({ method, band, origins }).toEqual({ method: 'ema', band: 'model', origins: 0 });
    expect(reports.every(({ leftOut }) => leftOut === 'short_history')).toBe(true);
  });

  it('tells of every method that was judged how it did', () => {
    for (const { accuracy, coverage } of forecast(days(84, weekly)).reports) {
      expect(accuracy!.mase).toBeGreaterThan(0);
      expect(accuracy!.smape).toBeLessThan(200);
      expect(coverage).toBeGreaterThan(0.5);
    }
  });
});

describe('a refusal', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])('fails with what was found and what is needed for %i days', (count) => {
    for (const method of ['auto', ...FORECAST_METHODS] as const) {
      expect(() => forecast(days(count, weekly), { method })).toThrow(InsufficientDataError);
    }
    expect(() => forecast(days(count, weekly))).toThrow(`needs 7 known values, and ${count} `);
  });

  it('fails for days that are there but unknown', () => {
    expect(() => forecast(days(30, (day) => (day < 24 ? Number.NaN : 1)))).toThrow(InsufficientDataError);
  });

  it('fails for a method that needs more than there is', () => {
    expect(() => forecast(days(13, weekly), { method: 'prophet' })).toThrow("The method 'prophet' needs 14");
    expect(() => forecast(days(20, weekly), { method: 'mstl' })).toThrow("The method 'mstl' needs 21");
  });

  it('fails for a horizon that is none', () => {
    expect(() => forecast(days(20, weekly), {}, 0)).toThrow(InvalidRequestError);
    expect(() => forecast(days(20, weekly), {}, 91)).toThrow(InvalidRequestError);
  });

  it('fails for infinite values and for days out of order', () => {
    expect(() => forecast([1, 2, 3, 4, 5, 6, 7, Number.POSITIVE_INFINITY])).toThrow(InvalidRequestError);
    const series = dailySeries(days(8, weekly));
    series.timestamps[3] = 0;
    expect(() => forecastSeries(series, forecasters, daysAfter(series, 1))).toThrow('ascending');
  });
});
