import type { TimeSeries } from './time-series.ts';

/** Share of the future values that a band is meant to hold (source S1). */
export const CONFIDENCE_LEVEL = 0.95;

/** Standard normal quantile of a two-sided 95% band, rounded as source S1 rounds it. */
export const Z_95 = 1.96;

/** Ways to forecast, from the simplest to the most costly; among equals `auto` takes the first. */
export const FORECAST_METHODS = ['ema', 'linear', 'ets', 'mstl', 'prophet'] as const;
export type ForecastMethod = (typeof FORECAST_METHODS)[number];

/** What a method says of the steps after a series. */
export interface Projection {
  /** One value per future step. */
  readonly point: Float64Array;
  /** Half-width of the method's own 95% band per future step; ≥ 0. */
  readonly halfWidth: Float64Array;
}

/** One way to forecast. Pure: the same series gives the same projection, bit for bit. */
export interface Forecaster {
  readonly method: ForecastMethod;
  /** Known values that the method needs for a season of `seasonLength` steps. */
  minHistory(seasonLength: number): number;
  /**
   * @param future timestamps of the steps to forecast, in seconds; they go on where the series ends
   * @throws InsufficientDataError when the method finds no fit
   */
  project(series: TimeSeries, future: Float64Array): Projection;
}
