import type { TimeSeries } from '../../functions/forecast/time-series.ts';

const DAY = 86_400;
const START = Date.UTC(2026, 0, 1) / 1000;

/** Consecutive days from 1 January 2026 on, a week being a season. */
export function dailySeries(values: Iterable<number>): TimeSeries {
  const days = Float64Array.from(values);
  return { values: days, timestamps: days.map((_, i) => START + i * DAY), seasonLength: 7 };
}

/** The days after a series. */
export function daysAfter({ timestamps }: TimeSeries, horizon: number): Float64Array {
  return Float64Array.from({ length: horizon }, (_, i) => START + (timestamps.length + i) * DAY);
}
