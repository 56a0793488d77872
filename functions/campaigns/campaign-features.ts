import { dayNumber, type EntityStatus } from '../contracts/campaign-entities.ts';
import {
  type AccountAverages,
  CAMPAIGN_FEATURES,
  type CampaignFeature,
  FEATURE_WINDOW_DAYS,
  YES_NO_FEATURES,
} from '../contracts/campaign-features.ts';
import { InvalidRequestError } from '../errors.ts';
import { bestAndWorstWeekday, weekdayTotals } from './day-of-week.ts';
import { type InsightColumns, statusOf } from './insight-columns.ts';
import { percentChanges, ratios, sampleDeviation, windowSums } from './window-sums.ts';

/** The 27 features of many campaigns: one column each, in the order of `entityIds`. */
export interface FeatureColumns {
  readonly entityIds: readonly string[];
  /** ISO day that the windows end with. */
  readonly asOf: string;
  /** NaN inside a column means unknown; it leaves this module as null (`featuresOf`). Yes is 1, no is 0. */
  readonly values: Readonly<Record<CampaignFeature, Float64Array>>;
  /** 1 where nothing was spent in the 7 days, so that there is nothing to judge. */
  readonly insufficient: Uint8Array;
  readonly averages: AccountAverages;
}

/** One campaign's features by name; null where the days do not tell. */
export type CampaignFeatures = Readonly<Record<CampaignFeature, number | boolean | null>>;

const STOPPED: readonly (EntityStatus | undefined)[] = ['PAUSED', 'ARCHIVED', 'DELETED'];

/**
 * Features of all campaigns on one day (requirements S1-26 … S1-30; formulas in `docs/campaigns.md`).
 * @param asOf ISO day that all windows end with; the columns must reach back 30 days from it
 * @throws InvalidRequestError when they do not
 */
export function campaignFeatures(columns: InsightColumns, asOf: string): FeatureColumns {
  const end = dayNumber(asOf) - columns.firstDay + 1;
  if (end < FEATURE_WINDOW_DAYS || end > columns.nDays) {
    throw new InvalidRequestError(
      `Features of ${asOf} need the ${FEATURE_WINDOW_DAYS} days up to it; the columns hold ${columns.nDays} days from day ${columns.firstDay}. Read more days.`,
      { reason: 'feature_window' },
    );
  }
  const sums = (measure: 'spend' | 'impressions' | 'clicks' | 'leads', from: number, to = 0) =>
    windowSums(columns, measure, end - from, end - to);
  const [spend, impressions, clicks, leads] = [
    sums('spend', 7),
    sums('impressions', 7),
    sums('clicks', 7),
    sums('leads', 7),
  ];
  const [leads14, leads30, spend30] = [sums('leads', 14), sums('leads', 30), sums('spend', 30)];
  const cpl = ratios(spend, leads);
  const ctr = ratios(clicks, impressions, 100);
  const former = { spend: sums('spend', 14, 7), leads: sums('leads', 14, 7) };
  const formerCtr = ratios(sums('clicks', 14, 7), sums('impressions', 14, 7), 100);
  const perDay = dailyFeatures(columns, end);
  return {
    entityIds: columns.entityIds,
    asOf,
    values: {
      spend_7d: spend,
      impressions_7d: impressions,
      clicks_7d: clicks,
      leads_7d: leads,
      cpl_7d: cpl,
      ctr_7d: ctr,
      cpc_7d: ratios(spend, clicks),
      conversion_rate_7d: ratios(leads, clicks, 100),
      cpl_trend: percentChanges(cpl, ratios(former.spend, former.leads)),
      leads_trend: percentChanges(leads, former.leads),
      spend_trend: percentChanges(spend, former.spend),
      ctr_trend: percentChanges(ctr, formerCtr),
      cpl_14d: ratios(sums('spend', 14), leads14),
      leads_14d: leads14,
      cpl_30d: ratios(spend30, leads30),
      leads_30d: leads30,
      avg_daily_spend_30d: ratios(spend30, perDay.daysPresent),
      ...perDay.features,
    },
    insufficient: Uint8Array.from(spend, (value) => (value > 0 ? 0 : 1)),
    averages: averagesOf(spend, leads, clicks, impressions),
  };
}

/** One campaign's features, as they are answered and stored. */
export function featuresOf({ values }: FeatureColumns, entity: number): CampaignFeatures {
  return Object.fromEntries(
    CAMPAIGN_FEATURES.map((feature) => {
      const value = values[feature][entity]!;
      if (Number.isNaN(value)) return [feature, null];
      return [feature, YES_NO_FEATURES.includes(feature) ? value === 1 : value];
    }),
  ) as CampaignFeatures;
}

function averagesOf(
  spend: Float64Array,
  leads: Float64Array,
  clicks: Float64Array,
  impressions: Float64Array,
): AccountAverages {
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  const [money, found, clicked, shown] = [total(spend), total(leads), total(clicks), total(impressions)];
  return {
    spend_7d: money,
    leads_7d: found,
    average_cpl: found > 0 ? money / found : null,
    average_ctr: shown > 0 ? (clicked / shown) * 100 : null,
  };
}

type DailyFeature =
  | 'cpl_std_7d'
  | 'leads_std_7d'
  | 'best_day_of_week'
  | 'worst_day_of_week'
  | 'frequency_7d'
  | 'reach_7d'
  | 'days_with_leads_7d'
  | 'days_active'
  | 'is_active'
  | 'has_budget';

/** Features that look at single days rather than at sums over windows. */
function dailyFeatures(columns: InsightColumns, end: number) {
  const n = columns.entityIds.length;
  const column = () => new Float64Array(n).fill(Number.NaN);
  const features: Record<DailyFeature, Float64Array> = {
    cpl_std_7d: column(),
    leads_std_7d: column(),
    best_day_of_week: column(),
    worst_day_of_week: column(),
    frequency_7d: column(),
    reach_7d: column(),
    days_with_leads_7d: column(),
    days_active: column(),
    is_active: column(),
    has_budget: column(),
  };
  const daysPresent = new Float64Array(n);
  const { spend, impressions, leads, reach, frequency } = columns.measures;
  for (let entity = 0; entity < n; entity++) {
    const row = entity * columns.nDays + end;
    const week = Array.from({ length: 7 }, (_, day) => row - 7 + day);
    const weekLeads = week.map((at) => leads[at]!);
    features.cpl_std_7d[entity] = sampleDeviation(
      week.map((at) => (leads[at]! > 0 ? spend[at]! / leads[at]! : Number.NaN)),
    );
    features.leads_std_7d[entity] = sampleDeviation(weekLeads);
    features.days_with_leads_7d[entity] = weekLeads.filter((count) => count > 0).length;
    const reached = week.map((at) => reach[at]!).filter((people) => !Number.isNaN(people));
    if (reached.length > 0) features.reach_7d[entity] = reached.reduce((sum, people) => sum + people, 0);
    features.frequency_7d[entity] = meanKnown(
      week.map((at) => (Number.isNaN(frequency[at]!) ? shownPerPerson(at) : frequency[at]!)),
    );
    let active = 0;
    for (let at = row - FEATURE_WINDOW_DAYS; at < row; at++) {
      daysPresent[entity]! += columns.present[at]!;
      if (spend[at]! > 0 || impressions[at]! > 0) active++;
    }
    features.days_active[entity] = active;
    const status = statusOf(columns, entity);
    const delivered = week.some((at) => spend[at]! > 0 || impressions[at]! > 0);
    features.is_active[entity] = (status === undefined ? delivered : !STOPPED.includes(status)) ? 1 : 0;
    features.has_budget[entity] = columns.dailyBudget[entity]! > 0 ? 1 : 0;
    const weekdays = bestAndWorstWeekday(weekdayTotals(columns, entity, end - FEATURE_WINDOW_DAYS, end));
    if (!weekdays) continue;
    features.best_day_of_week[entity] = weekdays.best;
    features.worst_day_of_week[entity] = weekdays.worst;
  }
  return { features, daysPresent };

  /** Impressions per person where the platform gives both but no frequency. */
  function shownPerPerson(at: number): number {
    return reach[at]! > 0 ? impressions[at]! / reach[at]! : Number.NaN;
  }
}

function meanKnown(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0) / known.length;
}
