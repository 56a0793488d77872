import { describe, expect, it } from 'vitest';
import { judgeValue } from '../../functions/campaigns/anomaly-methods.ts';
import { detectAnomalies } from '../../functions/campaigns/detect-anomalies.ts';
import { entitySeries } from '../../functions/campaigns/entity-series.ts';
import { InsightCollector } from '../../functions/campaigns/insight-columns.ts';
import type { InsightDay } from '../../functions/contracts/campaign-insights.ts';
import { AS_OF, dayOf } from './insight-fixture.ts';

const EQUAL = { spend: 1000, impressions: 100_000, clicks: 2000, leads: 100, reach: 50_000, frequency: 2 };
const NOTHING = { spend: 0, impressions: 0, clicks: 0, leads: 0, reach: 0, frequency: null };

/** Anomalies of a last day after `count` equal ones, as type and severity. */
function found(last: Partial<InsightDay>, count = 20, before: Partial<InsightDay> = {}): string[] {
  const days = Array.from({ length: count }, (_, n) => dayOf(count - n, { ...EQUAL, ...before }));
  const collector = new InsightCollector({ from: dayOf(count).date, to: AS_OF });
  collector.add('c1', [...days, dayOf(0, { ...EQUAL, ...before, ...last })]);
  const anomalies = detectAnomalies(entitySeries(collector.columns(), 0), count);
  return anomalies.map(({ type, severity }) => `${type} ${severity}`);
}
const types = (...of: Parameters<typeof found>) => found(...of).map((text) => text.split(' ')[0]);

describe('each type of anomaly', () => {
  it.each([
    ['SPEND_SPIKE', { spend: 1301 }, { spend: 1299 }],
    ['SPEND_DROP', { spend: 699 }, { spend: 701 }],
    ['CPL_SPIKE', { leads: 76 }, { leads: 77 }],
    ['CPL_DROP', { leads: 143 }, { leads: 142 }],
    ['CTR_SPIKE', { clicks: 2601 }, { clicks: 2599 }],
    ['CTR_DROP', { clicks: 1399 }, { clicks: 1401 }],
    ['PERFORMANCE_SPIKE', { leads: 131 }, { leads: 129 }],
    ['PERFORMANCE_DROP', { leads: 69 }, { leads: 71 }],
    ['FREQUENCY_ALERT', { frequency: 3.01 }, { frequency: 3 }],
    ['ZERO_SPEND', NOTHING, { spend: 0.01 }],
    ['ZERO_IMPRESSIONS', { impressions: 0, clicks: 0 }, { impressions: 1, clicks: 0 }],
  ])('%s fires on one side of its bound and not on the other', (type, inside, outside) => {
    expect(types(inside)).toContain(type);
    expect(types(outside)).not.toContain(type);
  });

  it.each([0, 1, 2, 3, 4, 5, 6])('with %i days before is none but what a rule says of the day', (count) => {
    expect(types({ spend: 5000, leads: 1, clicks: 1 }, count)).toEqual([]);
    expect(types({ frequency: 11 }, count)).toEqual(['FREQUENCY_ALERT']);
  });

  it('is absent from days that are all equal, those of zeros included', () => {
    expect(found({})).toEqual([]);
    expect(found(NOTHING, 20, NOTHING)).toEqual([]);
    const unseen = { impressions: 0, clicks: 0, reach: 0 };
    expect(found(unseen, 20, unseen)).toEqual([]);
  });
});

describe('each severity', () => {
  it.each([
    [1299, []],
    [1300, ['SPEND_SPIKE MEDIUM']],
    [1499, ['SPEND_SPIKE MEDIUM']],
    [1500, ['SPEND_SPIKE HIGH']],
    [1799, ['SPEND_SPIKE HIGH']],
    [1800, ['SPEND_SPIKE CRITICAL']],
    [501, ['SPEND_DROP MEDIUM']],
    [500, ['SPEND_DROP HIGH']],
    [201, ['SPEND_DROP HIGH']],
    [200, ['SPEND_DROP CRITICAL']],
  ])('of a change after equal days begins at its bound: %d', (spend, expected) => {
    expect(found({ spend, leads: spend / 10 }).filter((text) => text.startsWith('SPEND'))).toEqual(expected);
  });

  it.each([
    [2.5, undefined],
    [2.501, 'LOW'],
    [2.999, 'LOW'],
    [3, 'MEDIUM'],
    [3.999, 'MEDIUM'],
    [4, 'HIGH'],
    [4.999, 'HIGH'],
    [5, 'CRITICAL'],
    [-2.5, undefined],
    [-2.501, 'LOW'],
    [-3, 'MEDIUM'],
    [-4, 'HIGH'],
    [-5, 'CRITICAL'],
  ])('of z %d is what the table says', (z, severity) => {
    // Mean 0, and eight squares of 1 for nine values: the deviation is 1, exactly.
    const before = [1, -1, 1, -1, 1, -1, 1, -1, 0];
    const judged = judgeValue(Float64Array.from([...before, z]), before.length);
    expect(judged.find(({ method }) => method === 'zscore')?.severity).toBe(severity);
  });

  it.each([
    [76, 'CPL_SPIKE HIGH'],
    [66, 'CPL_SPIKE CRITICAL'],
    [50, 'CPL_SPIKE CRITICAL'],
  ])('of a dearer lead is one level worse: %d leads', (leads, expected) => {
    expect(found({ leads })).toContain(expected);
  });

  it.each([
    [3, []],
    [3.01, ['FREQUENCY_ALERT LOW']],
    [5, ['FREQUENCY_ALERT LOW']],
    [5.01, ['FREQUENCY_ALERT MEDIUM']],
    [7, ['FREQUENCY_ALERT MEDIUM']],
    [7.01, ['FREQUENCY_ALERT HIGH']],
    [10, ['FREQUENCY_ALERT HIGH']],
    [10.01, ['FREQUENCY_ALERT CRITICAL']],
  ])('of a frequency of %d', (frequency, expected) => {
    expect(found({ frequency })).toEqual(expected);
  });
});
