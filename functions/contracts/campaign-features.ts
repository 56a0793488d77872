import { z } from 'zod';

/** The 27 features of a campaign (requirements S1-26 … S1-30), in the order of the source. Units stand in `docs/campaigns.md`. */
export const CAMPAIGN_FEATURES = [
  'spend_7d',
  'impressions_7d',
  'clicks_7d',
  'leads_7d',
  'cpl_7d',
  'ctr_7d',
  'cpc_7d',
  'conversion_rate_7d',
  'cpl_trend',
  'leads_trend',
  'spend_trend',
  'ctr_trend',
  'cpl_14d',
  'leads_14d',
  'cpl_30d',
  'leads_30d',
  'avg_daily_spend_30d',
  'cpl_std_7d',
  'leads_std_7d',
  'best_day_of_week',
  'worst_day_of_week',
  'frequency_7d',
  'reach_7d',
  'days_with_leads_7d',
  'days_active',
  'is_active',
  'has_budget',
] as const;
export type CampaignFeature = (typeof CAMPAIGN_FEATURES)[number];

/** The two features that are yes or no. */
export const YES_NO_FEATURES: readonly CampaignFeature[] = ['is_active', 'has_budget'];

/** What the classifier sees of a campaign (requirements S1-02), in this order. */
export const CLASSIFIER_COLUMNS = [
  'cpl_ratio',
  'ctr_ratio',
  'leads_7d_normalized',
  'cpl_trend',
  'leads_trend',
  'cpl_volatility',
  'conversion_rate_7d',
  'days_with_leads_ratio',
  'frequency_score',
  'consistency_score',
] as const;
export type ClassifierColumn = (typeof CLASSIFIER_COLUMNS)[number];

/** Days that the features look back on, the day they are of included. */
export const FEATURE_WINDOW_DAYS = 30;

/** What the features of an account are compared with: ratios of sums over the 7 days. */
export const accountAveragesSchema = z
  .object({
    spend_7d: z.number(),
    leads_7d: z.number(),
    average_cpl: z
      .number()
      .nullable()
      .meta({ description: 'Spend ÷ leads of the whole account; null without leads.' }),
    average_ctr: z
      .number()
      .nullable()
      .meta({ description: 'Clicks ÷ impressions of the whole account, %; null without impressions.' }),
  })
  .meta({ id: 'AccountAverages' });
export type AccountAverages = z.output<typeof accountAveragesSchema>;
