import { describe, expect, it } from 'vitest';
import { detectAnomalies } from '../../functions/campaigns/detect-anomalies.ts';
import { entitySeries } from '../../functions/campaigns/entity-series.ts';
import { explainAnomaly } from '../../functions/campaigns/explain-anomaly.ts';
import { InsightCollector } from '../../functions/campaigns/insight-columns.ts';
import { dayText } from '../../functions/contracts/campaign-entities.ts';
import type { InsightDay } from '../../functions/contracts/campaign-insights.ts';

const FIRST = 20_454;
const WIGGLE = [0, 1, -1, 0.5, -0.5, 1, -1];

/** Twenty ordinary days, 100 spent for 20 leads each, as one entity; the changes are to the last ones. */
function seriesOf(...changes: Partial<InsightDay>[]) {
  const days = Array.from({ length: 20 }, (_, i): InsightDay => {
    const by = WIGGLE[i % 7]!;
    const change = changes[i - (20 - changes.length)] ?? {};
    const ordinary = {
      spend: 100 + 2 * by,
      impressions: 10_000 + 100 * by,
      clicks: 200 + 4 * by,
      leads: 20 + by,
    };
    const more = { reach: 5000, frequency: 2, status: null, daily_budget: null };
    return { date: dayText(FIRST + i), ...ordinary, ...more, ...change };
  });
  const collector = new InsightCollector({ from: dayText(FIRST), to: dayText(FIRST + 19) });
  collector.add('c1', days);
  return entitySeries(collector.columns(), 0);
}
const found = (...changes: Partial<InsightDay>[]) => detectAnomalies(seriesOf(...changes), 19);
const types = (...changes: Partial<InsightDay>[]) => found(...changes).map(({ type }) => type);

describe('an entity', () => {
  it('on an ordinary day has no anomaly', () => {
    expect(found()).toEqual([]);
  });

  it.each([
    ['SPEND_SPIKE', { spend: 150, leads: 29 }],
    ['SPEND_DROP', { spend: 60, leads: 13 }],
    ['CPL_SPIKE', { leads: 14 }],
    ['CPL_DROP', { leads: 35 }],
    ['CTR_SPIKE', { clicks: 300 }],
    ['CTR_DROP', { clicks: 100 }],
    ['PERFORMANCE_DROP', { leads: 10 }],
    ['PERFORMANCE_SPIKE', { leads: 35 }],
    ['FREQUENCY_ALERT', { frequency: 3.2 }],
    ['ZERO_SPEND', { spend: 0, leads: 0, clicks: 0, impressions: 0 }],
    ['ZERO_IMPRESSIONS', { impressions: 0, clicks: 0 }],
  ] as const)('has a %s on its day', (type, change) => {
    expect(types(change)).toContain(type);
    expect(types({ ...change }, {})).not.toContain(type);
  });

  it('has a REACH_SATURATION when the same money reaches a third fewer people, each more often', () => {
    const saturated = { reach: 3300, frequency: 3 };
    expect(types(saturated, saturated, saturated)).toContain('REACH_SATURATION');
    const less = { reach: 3600, frequency: 3 };
    expect(types(less, less, less)).not.toContain('REACH_SATURATION');
    const cheaper = { ...saturated, spend: 60 };
    expect(types(cheaper, cheaper, cheaper)).not.toContain('REACH_SATURATION');
    const seldom = { reach: 3300, frequency: 1.9 };
    expect(types(seldom, seldom, seldom)).not.toContain('REACH_SATURATION');
  });

  it('has its cost per lead graded one level worse', () => {
    const equal = { spend: 100, impressions: 10_000, clicks: 200, leads: 20 };
    const [before, dearer] = [Array(19).fill(equal), { ...equal, spend: 140 }];
    const severityOf = (type: string) => found(...before, dearer).find((one) => one.type === type)?.severity;
    expect(severityOf('SPEND_SPIKE')).toBe('MEDIUM');
    expect(severityOf('CPL_SPIKE')).toBe('HIGH');
  });

  it('names all methods that found it, and lets the worst speak', () => {
    const [spike] = found({ spend: 200, leads: 40 });
    expect(spike).toMatchObject({ type: 'SPEND_SPIKE', severity: 'CRITICAL', observed: 200, unit: 'z' });
    expect(spike!.methods).toEqual(['zscore', 'iqr', 'change_point'].slice(0, spike!.methods.length));
    expect(spike!.methods.length).toBeGreaterThanOrEqual(2);
  });

  it('is told of a high frequency when it comes to it and when it gets worse, not every day', () => {
    expect(types({ frequency: 3.2 }, { frequency: 3.4 })).not.toContain('FREQUENCY_ALERT');
    expect(types({ frequency: 3.2 }, { frequency: 5.4 })).toContain('FREQUENCY_ALERT');
    expect(types({ frequency: 5.2 }, { frequency: 4 })).not.toContain('FREQUENCY_ALERT');
  });

  it('without spend has that to say alone, on its first day alone', () => {
    const nothing = { spend: 0, impressions: 0, clicks: 0, leads: 0 };
    expect(types(nothing)).toEqual(['ZERO_SPEND']);
    expect(types(nothing, nothing)).toEqual([]);
  });

  it('that is paused or has no such day is not judged', () => {
    expect(types({ spend: 0, status: 'PAUSED' })).toEqual([]);
    expect(detectAnomalies(seriesOf(), 25)).toEqual([]);
  });

  it('that never spent has nothing to say', () => {
    const never = Array(20).fill({ spend: 0, impressions: 0, clicks: 0, leads: 0, reach: 0, frequency: 0 });
    expect(types(...never)).toEqual([]);
    expect(types(...never.slice(1), { spend: 10, impressions: 500, clicks: 3, leads: 1 })).toEqual([]);
  });

  it('whose days are all equal has no anomaly, and one on the first other day', () => {
    const equal = { spend: 100, impressions: 10_000, clicks: 200, leads: 20 };
    expect(types(...Array(20).fill(equal))).toEqual([]);
    const [spike] = found(...Array(19).fill(equal), { ...equal, spend: 180 });
    expect(spike).toMatchObject({
      type: 'SPEND_SPIKE',
      methods: ['constant_history'],
      unit: 'percent',
      score: 80,
    });
  });

  it.each([0, 1, 2, 3, 4, 5, 6])('with %i days before is judged by rules alone', (day) => {
    const series = seriesOf();
    series.values.spend[day] = 1e6;
    expect(detectAnomalies(series, day)).toEqual([]);
  });
});

describe('an explanation', () => {
  it('says what was seen, what was expected from what, and which methods found it', () => {
    const [spike] = found({ spend: 200, leads: 40 });
    expect(explainAnomaly(spike!, '2026-01-20')).toMatch(
      /^spend of 200 on 2026-01-20 is [\d.]+ standard deviations above the expected [\d.]+ from 19 days \(z-score, interquartile range/,
    );
    const [alert] = found({ frequency: 3.6 });
    expect(explainAnomaly(alert!, '2026-01-20')).toBe(
      'frequency of 3.6 on 2026-01-20 is 20% above the limit of 3 (rule).',
    );
  });
});
