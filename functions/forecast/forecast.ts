import { FORECAST_METHODS } from '../contracts/campaign-records.ts';
import { InsufficientDataError, InvalidRequestError } from '../errors.ts';
import type { Accuracy } from './accuracy.ts';
import { type Backtest, backtest, MIN_ORIGINS, originsOf } from './backtest.ts';
import { type Calibration, calibrate } from './conformal.ts';
import type { Forecaster, ForecastMethod, Projection } from './forecaster.ts';
import { MIN_HISTORY, requireHistory, type TimeSeries } from './time-series.ts';

/** Version of what this room computes; part of every stored forecast. */
export const MODEL_VERSION = '1';

/** Steps that a forecast may reach ahead. */
export const MAX_HORIZON = 90;

/** Where a band comes from: the method's own formula, or that times a factor read off a backtest. */
export type BandKind = 'model' | 'calibrated';

export interface ForecastOptions {
  /** Default `auto`: the method with the least mean absolute error in a backtest. */
  readonly method?: ForecastMethod | 'auto';
  /** Default `calibrated` where the history allows; `model` is what the method itself says, of `ema` what source S1 prints. */
  readonly band?: BandKind;
}

/** One future step. */
export interface ForecastPoint {
  /** Seconds since 1970, on the grid of the series. */
  readonly timestamp: number;
  readonly predicted: number;
  readonly lower: number;
  readonly upper: number;
  /** Whether a value below 0 was raised to 0: counts and money have none. */
  readonly clamped: boolean;
}

/** How one method did in the backtest, or why it took no part. */
export interface MethodReport {
  readonly method: ForecastMethod;
  readonly accuracy?: Accuracy;
  /** Share of the backtest's values inside the calibrated 95% band; 0..1. */
  readonly coverage?: number;
  readonly leftOut?: 'short_history' | 'not_fitted';
}

/** A forecast with all that is needed to judge it. */
export interface SeriesForecast {
  readonly method: ForecastMethod;
  readonly band: BandKind;
  readonly points: readonly ForecastPoint[];
  /** Origins that the backtest forecast from; 0 when the history is too short for one. */
  readonly origins: number;
  /** The method used first; with `auto` then all others, best first. */
  readonly reports: readonly MethodReport[];
}

interface Judged {
  readonly forecaster: Forecaster;
  readonly result: Backtest;
}

/**
 * Forecasts the steps after a series of counts or money.
 * @param forecasters the methods there are
 * @param future timestamps of the steps to forecast, in seconds: 1..90 of them, going on where the series ends
 * @throws InsufficientDataError for fewer than 7 known values, fewer than the method needs, or no fit
 * @throws InvalidRequestError for a horizon outside 1..90 or a method that is not among the forecasters
 */
export function forecastSeries(
  series: TimeSeries,
  forecasters: readonly Forecaster[],
  future: Float64Array,
  { method = 'auto', band = 'calibrated' }: ForecastOptions = {},
): SeriesForecast {
  const horizon = future.length;
  if (horizon < 1 || horizon > MAX_HORIZON) {
    throw new InvalidRequestError(`The horizon must be 1 to ${MAX_HORIZON} steps, found ${horizon}.`);
  }
  requireHistory(series, MIN_HISTORY, 'A forecast');
  const asked = method === 'auto' ? simplestFirst(forecasters) : [named(forecasters, method)];
  if (method !== 'auto') {
    requireHistory(series, asked[0]!.minHistory(series.seasonLength), `The method '${method}'`);
  }
  const { judged, leftOut, origins } = judge(series, asked, horizon);
  const { forecaster, result }: Partial<Judged> & Pick<Judged, 'forecaster'> = judged[0] ?? {
    forecaster: asked[0]!,
  };
  const projection = forecaster.project(series, future);
  const calibration =
    result && band === 'calibrated' ? calibrate(result.folds, projection.halfWidth) : undefined;
  return {
    method: forecaster.method,
    band: calibration ? 'calibrated' : 'model',
    points: pointsOf(projection, future, calibration),
    origins,
    reports: [...judged.map(reportOf), ...leftOut],
  };
}

function simplestFirst(forecasters: readonly Forecaster[]): Forecaster[] {
  return FORECAST_METHODS.flatMap((method) => forecasters.filter((one) => one.method === method));
}

function named(forecasters: readonly Forecaster[], method: ForecastMethod): Forecaster {
  const found = forecasters.find((one) => one.method === method);
  if (found) return found;
  throw new InvalidRequestError(
    `The method '${method}' is not available here; choose one of ${forecasters.map((one) => one.method).join(', ')}.`,
  );
}

/** All methods on the same origins, least mean absolute error first; of equals the simpler one. */
function judge(series: TimeSeries, asked: readonly Forecaster[], horizon: number) {
  const supported = asked.filter(
    (one) => originsOf(series, one.minHistory(series.seasonLength), horizon).length >= MIN_ORIGINS,
  );
  const leftOut: MethodReport[] = asked
    .filter((one) => !supported.includes(one))
    .map(({ method }) => ({ method, leftOut: 'short_history' }));
  const needed = Math.max(...supported.map((one) => one.minHistory(series.seasonLength)));
  const origins = supported.length > 0 ? originsOf(series, needed, horizon) : [];
  const judged: Judged[] = [];
  for (const forecaster of supported) {
    try {
      judged.push({ forecaster, result: backtest(forecaster, series, origins, horizon) });
    } catch (error) {
      if (!(error instanceof InsufficientDataError)) throw error;
      leftOut.push({ method: forecaster.method, leftOut: 'not_fitted' });
    }
  }
  judged.sort((a, b) => errorOf(a) - errorOf(b));
  return { judged, leftOut, origins: judged.length > 0 ? origins.length : 0 };
}

const errorOf = ({ result }: Judged) => result.accuracy.mae ?? Number.MAX_VALUE;

function reportOf({ forecaster: { method }, result: { folds, accuracy } }: Judged): MethodReport {
  const calibration = calibrate(folds, folds.at(-1)!.halfWidth);
  return { method, accuracy, ...(calibration && { coverage: calibration.coverage }) };
}

function pointsOf(
  { point, halfWidth }: Projection,
  future: Float64Array,
  calibration: Calibration | undefined,
): ForecastPoint[] {
  return Array.from(point, (value, step) => {
    const own = calibration && !calibration.scaled ? 1 : halfWidth[step]!;
    const half = own * (calibration?.factor ?? 1);
    return {
      timestamp: future[step]!,
      predicted: Math.max(0, value),
      lower: Math.max(0, value - half),
      upper: Math.max(0, value + half),
      clamped: value - half < 0,
    };
  });
}
