import { NumberTally } from './number-tally.ts';

/** Bars of a histogram. */
const BARS = 20;

/** Distance from the quartiles, in interquartile ranges, beyond which a value counts as an outlier (Tukey 1977). */
const FENCE = 1.5;

/** What the numbers of a column look like. Quantiles, histogram and outliers are within 0.05 % where not `exact`. */
export interface NumericSummary {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly quantiles: {
    readonly p1: number;
    readonly p5: number;
    readonly p25: number;
    readonly p50: number;
    readonly p75: number;
    readonly p95: number;
    readonly p99: number;
  };
  /** Bars of equal width from `min` to `max`. */
  readonly histogram: readonly number[];
  /** Share of values beyond 1.5 interquartile ranges from the quartiles, 0..1; null where these are equal. */
  readonly outlierShare: number | null;
  readonly exact: boolean;
}

/** Summarises the numbers of tallies. @returns undefined where there are none */
export function numericSummary(...tallies: readonly NumberTally[]): NumericSummary | undefined {
  const all = new NumberTally();
  for (const tally of tallies) all.merge(tally);
  const { digest, min, max, sum } = all;
  if (digest.total === 0) return undefined;
  const entries = [...digest.entries()];
  const count = digest.total;
  const mean = sum / count;
  const [p1, p5, p25, p50, p75, p95, p99] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99].map((q) =>
    digest.quantile(q),
  );
  const range = p75! - p25!;
  const [low, high] = [p25! - FENCE * range, p75! + FENCE * range];
  const outside = entries.reduce((sum, [value, n]) => sum + (value < low || value > high ? n : 0), 0);
  const histogram = new Array<number>(max > min ? BARS : 1).fill(0);
  for (const [value, n] of entries) {
    const bar =
      max > min ? Math.max(0, Math.min(BARS - 1, Math.floor(((value - min) / (max - min)) * BARS))) : 0;
    histogram[bar]! += n;
  }
  return {
    count,
    min,
    max,
    mean,
    quantiles: { p1: p1!, p5: p5!, p25: p25!, p50: p50!, p75: p75!, p95: p95!, p99: p99! },
    histogram,
    outlierShare: range > 0 ? outside / count : null,
    exact: digest.exact,
  };
}
