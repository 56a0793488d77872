import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { campaignFeatures } from '../../functions/campaigns/campaign-features.ts';
import { classifierInputs } from '../../functions/campaigns/classifier-inputs.ts';
import { InsightCollector } from '../../functions/campaigns/insight-columns.ts';
import type { RecommendationFacts } from '../../functions/campaigns/recommendation-facts.ts';
import { accountCpl30d, recommendationFacts } from '../../functions/campaigns/recommendation-facts.ts';
import { firingRules, RECOMMENDATION_RULES } from '../../functions/campaigns/recommendation-rules.ts';
import { reasoningOf, recommendationText } from '../../functions/campaigns/recommendation-texts.ts';
import { RECOMMENDATION_TYPES } from '../../functions/contracts/campaign-records.ts';
import { AS_OF, dayOf, daysOf } from './insight-fixture.ts';

/** A campaign like any other: nothing fires. */
const plain: RecommendationFacts = {
  tier: 'MODERATE',
  tierConfidence: 0.8,
  daysInTier: 1,
  isPaused: false,
  dailyBudget: 100,
  daysActive: 30,
  spend7d: 700,
  leads7d: 14,
  cpl7d: 50,
  averageCpl: 50,
  cplRatio: 1,
  daysWithLeadsRatio: 1,
  daysWithLeads7d: 7,
  cplTrend: 0,
  leadsTrend: 0,
  ctrTrend: 0,
  frequency7d: 1.5,
  reach7d: 9000,
  leads30d: 60,
  cpl30d: 50,
  cplRatio30d: 1,
  bestDay: Number.NaN,
  worstDay: Number.NaN,
  weekdayCplRatio: Number.NaN,
  weekdayChance: 1,
  worstDayExpected: 10,
  cplRiseConfidence: 0.5,
};
const high = { tier: 'HIGH_PERFORMER', cplRatio: 0.5 } as const;
const scale = {
  tier: 'HIGH_PERFORMER',
  cplRatio: 0.7,
  leads7d: 3,
  daysWithLeads7d: 4,
  cplTrend: 10,
} as const;
const decrease = { cplRatio: 1.5, cplTrend: 0.1, spend7d: 50 };
const saturated = { cplTrend: 20.1, leadsTrend: -15.1, ctrTrend: -5 };
const paused = { isPaused: true, spend7d: 0, leads7d: 0, cplRatio30d: 1.1, leads30d: 5 };
const uneven = { weekdayCplRatio: 2, weekdayChance: 0.049, leads30d: 20, bestDay: 6, worstDay: 2 };

const fires = (facts: Partial<RecommendationFacts>) =>
  RECOMMENDATION_RULES.filter((rule) => rule.fires({ ...plain, ...facts })).map(({ type }) => type);

describe('the rules of recommendations', () => {
  it('leave a plain campaign alone', () => {
    expect(firingRules(plain)).toEqual([]);
  });

  it.each<[string, string, Partial<RecommendationFacts>, Partial<RecommendationFacts>]>([
    ['BUDGET_INCREASE', 'ratio', { ...high, cplRatio: 0.6999 }, { ...high, cplRatio: 0.7 }],
    ['BUDGET_INCREASE', 'tier', high, { ...high, tier: 'MODERATE' }],
    ['BUDGET_INCREASE', 'days', { ...high, daysWithLeadsRatio: 0.51 }, { ...high, daysWithLeadsRatio: 0.5 }],
    ['BUDGET_INCREASE', 'trend', { ...high, cplTrend: 9.99 }, { ...high, cplTrend: 10 }],
    ['BUDGET_INCREASE', 'unknown trend', high, { ...high, cplTrend: Number.NaN }],
    ['SCALE_UP', 'ratio', scale, { ...scale, cplRatio: 0.7001 }],
    ['SCALE_UP', 'leads', scale, { ...scale, leads7d: 2 }],
    ['SCALE_UP', 'days', scale, { ...scale, daysWithLeads7d: 3 }],
    ['SCALE_UP', 'trend', scale, { ...scale, cplTrend: 10.1 }],
    ['SCALE_UP', 'tier', scale, { ...scale, tier: 'LOW' }],
    ['BUDGET_DECREASE', 'ratio', decrease, { ...decrease, cplRatio: 1.499 }],
    ['BUDGET_DECREASE', 'trend', decrease, { ...decrease, cplTrend: 0 }],
    ['BUDGET_DECREASE', 'spend', decrease, { ...decrease, spend7d: 49.9 }],
    ['PAUSE_CAMPAIGN', 'waste', { leads7d: 0, spend7d: 100.1 }, { leads7d: 0, spend7d: 100 }],
    ['PAUSE_CAMPAIGN', 'a lead', { leads7d: 0, spend7d: 500 }, { leads7d: 1, spend7d: 500 }],
    ['PAUSE_CAMPAIGN', 'price', { cplRatio: 2.5, daysActive: 7 }, { cplRatio: 2.49, daysActive: 7 }],
    ['PAUSE_CAMPAIGN', 'days', { cplRatio: 2.5, daysActive: 7 }, { cplRatio: 2.5, daysActive: 6 }],
    [
      'PAUSE_CAMPAIGN',
      'tier',
      { tier: 'UNDERPERFORMER', daysInTier: 7 },
      { tier: 'UNDERPERFORMER', daysInTier: 6 },
    ],
    [
      'PAUSE_CAMPAIGN',
      'other tier',
      { tier: 'UNDERPERFORMER', daysInTier: 9 },
      { tier: 'LOW', daysInTier: 9 },
    ],
    [
      'CREATIVE_REFRESH',
      'frequency',
      { frequency7d: 3, ctrTrend: -10.1 },
      { frequency7d: 2.99, ctrTrend: -10.1 },
    ],
    ['CREATIVE_REFRESH', 'CTR', { frequency7d: 3, ctrTrend: -10.1 }, { frequency7d: 3, ctrTrend: -10 }],
    ['CREATIVE_REFRESH', 'CPL', { frequency7d: 3, cplTrend: 15.1 }, { frequency7d: 3, cplTrend: 15 }],
    ['AUDIENCE_REVIEW', 'frequency', { frequency7d: 5.01 }, { frequency7d: 5 }],
    ['AUDIENCE_REVIEW', 'CPL', saturated, { ...saturated, cplTrend: 20 }],
    ['AUDIENCE_REVIEW', 'leads', saturated, { ...saturated, leadsTrend: -15 }],
    ['AUDIENCE_REVIEW', 'CTR', saturated, { ...saturated, ctrTrend: -5.1 }],
    ['REACTIVATE', 'pause', paused, { ...paused, isPaused: false }],
    ['REACTIVATE', 'ratio', paused, { ...paused, cplRatio30d: 1.11 }],
    ['REACTIVATE', 'leads', paused, { ...paused, leads30d: 4 }],
    ['OPTIMIZE_SCHEDULE', 'ratio', uneven, { ...uneven, weekdayCplRatio: 1.99 }],
    ['OPTIMIZE_SCHEDULE', 'chance', uneven, { ...uneven, weekdayChance: 0.05 }],
    ['OPTIMIZE_SCHEDULE', 'leads', uneven, { ...uneven, leads30d: 19 }],
    ['OPTIMIZE_SCHEDULE', 'due', { ...uneven, worstDayExpected: 5 }, { ...uneven, worstDayExpected: 4.9 }],
  ])('%s fires on one side of its bound and not on the other: %s', (type, _, inside, outside) => {
    expect(fires(inside)).toContain(type);
    expect(fires(outside)).not.toContain(type);
  });

  it('fire for no paused campaign but to wake it, and for none with under three active days', () => {
    const all = { ...high, ...saturated, ...uneven, frequency7d: 6, isPaused: true };
    expect(fires(all)).toEqual(['REACTIVATE']);
    expect(firingRules({ ...plain, ...high, daysActive: 2 })).toEqual([]);
    expect(firingRules({ ...plain, ...high, daysActive: 3 })).not.toEqual([]);
  });

  it('keep the three most urgent, and no smaller budget beside a pause', () => {
    const types = (facts: Partial<RecommendationFacts>) =>
      firingRules({ ...plain, ...facts }).map(({ type }) => type);
    const bad = { cplRatio: 3, ...saturated, frequency7d: 6, ...uneven };
    expect(fires(bad)).toEqual([
      'BUDGET_DECREASE',
      'PAUSE_CAMPAIGN',
      'CREATIVE_REFRESH',
      'AUDIENCE_REVIEW',
      'OPTIMIZE_SCHEDULE',
    ]);
    expect(types(bad)).toEqual(['PAUSE_CAMPAIGN', 'AUDIENCE_REVIEW', 'CREATIVE_REFRESH']);
    expect(types({ ...high, ...uneven, frequency7d: 6 })).toHaveLength(3);
  });

  it('are one for each type of the source, with its priority', () => {
    expect(RECOMMENDATION_RULES.map(({ type }) => type).sort()).toEqual([...RECOMMENDATION_TYPES].sort());
    expect(Object.fromEntries(RECOMMENDATION_RULES.map(({ type, priority }) => [type, priority]))).toEqual({
      BUDGET_INCREASE: 8,
      BUDGET_DECREASE: 7,
      PAUSE_CAMPAIGN: 9,
      SCALE_UP: 8,
      CREATIVE_REFRESH: 6,
      AUDIENCE_REVIEW: 7,
      REACTIVATE: 5,
      OPTIMIZE_SCHEDULE: 4,
    });
  });
});

it('the documentation prints the rules as they are', () => {
  const text = readFileSync(new URL('../../docs/campaigns.md', import.meta.url), 'utf8');
  for (const { type, priority, expiresInDays, condition } of RECOMMENDATION_RULES) {
    expect(text).toContain(`| ${type} | ${priority} | ${expiresInDays} d | ${condition} |`);
  }
});

describe('the words of a recommendation', () => {
  it('carry the source’s action for a larger budget, with its numbers', () => {
    const { action } = recommendationText('BUDGET_INCREASE', { ...plain, ...high });
    expect(action).toEqual({
      field: 'daily_budget',
      current: 100,
      suggested: 130,
      impact: 'Aumento de leads proporcional',
      change_percent: 30,
      expected_impact: 'Aumento de leads proporcional',
    });
    const unknown = recommendationText('BUDGET_DECREASE', { ...plain, dailyBudget: Number.NaN });
    expect(unknown.action).toMatchObject({ current: null, suggested: null, change_percent: -25 });
  });

  it('hold a number of the reason and never NaN, whatever is unknown', () => {
    const unknown = Object.fromEntries(
      Object.entries(plain).map(([name, value]) => [name, typeof value === 'number' ? Number.NaN : value]),
    ) as unknown as RecommendationFacts;
    for (const { type, reasons } of RECOMMENDATION_RULES) {
      const words = JSON.stringify(recommendationText(type, { ...plain, ...uneven }));
      expect(words, type).toMatch(/\d|segunda|terça|quarta/);
      expect(JSON.stringify(recommendationText(type, unknown)), type).not.toMatch(/NaN|Infinity|undefined/);
      expect(Object.values(reasoningOf(reasons, unknown)), type).toEqual(reasons.map(() => null));
      for (const name of Object.keys(reasoningOf(reasons, plain))) expect(name).toMatch(/^[a-z0-9_]+$/);
    }
  });
});

describe('the facts of a campaign', () => {
  it('follow from its days', () => {
    const collector = new InsightCollector({ from: dayOf(29).date, to: AS_OF });
    // Sundays lie back 0, 7, …: three times the leads; the last week costs twice as much a lead as the one before.
    collector.add(
      'c1',
      daysOf(30, (back) => ({
        leads: back % 7 === 0 ? 12 : 4,
        spend: back < 7 ? 200 : 100,
        daily_budget: 150,
      })),
    );
    collector.add(
      'c2',
      daysOf(30, () => ({ leads: 0, spend: 10, status: 'PAUSED' })),
    );
    const columns = collector.columns();
    const features = campaignFeatures(columns, AS_OF);
    const sources = {
      columns,
      features,
      inputs: classifierInputs(features),
      verdicts: [undefined, undefined],
      accountCpl30d: accountCpl30d(columns),
      daysInTier: new Map([['c1', 4]]),
    };
    const facts = recommendationFacts(sources, 0);
    expect(facts).toMatchObject({
      daysInTier: 4,
      dailyBudget: 150,
      isPaused: false,
      cplTrend: 100,
      bestDay: 6,
    });
    const leads = 5 * 12 + 25 * 4;
    expect(facts.leads30d).toBe(leads);
    expect(accountCpl30d(columns)).toBeCloseTo((7 * 200 + 23 * 100 + 300) / leads, 12);
    expect(facts.cplRatio30d).toBeCloseTo(3700 / 4000, 12);
    expect(facts.weekdayChance).toBeLessThan(0.001);
    expect(facts.cplRiseConfidence).toBeGreaterThan(0.99);
    const other = recommendationFacts(sources, 1);
    expect(other).toMatchObject({ isPaused: true, leads7d: 0, cplRiseConfidence: 0.5 });
    expect(Number.isNaN(other.dailyBudget)).toBe(true);
  });
});
