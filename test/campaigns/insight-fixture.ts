import { campaignFeatures, type FeatureColumns } from '../../functions/campaigns/campaign-features.ts';
import { InsightCollector } from '../../functions/campaigns/insight-columns.ts';
import { dayNumber, dayText } from '../../functions/contracts/campaign-entities.ts';
import { FEATURE_WINDOW_DAYS } from '../../functions/contracts/campaign-features.ts';
import type { InsightDay } from '../../functions/contracts/campaign-insights.ts';

/** The day that toy histories end with: a Sunday. */
export const AS_OF = '2026-03-01';

/** A day `back` days before the last one. */
export const dayOf = (back: number, more: Partial<InsightDay> = {}): InsightDay => ({
  date: dayText(dayNumber(AS_OF) - back),
  spend: 100,
  impressions: 10_000,
  clicks: 100,
  leads: 2,
  reach: null,
  frequency: null,
  status: null,
  daily_budget: null,
  ...more,
});

/** `count` days that end with the last one, each as `of` says by how many days it lies back. */
export const daysOf = (count: number, of: (back: number) => Partial<InsightDay> = () => ({})): InsightDay[] =>
  Array.from({ length: count }, (_, n) => dayOf(count - 1 - n, of(count - 1 - n)));

/** Features of campaigns given by their days. */
export function featuresOfDays(campaigns: Readonly<Record<string, readonly InsightDay[]>>): FeatureColumns {
  const from = dayText(dayNumber(AS_OF) - FEATURE_WINDOW_DAYS + 1);
  const collector = new InsightCollector({ from, to: AS_OF });
  for (const [id, days] of Object.entries(campaigns)) collector.add(id, days);
  return campaignFeatures(collector.columns(), AS_OF);
}
