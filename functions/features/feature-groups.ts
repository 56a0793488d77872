/** Feature groups of the sources' configurations (`features_to_use`), each with the columns that it stands for. */
export const FEATURE_GROUPS: Readonly<Record<string, readonly string[]>> = {
  ltv: ['ltv_class', 'ltv', 'purchase_value', 'value', 'currency_value'],
  behavior_score: ['behavior_score', 'bot_score'],
  engagement_score: ['engagement_score', 'intention_level'],
  geo: ['country', 'state', 'city', 'region', 'geo_timezone'],
  time: ['created_at'],
  utm: ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content'],
};

/** How a column name is compared: without case, blanks and punctuation. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Features that the source recommends for leads (S0-08); those of time are made of the instant of the lead. */
export const RECOMMENDED_FEATURES = [
  'ltv_class',
  'purchase_value',
  'behavior_score',
  'engagement_score',
  'intention_level',
  'days_since_lead',
  'hour_of_day',
  'is_weekend',
  'is_business_hours',
  'country',
  'state',
  'utm_source',
  'utm_medium',
] as const;
