import type { DayMeasure, InsightColumns } from './insight-columns.ts';

/** Sums of one measure over a window of days, per entity; days that are missing or not measured add nothing. */
export function windowSums(
  columns: InsightColumns,
  measure: DayMeasure,
  firstColumn: number,
  endColumn: number,
): Float64Array {
  const { entityIds, nDays, measures } = columns;
  const values = measures[measure];
  const sums = new Float64Array(entityIds.length);
  for (let entity = 0; entity < sums.length; entity++) {
    let sum = 0;
    for (let at = entity * nDays + firstColumn; at < entity * nDays + endColumn; at++) {
      const value = values[at]!;
      if (!Number.isNaN(value)) sum += value;
    }
    sums[entity] = sum;
  }
  return sums;
}

/** a ÷ b · factor per entity, NaN where b is 0 or either is unknown. */
export function ratios(a: Float64Array, b: Float64Array, factor = 1): Float64Array {
  return a.map((value, entity) => (b[entity] === 0 ? Number.NaN : (value / b[entity]!) * factor));
}

/** (now − before) ÷ before · 100 per entity, NaN where before is 0 or either is unknown. */
export function percentChanges(now: Float64Array, before: Float64Array): Float64Array {
  return now.map((value, entity) => {
    const former = before[entity]!;
    return former === 0 ? Number.NaN : ((value - former) / former) * 100;
  });
}

/** Sample standard deviation (n − 1) of the known values, as pandas' `std`; NaN for fewer than two. */
export function sampleDeviation(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length < 2) return Number.NaN;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (known.length - 1));
}
