/** What may be out of the ordinary with an entity (requirements S1-07). */
export const ANOMALY_TYPES = [
  'SPEND_SPIKE',
  'SPEND_DROP',
  'CPL_SPIKE',
  'CPL_DROP',
  'CTR_SPIKE',
  'CTR_DROP',
  'PERFORMANCE_DROP',
  'PERFORMANCE_SPIKE',
  'FREQUENCY_ALERT',
  'REACH_SATURATION',
  'ZERO_SPEND',
  'ZERO_IMPRESSIONS',
] as const;
export type AnomalyType = (typeof ANOMALY_TYPES)[number];

/** What is watched (requirements S1-63): performance is the number of leads. */
export const WATCHED_METRICS = ['spend', 'cpl', 'ctr', 'leads', 'frequency', 'reach', 'impressions'] as const;
export type WatchedMetric = (typeof WATCHED_METRICS)[number];

/** Ways to find an anomaly: of a value among those before it, or a rule about a level. */
export const ANOMALY_METHODS = ['zscore', 'iqr', 'change_point', 'constant_history', 'threshold'] as const;
export type AnomalyMethod = (typeof ANOMALY_METHODS)[number];
