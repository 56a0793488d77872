import { describe, expect, it } from 'vitest';
import { gammaTail } from '../../functions/campaigns/gamma-tail.ts';
import { tierByRules, tierChange } from '../../functions/campaigns/tier-rules.ts';
import { TIERS } from '../../functions/contracts/campaign-records.ts';

/** 1,000 leads at this ratio to an average of 8: both sides of every bound are exact in binary. */
const at = (ratio: number, daysWithLeads = 7, leads = 1000) => ({
  spend: ratio * leads * 8,
  leads,
  daysWithLeads,
  averageCpl: 8,
});
const tierOf = (facts: ReturnType<typeof at>) => tierByRules(facts)?.tier;

describe('the rules of the tiers', () => {
  it.each([
    [0.7, 4, 1000, 'HIGH_PERFORMER'],
    [0.7, 3, 1000, 'MODERATE'],
    [0.7001, 7, 1000, 'MODERATE'],
    [1, 7, 1000, 'MODERATE'],
    [1.0001, 7, 1000, 'LOW'],
    [1.5, 7, 1000, 'LOW'],
    [1.5001, 7, 1000, 'UNDERPERFORMER'],
    [1, 1, 2, 'MODERATE'],
    [1, 1, 1, 'LOW'],
    [0.1, 1, 1, 'LOW'],
    [0.1, 3, 3, 'MODERATE'],
    [0.1, 4, 4, 'HIGH_PERFORMER'],
  ])('say of ratio %d, %d days and %d leads: %s', (ratio, days, leads, tier) => {
    expect(tierOf(at(ratio, days, leads))).toBe(tier);
  });

  it('call spend without a lead an underperformer, and no spend nothing at all', () => {
    expect(tierOf({ spend: 0.01, leads: 0, daysWithLeads: 0, averageCpl: 8 })).toBe('UNDERPERFORMER');
    expect(
      tierByRules({ spend: 5, leads: 0, daysWithLeads: 0, averageCpl: null })?.probabilities.UNDERPERFORMER,
    ).toBe(1);
    for (const spend of [0, Number.NaN]) {
      expect(tierByRules({ spend, leads: 0, daysWithLeads: 0, averageCpl: 8 })).toBeUndefined();
    }
  });

  it('give probabilities that sum to one and grow sharp with the leads', () => {
    for (const ratio of [0.3, 0.7, 0.9, 1.2, 2]) {
      for (const [days, leads] of [
        [0, 0],
        [1, 1],
        [3, 9],
        [7, 9],
        [7, 900],
      ] as const) {
        const facts = { spend: ratio * (leads || 1) * 8, leads, daysWithLeads: days, averageCpl: 8 };
        const verdict = tierByRules(facts)!;
        const values = TIERS.map((tier) => verdict.probabilities[tier]);
        expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
        expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
        expect(verdict.confidence).toBe(verdict.probabilities[verdict.tier]);
      }
    }
    const sure = (leads: number) => tierByRules(at(0.5, 7, leads))!.confidence;
    expect([4, 40, 400].map(sure)).toEqual([...[4, 40, 400].map(sure)].sort((a, b) => a - b));
    expect(sure(4)).toBeLessThan(0.8);
    expect(sure(400)).toBeGreaterThan(0.999);
  });

  it('tell which way a tier moved', () => {
    expect(tierChange('LOW', null)).toBe('new');
    expect(tierChange('LOW', 'LOW')).toBe('same');
    expect(tierChange('MODERATE', 'LOW')).toBe('up');
    expect(tierChange('UNDERPERFORMER', 'LOW')).toBe('down');
  });
});

describe('the tail of the gamma distribution', () => {
  it.each([
    // scipy.special.gammaincc(a, x)
    [0.5, 0.25, 0.4795001221869535],
    [2.5, 5, 0.07523524614651217],
    [10.5, 3, 0.9994261794716565],
    [40.5, 60, 0.003195142688024627],
  ])('at a = %d, x = %d is %d', (shape, x, tail) => {
    expect(gammaTail(shape, x)).toBeCloseTo(tail, 9);
  });

  it('falls from one to nothing', () => {
    expect(gammaTail(3, 0)).toBe(1);
    expect(gammaTail(3, Number.POSITIVE_INFINITY)).toBe(0);
    expect(gammaTail(1, 2)).toBeCloseTo(Math.exp(-2), 14);
  });
});
