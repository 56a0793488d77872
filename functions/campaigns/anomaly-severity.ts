import { SEVERITIES } from '../contracts/campaign-records.ts';

/** How bad an anomaly is, mildest first. */
export type Severity = (typeof SEVERITIES)[number];

/** Lower bounds of MEDIUM, HIGH and CRITICAL, each part of its level (requirements S1-11, X13). */
const Z_BOUNDS = [3, 4, 5] as const;
const PERCENT_BOUNDS = [30, 50, 80] as const;
/** A frequency above these is LOW, MEDIUM, HIGH, CRITICAL. */
const FREQUENCY_BOUNDS = [3, 5, 7, 10] as const;

/** Frequency above which an audience sees an advertisement too often. */
export const FREQUENCY_ALERT = FREQUENCY_BOUNDS[0];

const levelOf = (level: number): Severity => SEVERITIES[Math.min(level, SEVERITIES.length - 1)]!;

/** Severity of a z-score of either sign. */
export function severityOfZ(z: number): Severity {
  return levelOf(Z_BOUNDS.filter((bound) => Math.abs(z) >= bound).length);
}

/** Severity of a change of either sign, in percent. */
export function severityOfChange(percent: number): Severity {
  return levelOf(PERCENT_BOUNDS.filter((bound) => Math.abs(percent) >= bound).length);
}

/** Severity of a frequency; undefined at 3 and below. */
export function severityOfFrequency(frequency: number): Severity | undefined {
  const level = FREQUENCY_BOUNDS.filter((bound) => frequency > bound).length;
  return level === 0 ? undefined : levelOf(level - 1);
}

/** One level worse; CRITICAL stays. */
export function raised(severity: Severity): Severity {
  return levelOf(SEVERITIES.indexOf(severity) + 1);
}

/** The worst of some. */
export function worstOf(severities: readonly Severity[]): Severity {
  return levelOf(Math.max(...severities.map((severity) => SEVERITIES.indexOf(severity))));
}
