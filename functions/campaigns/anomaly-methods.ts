import type { AnomalyMethod } from '../contracts/anomaly-types.ts';
import { deviationOf, knownOf, meanOf, quartilesOf } from '../stats/sample.ts';
import { type Severity, severityOfChange, severityOfZ } from './anomaly-severity.ts';

/** Settings with the source's names and defaults (requirements S1-12), and two of ours. */
export interface DetectorOptions {
  /** |z| above this is an anomaly; default 2.5. */
  readonly zThreshold?: number;
  /** Interquartile ranges outside the quartiles; default 1.5. */
  readonly iqrMultiplier?: number;
  /** Known values below which nothing is judged; default 7. */
  readonly minHistory?: number;
  /** Values before the judged one that are looked at; default 28. */
  readonly history?: number;
  /** Steps of a season to judge a value against its like, e.g. 7 for weekdays; absent: all alike. */
  readonly seasonLength?: number | undefined;
}

/** What one method says of a value out of the ordinary. */
export interface Finding {
  readonly method: AnomalyMethod;
  readonly observed: number;
  readonly expected: number;
  /** Deviations from the expected value; absent for a change. */
  readonly z?: number;
  /** Change against the expected value in percent; absent where that is 0. */
  readonly percent?: number;
  readonly severity: Severity;
  /** Known values that the expectation rests on. */
  readonly history: number;
  /** Whether the season was taken out. */
  readonly seasonal: boolean;
}

/** Percent above which the mean of three values against the seven before is an anomaly. */
const CHANGE_PERCENT = 30;
const RECENT = 3;
const BEFORE = 7;
const HISTORY = 28;

/** What the values before one lead to expect of it. */
interface Expectation {
  readonly mean: number;
  readonly deviation: number;
  readonly quartiles: readonly [number, number];
  readonly known: number;
  readonly seasonal: boolean;
}

/**
 * Judges the value at `at` by the values before it, in every way there is. NaN values are unknown and take no part.
 *
 * - `zscore`: |x − mean| / deviation (n − 1) above the threshold (source S1).
 * - `iqr`: outside the quartiles by more than the multiple of their range; severity by z (X13).
 * - `change_point`: mean of the last three values against the seven before, by more than 30%.
 * - `constant_history`: where all values before are the same, which gives no z, a change of 30% or more.
 *
 * With a season, z and quartiles are those of the residuals from the mean of the same step of the season, and the last
 * three values are held against their like of the seasons before.
 * @returns empty for an ordinary value, an unknown one, or too short a history
 */
export function judgeValue(values: Float64Array, at: number, options: DetectorOptions = {}): Finding[] {
  const observed = values[at];
  if (observed === undefined || Number.isNaN(observed)) return [];
  const expectation = expectationAt(values, at, options);
  const byDistribution = expectation ? distributionFindings(observed, expectation, options) : [];
  return [...byDistribution, ...changePoint(values, at, options)];
}

function distributionFindings(
  observed: number,
  expectation: Expectation,
  options: DetectorOptions,
): Finding[] {
  const { zThreshold = 2.5, iqrMultiplier = 1.5 } = options;
  const { mean, deviation, quartiles, known, seasonal } = expectation;
  const change = percentChange(observed, mean);
  const common = {
    observed,
    expected: mean,
    history: known,
    seasonal,
    ...(change !== undefined && { percent: change }),
  };
  if (isNegligible(deviation, mean)) {
    // Nothing is told of a first value after nothing but zeros: a campaign that starts is no anomaly.
    if (change === undefined || Math.abs(change) < CHANGE_PERCENT) return [];
    return [{ method: 'constant_history', ...common, severity: severityOfChange(change) }];
  }
  const z = (observed - mean) / deviation;
  const [low, high] = quartiles;
  const reach = iqrMultiplier * (high - low);
  const isOutside = observed < low - reach || observed > high + reach;
  const scored = { ...common, z, severity: severityOfZ(z) };
  return [
    ...(Math.abs(z) > zThreshold ? [{ method: 'zscore' as const, ...scored }] : []),
    ...(isOutside ? [{ method: 'iqr' as const, ...scored }] : []),
  ];
}

function changePoint(values: Float64Array, at: number, options: DetectorOptions): Finding[] {
  const recent = knownOf(values, at - RECENT + 1, at + 1);
  const before = knownOf(values, at - RECENT - BEFORE + 1, at - RECENT + 1);
  if (recent.length < RECENT || before.length < Math.min(BEFORE, options.minHistory ?? BEFORE)) return [];
  const seasonal = likeMean(values, at, options);
  const [observed, expected] = [meanOf(recent), seasonal ?? meanOf(before)];
  const percent = percentChange(observed, expected);
  if (percent === undefined || Math.abs(percent) <= CHANGE_PERCENT) return [];
  const severity = severityOfChange(percent);
  const { history: reach = HISTORY } = options;
  const history = seasonal === undefined ? before.length : knownOf(values, at - reach, at).length;
  return [
    {
      method: 'change_point',
      observed,
      expected,
      percent,
      severity,
      history,
      seasonal: seasonal !== undefined,
    },
  ];
}

/** Mean of the like of the last three values, whole seasons before; undefined where one has none. */
function likeMean(values: Float64Array, at: number, options: DetectorOptions): number | undefined {
  const { seasonLength, history = HISTORY } = options;
  if (seasonLength === undefined) return undefined;
  const means = Array.from({ length: RECENT }, (_, age) => {
    const likes = [];
    for (let i = at - age - seasonLength; i >= Math.max(0, at - history); i -= seasonLength)
      likes.push(values[i]!);
    return meanOf(knownOf(likes));
  });
  const mean = meanOf(means);
  return Number.isNaN(mean) ? undefined : mean;
}

function expectationAt(values: Float64Array, at: number, options: DetectorOptions): Expectation | undefined {
  const { minHistory = BEFORE, seasonLength, history = HISTORY } = options;
  const known = knownOf(values, at - history, at);
  if (known.length < minHistory) return undefined;
  const seasonal =
    seasonLength === undefined
      ? undefined
      : seasonalExpectation(values.subarray(Math.max(0, at - history), at), seasonLength, minHistory);
  if (seasonal) return seasonal;
  return {
    mean: meanOf(known),
    deviation: deviationOf(known),
    quartiles: quartilesOf(known),
    known: known.length,
    seasonal: false,
  };
}

/**
 * Expectation of the value after `before` from those a whole number of seasons earlier. The deviation of residuals has
 * one degree of freedom less for each step of the season whose mean it takes away; undefined where fewer than
 * `minHistory` are left, or fewer than two values are of the same step.
 */
function seasonalExpectation(
  before: Float64Array,
  seasonLength: number,
  minHistory: number,
): Expectation | undefined {
  const sums = new Float64Array(seasonLength);
  const counts = new Float64Array(seasonLength);
  before.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    sums[i % seasonLength]! += value;
    counts[i % seasonLength]! += 1;
  });
  const step = before.length % seasonLength;
  const known = counts.reduce((sum, count) => sum + count, 0);
  const freedom = known - counts.filter((count) => count > 0).length;
  if (counts[step]! < 2 || freedom < minHistory) return undefined;
  const residuals: number[] = [];
  let squares = 0;
  before.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    const residual = value - sums[i % seasonLength]! / counts[i % seasonLength]!;
    residuals.push(residual);
    squares += residual ** 2;
  });
  const [low, high] = quartilesOf(residuals);
  const mean = sums[step]! / counts[step]!;
  // Residuals are narrower than what they stand for, by the same degrees of freedom.
  const stretch = Math.sqrt(known / freedom);
  return {
    mean,
    deviation: Math.sqrt(squares / freedom),
    quartiles: [mean + stretch * low, mean + stretch * high],
    known,
    seasonal: true,
  };
}

/** Change from `before` in percent; undefined at 0, where there is none. */
export function percentChange(now: number, before: number): number | undefined {
  return before === 0 ? undefined : ((now - before) / Math.abs(before)) * 100;
}

/** Whether a deviation is none but for rounding. */
const isNegligible = (deviation: number, mean: number) => !(deviation > 1e-12 * Math.abs(mean));
