import { describe, expect, it } from 'vitest';
import {
  campaignFeatures,
  type FeatureColumns,
  featuresOf,
} from '../../functions/campaigns/campaign-features.ts';
import { InsightCollector } from '../../functions/campaigns/insight-columns.ts';
import { tierByRules } from '../../functions/campaigns/tier-rules.ts';
import { dayNumber, dayText } from '../../functions/contracts/campaign-entities.ts';
import {
  adCampaignDaily,
  adwordsDaily,
  type CampaignDays,
  kagFacebookAds,
} from '../support/campaign-data.ts';

function featuresAt(campaigns: CampaignDays, asOf: string): FeatureColumns {
  const collector = new InsightCollector({ from: dayText(dayNumber(asOf) - 29), to: asOf });
  for (const [id, days] of campaigns) collector.add(id, days);
  return campaignFeatures(collector.columns(), asOf);
}

const tiersOf = ({ values, averages, entityIds }: FeatureColumns) =>
  entityIds.map(
    (_, entity) =>
      tierByRules({
        spend: values.spend_7d[entity]!,
        leads: values.leads_7d[entity]!,
        daysWithLeads: values.days_with_leads_7d[entity]!,
        averageCpl: averages.average_cpl,
      })?.tier,
  );

const daily = adCampaignDaily();
const facebook = kagFacebookAds();
const keywords = adwordsDaily();

describe.skipIf(!daily)('three months of display advertising', () => {
  it('has features that a plain sum over its rows gives too', () => {
    const asOf = '2025-06-30';
    const features = featuresAt(daily!, asOf);
    for (const [entity, id] of features.entityIds.entries()) {
      const week = daily!.get(id)!.filter(({ date }) => date > '2025-06-23' && date <= asOf);
      const total = (name: 'spend' | 'leads' | 'clicks') => week.reduce((sum, one) => sum + one[name], 0);
      const found = featuresOf(features, entity);
      expect(found.spend_7d).toBeCloseTo(total('spend'), 8);
      expect(found.leads_7d).toBe(total('leads'));
      expect(found.days_with_leads_7d).toBe(week.filter(({ leads }) => leads > 0).length);
      if (total('leads') > 0) expect(found.cpl_7d).toBeCloseTo(total('spend') / total('leads'), 8);
      else expect(found.cpl_7d).toBeNull();
      for (const value of Object.values(found)) {
        expect(value === null || typeof value === 'boolean' || Number.isFinite(value)).toBe(true);
      }
    }
  });

  it('puts cheaper leads into better tiers', () => {
    const features = featuresAt(daily!, '2025-06-30');
    const tiers = tiersOf(features);
    const cpl = (tier: string) => {
      const of = tiers.flatMap((one, entity) => (one === tier ? [entity] : []));
      const sum = (name: 'spend_7d' | 'leads_7d') =>
        of.reduce((total, entity) => total + features.values[name][entity]!, 0);
      return sum('spend_7d') / sum('leads_7d');
    };
    expect(cpl('HIGH_PERFORMER')).toBeLessThan(cpl('LOW'));
    expect(cpl('LOW')).toBeLessThan(cpl('UNDERPERFORMER'));
  });

  it('leaves the campaign that ended in April without a tier in June', () => {
    const features = featuresAt(daily!, '2025-06-30');
    const tiers = tiersOf(features);
    const ended = features.entityIds.flatMap((id, entity) => (id.startsWith('camp2') ? [entity] : []));
    for (const entity of ended) expect(tiers[entity]).toBeUndefined();
  });
});

describe.skipIf(!facebook)('Facebook ads on one day', () => {
  it('are judged as far as one day goes: none high, and those without spend not at all', () => {
    const features = featuresAt(facebook!, '2025-06-30');
    const tiers = tiersOf(features);
    expect(tiers.filter((tier) => tier === undefined)).toHaveLength(
      features.values.spend_7d.filter((spend) => spend === 0).length,
    );
    expect(tiers).not.toContain('HIGH_PERFORMER');
    expect(features.averages.average_cpl).toBeCloseTo(58_705.23 / 3264, 2);
  });
});

describe.skipIf(!keywords)('AdWords keywords without cost', () => {
  it('have features and no tier', () => {
    const features = featuresAt(keywords!, '2013-03-31');
    expect(tiersOf(features).every((tier) => tier === undefined)).toBe(true);
    expect(features.insufficient.every((flag) => flag === 1)).toBe(true);
    expect(features.averages.average_cpl).toBeNull();
    expect(featuresOf(features, 0)).toMatchObject({ spend_7d: 0, cpl_7d: null, is_active: true });
  });
});
