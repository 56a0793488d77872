import { deviationOf, knownOf } from '../stats/sample.ts';
import { type Forecaster, type Projection, Z_95 } from './forecaster.ts';
import { MIN_HISTORY, type TimeSeries } from './time-series.ts';

const SPANS = { short: 3, medium: 7, long: 14 } as const;
const WEIGHTS = { short: 0.5, medium: 0.3, long: 0.2 } as const;
/** A trend seldom lasts: half of it is carried on. */
const DAMPING = 0.5;

/**
 * Last value of pandas' `ewm(span).mean()` with its default `adjust=True`: the mean of all values, weighted (1 − α)^age
 * with α = 2 / (span + 1). Unknown values count for nothing, and age passes over them. NaN when none is known.
 */
export function ewmMean(values: Float64Array, span: number): number {
  const decay = 1 - 2 / (span + 1);
  let weighted = 0;
  let weights = 0;
  for (const value of values) {
    weighted *= decay;
    weights *= decay;
    if (Number.isNaN(value)) continue;
    weighted += value;
    weights += 1;
  }
  return weighted / weights;
}

/** What the exponential moving averages of a series say, before any future step. */
export interface EmaState {
  readonly short: number;
  readonly medium: number;
  readonly long: number;
  /** 0.5 short + 0.3 medium + 0.2 long. */
  readonly base: number;
  /** Change per step: (short − long) / 14. */
  readonly trend: number;
}

/** Averages of spans 3, 7 and 14 (source S1, lines 441–459). */
export function emaState(values: Float64Array): EmaState {
  const short = ewmMean(values, SPANS.short);
  const medium = ewmMean(values, SPANS.medium);
  const long = ewmMean(values, SPANS.long);
  const base = short * WEIGHTS.short + medium * WEIGHTS.medium + long * WEIGHTS.long;
  return { short, medium, long, base, trend: (short - long) / SPANS.long };
}

/**
 * Source S1's default: ŷ(day) = base + trend · day · 0.5, with a band of ± 1.96 · deviation of the series · √day.
 */
export const ema: Forecaster = {
  method: 'ema',
  minHistory: () => MIN_HISTORY,
  project({ values }: TimeSeries, future: Float64Array): Projection {
    const { base, trend } = emaState(values);
    const deviation = deviationOf(knownOf(values));
    return {
      point: future.map((_, step) => base + trend * (step + 1) * DAMPING),
      halfWidth: future.map((_, step) => deviation * Z_95 * Math.sqrt(step + 1)),
    };
  },
};
