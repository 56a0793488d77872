import { InsufficientDataError, InvalidRequestError } from '../errors.ts';

/** Known values below which nothing is forecast or judged (source S1's `min_history_days`). */
export const MIN_HISTORY = 7;

/** A metric at equal steps of time, oldest first. */
export interface TimeSeries {
  /** One value per step; NaN where the metric is unknown, e.g. a cost per lead on a day without leads. */
  readonly values: Float64Array;
  /** Start of each step in seconds since 1970-01-01T00:00Z. A calendar day counts as its midnight in UTC. */
  readonly timestamps: Float64Array;
  /** Steps of one season: 7 for days of the week, 12 for months of the year. */
  readonly seasonLength: number;
}

/** The first `length` steps. */
export function head(series: TimeSeries, length: number): TimeSeries {
  return {
    values: series.values.subarray(0, length),
    timestamps: series.timestamps.subarray(0, length),
    seasonLength: series.seasonLength,
  };
}

/** Number of steps whose value is known. */
export function knownCount(values: Float64Array): number {
  return values.reduce((count, value) => (Number.isNaN(value) ? count : count + 1), 0);
}

/** Whether all known values are the same; also when none is known. */
export function isConstant(values: Float64Array): boolean {
  const first = values.find((value) => !Number.isNaN(value));
  return values.every((value) => Number.isNaN(value) || value === first);
}

/**
 * Refuses a series that is no series, or too short.
 * @param needed known values that must be there
 * @throws InvalidRequestError when lengths differ, a value is infinite or a time does not ascend
 * @throws InsufficientDataError when fewer values are known
 */
export function requireHistory(series: TimeSeries, needed: number, purpose: string): void {
  const { values, timestamps } = series;
  const isAscending = timestamps.every(
    (at, i) => Number.isFinite(at) && (i === 0 || at > timestamps[i - 1]!),
  );
  if (values.length !== timestamps.length || !isAscending) {
    throw new InvalidRequestError(
      `A series needs one ascending timestamp per value; found ${values.length} values and ${timestamps.length} ` +
        'timestamps. Sort the days, and keep one row of each.',
    );
  }
  const infinite = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  if (infinite >= 0) {
    throw new InvalidRequestError(
      `A series needs finite numbers, but step ${infinite} is ${values[infinite]}. Leave unknown values out.`,
    );
  }
  const found = knownCount(values);
  if (found < needed) {
    throw new InsufficientDataError(
      `${purpose} needs ${needed} known values, and ${found} ${found === 1 ? 'was' : 'were'} found. ` +
        'Wait for more days, or choose a longer window or a simpler method.',
      { reason: 'short_history', found, expected: needed },
    );
  }
}

/**
 * The series without holes, for methods that take none: a straight line between the known neighbours, the nearest
 * known value before the first and after the last.
 */
export function fillGaps(values: Float64Array): Float64Array {
  const filled = Float64Array.from(values);
  let last = -1;
  for (let i = 0; i < filled.length; i++) {
    if (Number.isNaN(filled[i]!)) continue;
    if (last < 0) filled.fill(filled[i]!, 0, i);
    else {
      const slope = (filled[i]! - filled[last]!) / (i - last);
      for (let hole = last + 1; hole < i; hole++) filled[hole] = filled[last]! + slope * (hole - last);
    }
    last = i;
  }
  if (last >= 0) filled.fill(filled[last]!, last + 1);
  return filled;
}
