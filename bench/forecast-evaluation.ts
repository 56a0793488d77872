import { accuracyOf, type Compared, seasonalNaiveError } from '../functions/forecast/accuracy.ts';
import { backtest, type Fold, ORIGINS } from '../functions/forecast/backtest.ts';
import { calibrate } from '../functions/forecast/conformal.ts';
import type { Forecaster } from '../functions/forecast/forecaster.ts';
import type { TimeSeries } from '../functions/forecast/time-series.ts';

/** How one method did on one series, or on several laid together. */
export interface MethodScore {
  readonly method: string;
  readonly mase: number;
  /** 0..200. */
  readonly smape: number;
  /** Share of the values inside the calibrated 95% band, 0..1. */
  readonly coverage: number;
  /** The same of the method's own band. */
  readonly ownCoverage: number;
  /** Values that were forecast. */
  readonly compared: number;
}

interface Judged extends Compared {
  readonly inside: number;
  readonly insideOwn: number;
}

/**
 * Every method, `auto` and repeating the last season, over the second part of a series: at each origin a method is
 * calibrated, and `auto` chooses, by the eight origins before alone, as the service does.
 * @param start length of history at the first origin; the first eight origins only serve to calibrate
 */
export function evaluate(
  series: TimeSeries,
  forecasters: readonly Forecaster[],
  start: number,
  horizon: number,
): MethodScore[] {
  const count = Math.floor((series.values.length - horizon - start) / horizon) + 1;
  const origins = Array.from({ length: count }, (_, i) => start + i * horizon);
  const tested = forecasters.map((forecaster) => backtest(forecaster, series, origins, horizon).folds);
  const rounds = origins.slice(ORIGINS).map((_, round) =>
    tested.map((folds) => {
      const past = folds.slice(round, round + ORIGINS);
      return { fold: judged(folds[round + ORIGINS]!, past), error: accuracyOf(past, 1).mae ?? 0 };
    }),
  );
  const best = rounds.map((round) => round.toSorted((a, b) => a.error - b.error)[0]!.fold);
  const naive = origins.slice(ORIGINS).map((origin) => repeated(series, origin, horizon));
  const scale = seasonalNaiveError(series.values.subarray(0, origins[ORIGINS]), series.seasonLength);
  return [
    ...forecasters.map(({ method }, i) =>
      score(
        method,
        rounds.map((round) => round[i]!.fold),
        scale,
      ),
    ),
    score('auto', best, scale),
    score('seasonal naive', naive, scale),
  ];
}

/** Mean over series: each series counts the same for MASE and sMAPE, each value the same for coverage. */
export function pooled(scores: readonly MethodScore[]): MethodScore {
  const compared = scores.reduce((sum, one) => sum + one.compared, 0);
  const mean = (value: (one: MethodScore) => number) =>
    scores.reduce((sum, one) => sum + value(one), 0) / scores.length;
  const share = (value: (one: MethodScore) => number) =>
    scores.reduce((sum, one) => sum + value(one) * one.compared, 0) / compared;
  return {
    method: scores[0]!.method,
    mase: mean(({ mase }) => mase),
    smape: mean(({ smape }) => smape),
    coverage: share(({ coverage }) => coverage),
    ownCoverage: share(({ ownCoverage }) => ownCoverage),
    compared,
  };
}

function judged(fold: Fold, past: readonly Fold[]): Judged {
  const calibration = calibrate(past, fold.halfWidth);
  const within = (factor: number, scaled: boolean) =>
    fold.actual.filter(
      (value, i) => Math.abs(value - fold.predicted[i]!) <= factor * (scaled ? fold.halfWidth[i]! : 1),
    ).length;
  return {
    actual: fold.actual,
    predicted: fold.predicted,
    inside: within(calibration?.factor ?? 1, calibration?.scaled ?? true),
    insideOwn: within(1, true),
  };
}

function repeated({ values, seasonLength }: TimeSeries, origin: number, horizon: number): Judged {
  const predicted = Float64Array.from({ length: horizon }, (_, i) => {
    const known = values.subarray(0, origin - seasonLength + (i % seasonLength) + 1);
    return known.findLast((value) => !Number.isNaN(value)) ?? 0;
  });
  return {
    actual: values.subarray(origin, origin + horizon),
    predicted,
    inside: Number.NaN,
    insideOwn: Number.NaN,
  };
}

function score(method: string, folds: readonly Judged[], scale: number): MethodScore {
  const { mase = Number.NaN, smape = Number.NaN, compared } = accuracyOf(folds, scale);
  const share = (count: (fold: Judged) => number) =>
    folds.reduce((sum, fold) => sum + count(fold), 0) / compared;
  return {
    method,
    mase,
    smape,
    coverage: share(({ inside }) => inside),
    ownCoverage: share(({ insideOwn }) => insideOwn),
    compared,
  };
}
