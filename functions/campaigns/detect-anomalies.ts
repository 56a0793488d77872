import type { AnomalyMethod, AnomalyType, WatchedMetric } from '../contracts/anomaly-types.ts';
import { knownOf, meanOf } from '../stats/sample.ts';
import { type DetectorOptions, type Finding, judgeValue, percentChange } from './anomaly-methods.ts';
import {
  FREQUENCY_ALERT,
  raised,
  type Severity,
  severityOfChange,
  severityOfFrequency,
  worstOf,
} from './anomaly-severity.ts';
import type { EntitySeries } from './entity-series.ts';

/** One thing that is out of the ordinary with an entity on a day. */
export interface EntityAnomaly {
  readonly type: AnomalyType;
  readonly metric: WatchedMetric;
  readonly observed: number;
  readonly expected: number;
  /** Deviations from the expected value, or the change in percent where `unit` says so. */
  readonly score: number;
  readonly unit: 'z' | 'percent';
  readonly severity: Severity;
  /** All that found it. */
  readonly methods: readonly AnomalyMethod[];
  /** Days that the expectation rests on. */
  readonly history: number;
  /** Whether it was judged against its own weekday. */
  readonly seasonal: boolean;
}

/** Metrics that are judged against the days before, with their types. */
const WATCHED: readonly (readonly [metric: WatchedMetric, spike: AnomalyType, drop: AnomalyType])[] = [
  ['spend', 'SPEND_SPIKE', 'SPEND_DROP'],
  ['cpl', 'CPL_SPIKE', 'CPL_DROP'],
  ['ctr', 'CTR_SPIKE', 'CTR_DROP'],
  ['leads', 'PERFORMANCE_SPIKE', 'PERFORMANCE_DROP'],
];
/** A day without spend has no other worry: these would say the same again. */
const CONSEQUENCES_OF_NO_SPEND: readonly AnomalyType[] = ['SPEND_DROP', 'PERFORMANCE_DROP'];
const WEEK = 7;
const RECENT = 3;
const SATURATION_PERCENT = 30;

/**
 * What is out of the ordinary with an entity on one day, by the days before it. Nothing for an entity that is not
 * delivered, nor for a day that is not there.
 * @param day place of the day in the series
 */
export function detectAnomalies(
  series: EntitySeries,
  day: number,
  options: DetectorOptions = {},
): EntityAnomaly[] {
  if (!series.isDelivering || Number.isNaN(series.values.spend[day] ?? Number.NaN)) return [];
  const isWithoutSpend = series.values.spend[day] === 0;
  const judged = WATCHED.flatMap(([metric, spike, drop]) => {
    const findings = judgeValue(series.values[metric], day, options);
    const [up, down] = [findings.filter(isRise), findings.filter((finding) => !isRise(finding))];
    return [combined(spike, metric, up), combined(drop, metric, down)];
  });
  return [...judged, frequencyAlert(series, day), reachSaturation(series, day), ...stops(series, day)]
    .filter((found) => found !== undefined)
    .filter(({ type }) => !isWithoutSpend || !CONSEQUENCES_OF_NO_SPEND.includes(type));
}

const isRise = ({ observed, expected }: Finding) => observed > expected;

/** What several methods found of one metric as one anomaly: the worst of them speaks, all are named. */
function combined(
  type: AnomalyType,
  metric: WatchedMetric,
  findings: readonly Finding[],
): EntityAnomaly | undefined {
  if (findings.length === 0) return undefined;
  const worst = worstOf(findings.map(({ severity }) => severity));
  const speaker = findings.find(({ severity }) => severity === worst)!;
  const { observed, expected, z, percent, history, seasonal } = speaker;
  return {
    type,
    metric,
    observed,
    expected,
    score: z ?? percent!,
    unit: z === undefined ? 'percent' : 'z',
    severity: type === 'CPL_SPIKE' ? raised(worst) : worst,
    methods: findings.map(({ method }) => method),
    history,
    seasonal,
  };
}

/** An audience sees the advertisement too often; told when it comes to that, and again when it gets worse. */
function frequencyAlert({ values }: EntitySeries, day: number): EntityAnomaly | undefined {
  const observed = values.frequency[day]!;
  const severity = severityOfFrequency(observed);
  if (!severity || severity === severityOfFrequency(values.frequency[day - 1] ?? Number.NaN))
    return undefined;
  const wasWorse = values.frequency[day - 1]! > observed;
  if (wasWorse) return undefined;
  const change = percentChange(observed, FREQUENCY_ALERT)!;
  return byRule('FREQUENCY_ALERT', 'frequency', {
    observed,
    expected: FREQUENCY_ALERT,
    percent: change,
    severity,
  });
}

/**
 * The same money reaches over 30% fewer people than in the week before, and each sees it more often: mean of three days
 * against the seven before.
 */
function reachSaturation({ values }: EntitySeries, day: number): EntityAnomaly | undefined {
  const mean = (metric: WatchedMetric, from: number, to: number, needed: number) => {
    const known = knownOf(values[metric], from, to);
    return known.length < needed ? Number.NaN : meanOf(known);
  };
  const recent = (metric: WatchedMetric) => mean(metric, day - RECENT + 1, day + 1, RECENT);
  const before = (metric: WatchedMetric) => mean(metric, day - RECENT - WEEK + 1, day - RECENT + 1, WEEK);
  const observed = recent('reach');
  const expected = (before('reach') / before('spend')) * recent('spend');
  const percent = percentChange(observed, expected);
  const isSaturated = percent !== undefined && percent < -SATURATION_PERCENT;
  if (!isSaturated || !(recent('frequency') > before('frequency'))) return undefined;
  const severity = severityOfChange(percent);
  return byRule('REACH_SATURATION', 'reach', { observed, expected, percent, severity }, WEEK, 'change_point');
}

/** The first day without spend, or without impressions where money went out, after days that had some. */
function stops({ values }: EntitySeries, day: number): EntityAnomaly[] {
  const spent = values.spend[day]!;
  const type = spent === 0 ? 'ZERO_SPEND' : 'ZERO_IMPRESSIONS';
  const metric = spent === 0 ? 'spend' : 'impressions';
  const before = knownOf(values[metric], day - WEEK, day);
  if (values[metric][day] !== 0 || !(before.at(-1)! > 0)) return [];
  const change = { observed: 0, expected: meanOf(before), percent: -100, severity: severityOfChange(-100) };
  return [byRule(type, metric, change, before.length)];
}

function byRule(
  type: AnomalyType,
  metric: WatchedMetric,
  { percent, ...found }: { observed: number; expected: number; percent: number; severity: Severity },
  history = 0,
  method: AnomalyMethod = 'threshold',
): EntityAnomaly {
  return {
    type,
    metric,
    ...found,
    score: percent,
    unit: 'percent',
    methods: [method],
    history,
    seasonal: false,
  };
}
