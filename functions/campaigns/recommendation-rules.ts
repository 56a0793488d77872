import type { RecommendationType } from '../contracts/campaign-records.ts';
import type { RecommendationFacts } from './recommendation-facts.ts';

/** Bounds of the recommendations (requirements S1-16 … S1-25, X17); money is per 7 days in the account's currency. */
export const RECOMMENDATION_BOUNDS = {
  minDaysActive: 3,
  mostPerCampaign: 3,
  increaseRatioBelow: 0.7,
  increaseDaysRatioAbove: 0.5,
  increaseTrendBelow: 10,
  scaleRatio: 0.7,
  scaleLeads: 3,
  scaleDays: 4,
  scaleTrend: 10,
  decreaseRatio: 1.5,
  decreaseSpend: 50,
  pauseSpendAbove: 100,
  pauseRatio: 2.5,
  pauseDaysActive: 7,
  pauseDaysInTier: 7,
  refreshFrequency: 3,
  refreshCtrFall: -10,
  refreshCplRise: 15,
  reviewFrequencyAbove: 5,
  reviewCplRise: 20,
  reviewLeadsFall: -15,
  reviewCtrFall: -5,
  reactivateRatio: 1.1,
  reactivateLeads: 5,
  scheduleCplRatio: 2,
  scheduleLeads: 20,
  scheduleExpected: 5,
  scheduleChance: 0.05,
} as const;

/** What is suggested: a field, its value now and then (null where it is not known), and what comes of it. */
export interface SuggestedAction {
  readonly field: string;
  readonly current: number | string | null;
  readonly suggested: number | string | null;
  readonly impact: string;
  readonly [detail: string]: number | string | null;
}

/** One line of the published table. */
export interface RecommendationRule {
  readonly type: RecommendationType;
  /** 10 is most urgent. */
  readonly priority: number;
  readonly expiresInDays: number;
  /** The condition in words, as the documentation prints it. */
  readonly condition: string;
  /** Types that make no sense beside this one. */
  readonly excludes?: readonly RecommendationType[];
  readonly fires: (facts: RecommendationFacts) => boolean;
  /** The numbers that it fired on. */
  readonly reasons: readonly (keyof RecommendationFacts)[];
  /** 0..1. */
  readonly confidence: (facts: RecommendationFacts) => number;
}

const B = RECOMMENDATION_BOUNDS;

const wastes = (f: RecommendationFacts) => f.leads7d === 0 && f.spend7d > B.pauseSpendAbove;
const isTooDear = (f: RecommendationFacts) => f.cplRatio >= B.pauseRatio && f.daysActive >= B.pauseDaysActive;
const isStuck = (f: RecommendationFacts) => f.tier === 'UNDERPERFORMER' && f.daysInTier >= B.pauseDaysInTier;
const isSaturated = (f: RecommendationFacts) =>
  f.cplTrend > B.reviewCplRise && f.leadsTrend < B.reviewLeadsFall && f.ctrTrend >= B.reviewCtrFall;

/**
 * All rules, in the order of the source. A fact that is unknown fulfils no condition. Beside its own condition, each
 * needs three active days of the last 30.
 */
export const RECOMMENDATION_RULES: readonly RecommendationRule[] = [
  {
    type: 'BUDGET_INCREASE',
    priority: 8,
    expiresInDays: 7,
    condition: 'HIGH_PERFORMER, CPL ratio < 0.7, share of days with leads > 0.5, CPL trend < 10%, not paused',
    fires: (f) =>
      !f.isPaused &&
      f.tier === 'HIGH_PERFORMER' &&
      f.cplRatio < B.increaseRatioBelow &&
      f.daysWithLeadsRatio > B.increaseDaysRatioAbove &&
      f.cplTrend < B.increaseTrendBelow,
    reasons: ['cplRatio', 'daysWithLeadsRatio', 'cplTrend', 'cpl7d', 'averageCpl'],
    confidence: (f) => f.tierConfidence,
  },
  {
    type: 'BUDGET_DECREASE',
    priority: 7,
    expiresInDays: 7,
    condition: 'CPL ratio ≥ 1.5, CPL trend > 0%, spend of 7 days ≥ 50, not paused',
    fires: (f) =>
      !f.isPaused && f.cplRatio >= B.decreaseRatio && f.cplTrend > 0 && f.spend7d >= B.decreaseSpend,
    reasons: ['cplRatio', 'cplTrend', 'spend7d', 'cpl7d', 'averageCpl'],
    confidence: (f) => (f.tier === 'UNDERPERFORMER' ? f.tierConfidence : f.cplRiseConfidence),
  },
  {
    type: 'PAUSE_CAMPAIGN',
    priority: 9,
    expiresInDays: 3,
    condition:
      'no lead and spend of 7 days > 100; or CPL ratio ≥ 2.5 with ≥ 7 active days; or 7 days UNDERPERFORMER; not paused',
    excludes: ['BUDGET_DECREASE', 'OPTIMIZE_SCHEDULE'],
    fires: (f) => !f.isPaused && f.spend7d > 0 && (wastes(f) || isTooDear(f) || isStuck(f)),
    reasons: ['leads7d', 'spend7d', 'cplRatio', 'daysActive', 'daysInTier'],
    confidence: (f) => f.tierConfidence,
  },
  {
    type: 'SCALE_UP',
    priority: 8,
    expiresInDays: 14,
    condition: 'HIGH_PERFORMER, CPL ratio ≤ 0.7, ≥ 3 leads on ≥ 4 days of 7, CPL trend ≤ 10%, not paused',
    fires: (f) =>
      !f.isPaused &&
      f.tier === 'HIGH_PERFORMER' &&
      f.cplRatio <= B.scaleRatio &&
      f.leads7d >= B.scaleLeads &&
      f.daysWithLeads7d >= B.scaleDays &&
      f.cplTrend <= B.scaleTrend,
    reasons: ['cplRatio', 'leads7d', 'daysWithLeads7d', 'cplTrend'],
    confidence: (f) => f.tierConfidence,
  },
  {
    type: 'CREATIVE_REFRESH',
    priority: 6,
    expiresInDays: 14,
    condition: 'frequency ≥ 3, and CTR trend < −10% or CPL trend > 15%; not paused',
    fires: (f) =>
      !f.isPaused &&
      f.frequency7d >= B.refreshFrequency &&
      (f.ctrTrend < B.refreshCtrFall || f.cplTrend > B.refreshCplRise),
    reasons: ['frequency7d', 'ctrTrend', 'cplTrend'],
    confidence: (f) => Math.max(0.5, f.cplRiseConfidence),
  },
  {
    type: 'AUDIENCE_REVIEW',
    priority: 7,
    expiresInDays: 14,
    condition:
      'frequency > 5; or the marks of a used-up audience: CPL trend > 20%, leads trend < −15%, CTR trend ≥ −5%; not paused',
    fires: (f) => !f.isPaused && (f.frequency7d > B.reviewFrequencyAbove || isSaturated(f)),
    reasons: ['frequency7d', 'reach7d', 'cplTrend', 'leadsTrend', 'ctrTrend'],
    confidence: (f) => Math.max(0.5, f.cplRiseConfidence),
  },
  {
    type: 'REACTIVATE',
    priority: 5,
    expiresInDays: 14,
    condition: 'paused, CPL of 30 days ≤ 1.1 of the account’s, ≥ 5 leads in 30 days',
    fires: (f) => f.isPaused && f.cplRatio30d <= B.reactivateRatio && f.leads30d >= B.reactivateLeads,
    reasons: ['cplRatio30d', 'cpl30d', 'leads30d'],
    confidence: (f) => f.leads30d / (f.leads30d + B.reactivateLeads),
  },
  {
    type: 'OPTIMIZE_SCHEDULE',
    priority: 4,
    expiresInDays: 30,
    condition:
      '≥ 20 leads in 30 days, ≥ 5 of them due on the worst weekday by its spend, its CPL ≥ 2 × that of the best, and a chance below 5% (χ²) that weekdays do not differ; not paused',
    fires: (f) =>
      !f.isPaused &&
      f.leads30d >= B.scheduleLeads &&
      f.worstDayExpected >= B.scheduleExpected &&
      f.weekdayCplRatio >= B.scheduleCplRatio &&
      f.weekdayChance < B.scheduleChance,
    reasons: ['bestDay', 'worstDay', 'weekdayCplRatio', 'worstDayExpected', 'weekdayChance', 'leads30d'],
    confidence: (f) => 1 - f.weekdayChance,
  },
];

/**
 * The rules that fire for a campaign, most urgent first, without those that another one excludes.
 * @param most how many at most
 */
export function firingRules(
  facts: RecommendationFacts,
  most: number = RECOMMENDATION_BOUNDS.mostPerCampaign,
): RecommendationRule[] {
  if (!(facts.daysActive >= B.minDaysActive)) return [];
  const firing = RECOMMENDATION_RULES.filter((rule) => rule.fires(facts));
  const excluded = new Set(firing.flatMap(({ excludes = [] }) => excludes));
  return firing
    .filter(({ type }) => !excluded.has(type))
    .sort((a, b) => b.priority - a.priority || b.confidence(facts) - a.confidence(facts))
    .slice(0, most);
}
