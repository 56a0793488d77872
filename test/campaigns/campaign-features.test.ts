import { describe, expect, it } from 'vitest';
import { campaignFeatures, featuresOf } from '../../functions/campaigns/campaign-features.ts';
import {
  classifierInputs,
  consistencyScore,
  frequencyScore,
  inputsOf,
} from '../../functions/campaigns/classifier-inputs.ts';
import { InsightCollector } from '../../functions/campaigns/insight-columns.ts';
import { CAMPAIGN_FEATURES, CLASSIFIER_COLUMNS } from '../../functions/contracts/campaign-features.ts';
import { AS_OF, dayOf, daysOf, featuresOfDays } from './insight-fixture.ts';

const featuresOfOne = (days: Parameters<typeof featuresOfDays>[0][string]) =>
  featuresOf(featuresOfDays({ c1: days }), 0);

describe('the features of a campaign', () => {
  it('are the 27 of the source, worked by hand over 30 days', () => {
    // Before the last 14 days 50 a day and 1 lead; then 100 and 2 leads; in the last 7 days 3 leads on even days back.
    const days = daysOf(30, (back) => {
      if (back >= 14) return { spend: 50, leads: 1, clicks: 50 };
      if (back >= 7) return {};
      return {
        leads: back % 2 === 0 ? 3 : 0,
        clicks: 200,
        reach: 5000,
        frequency: 2,
        status: 'ACTIVE',
        daily_budget: 120,
      };
    });
    const found = featuresOfOne(days);
    expect(Object.keys(found)).toEqual(CAMPAIGN_FEATURES);
    expect(found).toEqual({
      spend_7d: 700,
      impressions_7d: 70_000,
      clicks_7d: 1400,
      leads_7d: 12,
      cpl_7d: 700 / 12,
      ctr_7d: 2,
      cpc_7d: 0.5,
      conversion_rate_7d: (12 / 1400) * 100,
      cpl_trend: ((700 / 12 - 50) / 50) * 100,
      leads_trend: ((12 - 14) / 14) * 100,
      spend_trend: 0,
      ctr_trend: 100,
      cpl_14d: 1400 / 26,
      leads_14d: 26,
      cpl_30d: 2200 / 42,
      leads_30d: 42,
      avg_daily_spend_30d: 2200 / 30,
      cpl_std_7d: 0,
      // 3 0 3 0 3 0 3: mean 12/7, squares 7 · variance · 6/7.
      leads_std_7d: Math.sqrt((4 * (3 - 12 / 7) ** 2 + 3 * (12 / 7) ** 2) / 6),
      best_day_of_week: expect.any(Number),
      worst_day_of_week: expect.any(Number),
      frequency_7d: 2,
      reach_7d: 35_000,
      days_with_leads_7d: 4,
      days_active: 30,
      is_active: true,
      has_budget: true,
    });
  });

  it('name the weekdays with the most and the fewest leads per money, Monday first', () => {
    // The last day is a Sunday (6): it lies back 0, 7, 14, 21, 28; Wednesdays (2) lie back 4, 11, ….
    const of = (back: number) => (back % 7 === 0 ? { leads: 5 } : back % 7 === 4 ? { leads: 0 } : {});
    const weekdays = (found: ReturnType<typeof featuresOfOne>) => [
      found.best_day_of_week,
      found.worst_day_of_week,
    ];
    expect(weekdays(featuresOfOne(daysOf(28, of)))).toEqual([6, 2]);
    expect(weekdays(featuresOfOne(daysOf(14, of)))).toEqual([6, 2]);
    expect(weekdays(featuresOfOne(daysOf(13, of)))).toEqual([null, null]);
    expect(weekdays(featuresOfOne(daysOf(28)))).toEqual([null, null]);
  });

  it('are null, never NaN or infinite, where the days do not tell', () => {
    const zero = { spend: 0, impressions: 0, clicks: 0, leads: 0 };
    const histories = {
      none: [],
      one: [dayOf(0)],
      old: [dayOf(20)],
      zero: daysOf(30, () => zero),
      noLeads: daysOf(30, () => ({ leads: 0 })),
      equal: daysOf(30, () => ({ reach: 0, frequency: 0, daily_budget: 0 })),
      leadsWithoutClicks: daysOf(8, () => ({ clicks: 0, impressions: 0 })),
    };
    const columns = featuresOfDays(histories);
    const inputs = classifierInputs(columns);
    for (const [entity, id] of columns.entityIds.entries()) {
      const all = [...Object.values(featuresOf(columns, entity)), ...Object.values(inputsOf(inputs, entity))];
      for (const value of all) {
        expect(value === null || typeof value === 'boolean' || Number.isFinite(value), id).toBe(true);
      }
    }
    const byId = Object.fromEntries(columns.entityIds.map((id, n) => [id, featuresOf(columns, n)]));
    expect(byId.zero).toMatchObject({ cpl_7d: null, ctr_7d: null, leads_trend: null, is_active: false });
    expect(byId.noLeads).toMatchObject({
      cpl_7d: null,
      cpl_trend: null,
      leads_trend: null,
      cpl_std_7d: null,
    });
    expect(byId.equal).toMatchObject({ frequency_7d: 0, reach_7d: 0, has_budget: false, cpl_std_7d: 0 });
    expect(byId.one).toMatchObject({ spend_7d: 100, spend_trend: null, leads_std_7d: null, days_active: 1 });
    const insufficient = columns.entityIds.filter((_, n) => columns.insufficient[n] === 1);
    expect(insufficient).toEqual(['none', 'old', 'zero']);
  });

  it('compare with ratios of sums over the whole account', () => {
    const columns = featuresOfDays({
      a: [dayOf(0, { spend: 300, leads: 1 })],
      b: [dayOf(0, { spend: 100, leads: 9 })],
    });
    expect(columns.averages).toMatchObject({ spend_7d: 400, leads_7d: 10, average_cpl: 40, average_ctr: 1 });
    expect(classifierInputs(columns).cpl_ratio).toEqual(new Float64Array([7.5, 100 / 9 / 40]));
  });

  it('know an entity as active by its newest status, else by what was delivered', () => {
    const active = (of: (back: number) => object) => featuresOfOne(daysOf(10, of)).is_active;
    expect(active((back) => ({ status: back > 2 ? 'ACTIVE' : back === 2 ? 'PAUSED' : null }))).toBe(false);
    expect(active((back) => ({ status: back > 2 ? 'PAUSED' : 'ACTIVE', spend: 0, impressions: 0 }))).toBe(
      true,
    );
    expect(active(() => ({}))).toBe(true);
    expect(active((back) => (back < 7 ? { spend: 0, impressions: 0 } : {}))).toBe(false);
  });

  it('take the frequency from impressions and reach where the platform gives none', () => {
    expect(featuresOfOne([dayOf(0, { reach: 4000 })]).frequency_7d).toBe(2.5);
    expect(featuresOfOne([dayOf(0, { reach: 0 })]).frequency_7d).toBeNull();
  });

  it('do not depend on the order of days or campaigns, and hold the later of a day given twice', () => {
    const days = daysOf(30, (back) => ({ leads: back % 5, spend: 10 * back + 1 }));
    const collect = (parts: readonly (readonly [string, typeof days])[]) => {
      const collector = new InsightCollector({ from: dayOf(29).date, to: AS_OF });
      for (const [id, some] of parts) collector.add(id, some);
      return campaignFeatures(collector.columns(), AS_OF);
    };
    const many = Array.from({ length: 150 }, (_, n) => [`c${n}`, days] as const);
    const once = collect(many);
    const stale = days.map((day) => ({ ...day, leads: 99 }));
    const again = collect([...many.map(([id]) => [id, stale] as const), ...many.toReversed()]);
    expect(again).toEqual(once);
    expect(once.entityIds).toEqual(many.map(([id]) => id).sort());
  });

  it('fails for columns that do not reach back 30 days, or not up to the day', () => {
    const columns = new InsightCollector({ from: dayOf(28).date, to: AS_OF }).columns();
    expect(() => campaignFeatures(columns, AS_OF)).toThrow('30 days');
    const ended = new InsightCollector({ from: dayOf(60).date, to: dayOf(1).date }).columns();
    expect(() => campaignFeatures(ended, AS_OF)).toThrow('30 days');
    expect(campaignFeatures(ended, dayOf(1).date).entityIds).toEqual([]);
  });
});

describe('the inputs of the classifier', () => {
  it('are the ten columns of the source in its order', () => {
    const inputs = inputsOf(classifierInputs(featuresOfDays({ c1: daysOf(14) })), 0);
    expect(Object.keys(inputs)).toEqual(CLASSIFIER_COLUMNS);
    expect(inputs).toEqual({
      cpl_ratio: 1,
      ctr_ratio: 1,
      leads_7d_normalized: 2,
      cpl_trend: 0,
      leads_trend: 0,
      cpl_volatility: 0,
      conversion_rate_7d: 2,
      days_with_leads_ratio: 1,
      frequency_score: null,
      consistency_score: 1,
    });
  });

  it.each([
    [0, 1],
    [1, 1],
    [2.5, 0.5],
    [4, 0],
    [9, 0],
  ])('score a frequency of %d as %d, clamped to 0..1', (frequency, score) => {
    expect(frequencyScore(frequency)).toBeCloseTo(score, 12);
  });

  it.each([
    ['the source’s formula in the middle', 4 / 7, 10, 2.5, (4 / 7) * 0.5 + 0.8 * 0.3 + 0.5 * 0.2],
    ['0 for the trend term from 50% on, where the source went to −0.9', 0, 200, 4, 0],
    ['1 at most, where the source went to 1.07', 1, 0, 0, 1],
    ['the same for a fall as for a rise', 0, -25, 4, 0.15],
    ['the weight of an unknown frequency given to the rest', 1, 25, Number.NaN, 0.65 / 0.8],
    ['of the days alone where nothing else is known', 0.5, Number.NaN, Number.NaN, 0.5],
  ])('score consistency: %s', (_, days, trend, frequency, score) => {
    expect(consistencyScore(days, trend, frequency)).toBeCloseTo(score, 12);
  });
});
