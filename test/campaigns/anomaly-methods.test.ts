import { describe, expect, it } from 'vitest';
import { adExchanges, chancePrecision, evaluateDetector } from '../../bench/anomaly-evaluation.ts';
import { hasRealData } from '../../bench/real-series.ts';
import { type DetectorOptions, judgeValue } from '../../functions/campaigns/anomaly-methods.ts';
import {
  raised,
  severityOfChange,
  severityOfFrequency,
  severityOfZ,
} from '../../functions/campaigns/anomaly-severity.ts';
import { deviationOf, quartilesOf } from '../../functions/stats/sample.ts';

const last = (values: readonly number[], options?: DetectorOptions) =>
  judgeValue(Float64Array.from(values), values.length - 1, options);
const methods = (values: readonly number[], options?: DetectorOptions) =>
  last(values, options).map(({ method }) => method);
/** Mean 10, deviation 1 with n − 1. */
const STEADY = [9, 11, 9, 11, 10, 10, 9, 11, 9, 11, 10, 10, 10].map((x) => 10 + (x - 10) * Math.sqrt(12 / 8));

describe('severities', () => {
  it.each([
    [2.5, 'LOW'],
    [2.999, 'LOW'],
    [3, 'MEDIUM'],
    [3.999, 'MEDIUM'],
    [4, 'HIGH'],
    [4.999, 'HIGH'],
    [5, 'CRITICAL'],
    [-5, 'CRITICAL'],
    [-3, 'MEDIUM'],
  ])('of z %d is %s: lower bounds are part of their level', (z, severity) => {
    expect(severityOfZ(z)).toBe(severity);
  });

  it.each([
    [29.999, 'LOW'],
    [30, 'MEDIUM'],
    [49.999, 'MEDIUM'],
    [50, 'HIGH'],
    [79.999, 'HIGH'],
    [80, 'CRITICAL'],
    [-80, 'CRITICAL'],
  ])('of a change of %d%% is %s', (percent, severity) => {
    expect(severityOfChange(percent)).toBe(severity);
  });

  it.each([
    [3, undefined],
    [3.01, 'LOW'],
    [5, 'LOW'],
    [5.01, 'MEDIUM'],
    [7, 'MEDIUM'],
    [7.01, 'HIGH'],
    [10, 'HIGH'],
    [10.01, 'CRITICAL'],
    [Number.NaN, undefined],
  ])('of a frequency of %d is %s: above, not at', (frequency, severity) => {
    expect(severityOfFrequency(frequency)).toBe(severity);
  });

  it('rise by one, to CRITICAL at most', () => {
    expect([raised('LOW'), raised('HIGH'), raised('CRITICAL')]).toEqual(['MEDIUM', 'CRITICAL', 'CRITICAL']);
  });
});

describe('the z-score', () => {
  it('is the distance from the mean in deviations of the days before alone', () => {
    expect(deviationOf(Float64Array.from(STEADY))).toBeCloseTo(1, 12);
    const [found] = last([...STEADY, 14.001]);
    expect(found).toMatchObject({ method: 'zscore', observed: 14.001, history: 13, severity: 'HIGH' });
    expect(found!.expected).toBeCloseTo(10, 12);
    expect(found!.z).toBeCloseTo(4.001, 9);
    expect(found!.percent).toBeCloseTo(40.01, 9);
  });

  it('is an anomaly above 2.5, not at it, and at another threshold on request', () => {
    expect(methods([...STEADY, 12.499])).not.toContain('zscore');
    expect(methods([...STEADY, 12.501])).toContain('zscore');
    expect(methods([...STEADY, 7.499])).toContain('zscore');
    expect(methods([...STEADY, 12.501], { zThreshold: 3 })).not.toContain('zscore');
  });

  it('needs seven known days before', () => {
    const six = [9, 11, 9, 11, 10, 10];
    expect(methods([...six, 50])).toEqual([]);
    expect(methods([...six, Number.NaN, Number.NaN, 50])).toEqual([]);
    expect(methods([...six, 9, 50])).toContain('zscore');
    expect(methods([...six, 50], { minHistory: 6 })).toContain('zscore');
  });

  it('says nothing of a day that is unknown or not there', () => {
    expect(last([...STEADY, Number.NaN])).toEqual([]);
    expect(judgeValue(Float64Array.from(STEADY), 99)).toEqual([]);
  });
});

describe('equal days before', () => {
  const equal = (value: number, next: number) => last([...Array(10).fill(value), next]);

  it('make a change of 30% an anomaly, and no smaller one', () => {
    expect(equal(10, 12.9)).toEqual([]);
    expect(equal(10, 13)).toMatchObject([{ method: 'constant_history', percent: 30, severity: 'MEDIUM' }]);
    expect(equal(10, 2)).toMatchObject([{ method: 'constant_history', percent: -80, severity: 'CRITICAL' }]);
    expect(equal(10, 10)).toEqual([]);
  });

  it('of 0.1 are as equal as those of 10, whatever their sum rounds to', () => {
    expect(equal(0.1, 0.100000001)).toEqual([]);
  });

  it('of nothing make a start no anomaly: there is no change of zero', () => {
    expect(equal(0, 100)).toEqual([]);
  });
});

describe('the interquartile range', () => {
  it('is that of pandas', () => {
    expect(quartilesOf([4, 1, 3, 2])).toEqual([1.75, 3.25]);
    const many = Array.from({ length: 101 }, (_, i) => (i * 37) % 101);
    expect(quartilesOf(many)).toEqual([25, 75]);
    expect(quartilesOf([])).toEqual([Number.NaN, Number.NaN]);
  });

  it('finds what lies 1.5 of it outside the quartiles, and grades it by z', () => {
    // Quartiles 9.75 and 11: one wild day hides 14 from the z-score, but not from them.
    const tail = [10, 9, 10, 11, 11, 10, 30, 9, 10, 11, 9, 11];
    expect(methods([...tail, 14])).toEqual(['iqr']);
    expect(last([...tail, 14])[0]).toMatchObject({ method: 'iqr', severity: 'LOW' });
    expect(methods([...tail, 10])).toEqual([]);
    expect(methods([...tail, 14], { iqrMultiplier: 100 })).toEqual([]);
  });
});

describe('the change point', () => {
  const days = (before: number, recent: number) => [...Array(7).fill(before), ...Array(3).fill(recent)];
  const change = (values: readonly number[]) => last(values).find(({ method }) => method === 'change_point');

  it('holds the mean of three days against the seven before', () => {
    expect(change(days(10, 14))).toMatchObject({
      observed: 14,
      expected: 10,
      percent: 40,
      severity: 'MEDIUM',
    });
    expect(change(days(10, 4))).toMatchObject({ percent: -60, severity: 'HIGH' });
  });

  it('is an anomaly above 30%, not at it', () => {
    expect(change(days(10, 13))).toBeUndefined();
    expect(change(days(10, 13.01))).toBeDefined();
    expect(change(days(10, 7))).toBeUndefined();
    expect(change(days(10, 6.99))).toBeDefined();
  });

  it('needs ten days, and something to change from', () => {
    expect(change(days(10, 20).slice(1))).toBeUndefined();
    expect(change(days(0, 20))).toBeUndefined();
    expect(change([...days(10, 20).slice(0, 9), Number.NaN])).toBeUndefined();
  });
});

describe('with a season', () => {
  const week = [100, 20, 22, 18, 21, 19, 90];
  /** Weeks that differ by a little that is no season. */
  const weeks = Array.from({ length: 28 }, (_, day) => week[day % 7]! + 2 * Math.sin(day * day));

  it('a quiet day in place of a busy one is found, which a plain z-score takes for ordinary', () => {
    expect(methods([...weeks, 20])).not.toContain('zscore');
    expect(last([...weeks, 20], { seasonLength: 7 })[0]).toMatchObject({
      method: 'zscore',
      seasonal: true,
      history: 28,
    });
    expect(last([...weeks, 20], { seasonLength: 7 })[0]!.expected).toBeCloseTo(100, -1);
  });

  it('a busy day in its place is ordinary, over which the plain change point cries wolf', () => {
    expect(methods([...weeks, 100])).toContain('change_point');
    expect(methods([...weeks, 100], { seasonLength: 7 })).toEqual([]);
  });

  it('three days half as busy as their like are found, whatever day it is', () => {
    for (let day = 28; day < 35; day++) {
      const season = Array.from({ length: day + 1 }, (_, i) => week[i % 7]! * (i > day - 3 ? 0.5 : 1));
      const found = last(season, { seasonLength: 7 }).find(({ method }) => method === 'change_point');
      expect(found).toMatchObject({ severity: 'HIGH', seasonal: true });
      expect(found!.percent).toBeCloseTo(-50, 9);
    }
  });

  it('of which two are not there yet, days are judged all alike', () => {
    const short = weeks.slice(0, 13);
    expect(last([...short, 500], { seasonLength: 7 })[0]!.seasonal).toBe(false);
    expect(methods([...short, 500], { seasonLength: 7 })).toContain('zscore');
  });
});

describe.skipIf(!hasRealData('nab_ad_exchange'))('on labelled real series', () => {
  const series = hasRealData('nab_ad_exchange') ? adExchanges() : [];
  const z = (least: number, seasonLength?: number) =>
    evaluateDetector(series, { history: 672, seasonLength }, (found) => Math.abs(found.z ?? 0) >= least);

  it('the hour of the day finds all windows, of which the plain z-score finds five', () => {
    expect(z(2.5)).toMatchObject({ found: 5, windows: 7 });
    expect(z(2.5, 24)).toMatchObject({ found: 7, windows: 7 });
  });

  it('critical alarms are right five times as often as chance', () => {
    expect(z(5, 24).precision).toBeGreaterThan(5 * chancePrecision(series));
  });
});
