import type { AnomalyMethod } from '../contracts/anomaly-types.ts';
import type { EntityAnomaly } from './detect-anomalies.ts';

const METHOD_WORDS: Readonly<Record<AnomalyMethod, string>> = {
  zscore: 'z-score',
  iqr: 'interquartile range',
  change_point: 'last 3 days against the 7 before',
  constant_history: 'change after equal days',
  threshold: 'rule',
};

const short = (value: number) => String(Number(value.toPrecision(4)));

/** One sentence of an anomaly: what was seen, what was expected from what, and which methods found it. */
export function explainAnomaly(anomaly: EntityAnomaly, date: string): string {
  const { metric, observed, expected, score, unit, methods, history, seasonal } = anomaly;
  const deviation =
    unit === 'z' ? `${short(Math.abs(score))} standard deviations` : `${short(Math.abs(score))}%`;
  const side = score > 0 ? 'above' : 'below';
  const basis = history === 0 ? 'the limit of' : 'the expected';
  const days = seasonal ? `${history} days, weekday by weekday` : `${history} days`;
  const from = history === 0 ? '' : ` from ${days}`;
  const found = methods.map((method) => METHOD_WORDS[method]).join(', ');
  return `${metric} of ${short(observed)} on ${date} is ${deviation} ${side} ${basis} ${short(expected)}${from} (${found}).`;
}
