import { InsufficientDataError } from '../errors.ts';
import { accuracyOf, seasonalNaiveError } from './accuracy.ts';
import { forecastSeries } from './forecast.ts';
import type { Forecaster, ForecastMethod } from './forecaster.ts';
import { head, knownCount, MIN_HISTORY, type TimeSeries } from './time-series.ts';

/** Series below which a choice for all of them says nothing. */
export const MIN_SERIES = 10;

/** Mean over series of MASE, and of sMAPE (0..200). */
export interface PooledAccuracy {
  readonly mase: number;
  readonly smape: number;
}

/** One method for many series, with what it was chosen by and judged on. */
export interface PooledMethod {
  readonly method: ForecastMethod;
  readonly nSeries: number;
  /** On the steps that the choice was made by. */
  readonly chosenBy: Readonly<Partial<Record<ForecastMethod, PooledAccuracy>>>;
  /** On the last steps, which the choice did not see. */
  readonly validation: PooledAccuracy;
  /** On the same steps, where each series chooses for itself by its own backtest. */
  readonly own: PooledAccuracy;
  /** Whether one method for all has the lower MASE. */
  readonly beatsOwn: boolean;
}

/**
 * Chooses one method for all series by the horizon before the last, and holds it against each series' own choice on the
 * last. A backtest of one short series says little; many together may know better which method suits them.
 * @param horizon steps of each of the two
 * @throws InsufficientDataError where fewer than ten series can be judged
 */
export function choosePooledMethod(
  all: readonly TimeSeries[],
  forecasters: readonly Forecaster[],
  horizon: number,
): PooledMethod {
  const series = all.filter((one) => canBeJudged(one, horizon));
  if (series.length < MIN_SERIES) {
    throw new InsufficientDataError(
      `A method for all needs ${MIN_SERIES} series of ${MIN_HISTORY + 2 * horizon} days or more that vary, and ${series.length} were found. Wait for more campaigns or days.`,
      { reason: 'few_series', found: series.length, expected: MIN_SERIES },
    );
  }
  const by = (forecaster: Forecaster) => (history: TimeSeries, future: Float64Array) =>
    forecaster.project(history, future).point;
  const judged = forecasters.map((forecaster) => ({
    forecaster,
    accuracy: pooled(series, horizon, 2 * horizon, by(forecaster)),
  }));
  const { forecaster } = judged.toSorted((a, b) => a.accuracy.mase - b.accuracy.mase)[0]!;
  const validation = pooled(series, horizon, horizon, by(forecaster));
  const own = pooled(series, horizon, horizon, (history, future) =>
    Float64Array.from(forecastSeries(history, forecasters, future).points, ({ predicted }) => predicted),
  );
  return {
    method: forecaster.method,
    nSeries: series.length,
    chosenBy: Object.fromEntries(judged.map((one) => [one.forecaster.method, one.accuracy])),
    validation,
    own,
    beatsOwn: validation.mase < own.mase,
  };
}

/** Whether both horizons hold a known value, and the days before them can be forecast from and scaled by. */
function canBeJudged({ values, seasonLength }: TimeSeries, horizon: number): boolean {
  const [first, second] = [values.length - 2 * horizon, values.length - horizon];
  if (first < 1 || knownCount(values.subarray(0, first)) < MIN_HISTORY) return false;
  const isKnown = knownCount(values.subarray(first, second)) > 0 && knownCount(values.subarray(second)) > 0;
  return isKnown && seasonalNaiveError(values.subarray(0, first), seasonLength) > 0;
}

function pooled(
  series: readonly TimeSeries[],
  horizon: number,
  back: number,
  project: (history: TimeSeries, future: Float64Array) => Float64Array,
): PooledAccuracy {
  let mase = 0;
  let smape = 0;
  for (const one of series) {
    const origin = one.values.length - back;
    const history = head(one, origin);
    const future = one.timestamps.subarray(origin, origin + horizon);
    const predicted = project(history, future).map((value) => Math.max(0, value));
    const actual = one.values.subarray(origin, origin + horizon);
    const scale = seasonalNaiveError(history.values, one.seasonLength);
    const accuracy = accuracyOf([{ actual, predicted }], scale);
    mase += accuracy.mase!;
    smape += accuracy.smape!;
  }
  return { mase: mase / series.length, smape: smape / series.length };
}
