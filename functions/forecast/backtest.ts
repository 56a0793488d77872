import { type Accuracy, accuracyOf, type Compared, seasonalNaiveError } from './accuracy.ts';
import type { Forecaster, Projection } from './forecaster.ts';
import { head, type TimeSeries } from './time-series.ts';

/**
 * Origins that a backtest uses where the history allows; short horizons use more, for enough residuals. Few, so that a
 * band follows a series whose noise changes: `bench/forecast.ts` prints the coverage.
 */
export const ORIGINS = 8;
/** Fewer say too little of a method. */
export const MIN_ORIGINS = 4;
/** Residuals that a calibrated band wants at least: 19 is the least that a 95% band can be read off. */
const RESIDUALS = 24;

/** One origin of a backtest: what was forecast from there, and what came. */
export interface Fold extends Compared, Projection {}

/** A method judged on a series that it was made to forecast again and again. */
export interface Backtest {
  readonly folds: readonly Fold[];
  readonly accuracy: Accuracy;
}

/**
 * Lengths of history to forecast from, oldest first, the last one horizon before the end. At most a horizon apart, so
 * that no day is judged twice where there is room.
 * @param minHistory known values that the first of them must hold
 * @returns empty when fewer than `MIN_ORIGINS` fit
 */
export function originsOf({ values }: TimeSeries, minHistory: number, horizon: number): number[] {
  let known = 0;
  const shortest = values.findIndex((value) => {
    if (!Number.isNaN(value)) known += 1;
    return known === minHistory;
  });
  const room = values.length - horizon - (shortest + 1);
  if (shortest < 0 || room < MIN_ORIGINS - 1) return [];
  const wanted = Math.max(ORIGINS, Math.ceil(RESIDUALS / horizon));
  const spacing = Math.min(horizon, Math.max(1, Math.floor(room / (wanted - 1))));
  const count = Math.min(wanted, Math.floor(room / spacing) + 1);
  return Array.from({ length: count }, (_, i) => values.length - horizon - (count - 1 - i) * spacing);
}

/**
 * Rolling-origin evaluation (Tashman 2000): from each origin the method sees the history up to there alone.
 * @throws InsufficientDataError when the method finds no fit at an origin
 */
export function backtest(
  forecaster: Forecaster,
  series: TimeSeries,
  origins: readonly number[],
  horizon: number,
): Backtest {
  const folds = origins.map((origin): Fold => {
    const future = series.timestamps.subarray(origin, origin + horizon);
    const projection = forecaster.project(head(series, origin), future);
    return {
      ...projection,
      actual: series.values.subarray(origin, origin + horizon),
      predicted: projection.point,
    };
  });
  const scale = seasonalNaiveError(series.values.subarray(0, origins[0]), series.seasonLength);
  return { folds, accuracy: accuracyOf(folds, scale) };
}
