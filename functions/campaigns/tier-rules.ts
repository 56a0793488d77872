import { TIERS, type Tier } from '../contracts/campaign-records.ts';
import { gammaTail } from './gamma-tail.ts';

/** Bounds of the tiers (requirements S1-01): cost per lead against the account's average, days and leads of 7 days. */
export const TIER_BOUNDS = {
  highRatio: 0.7,
  moderateRatio: 1,
  lowRatio: 1.5,
  highDaysWithLeads: 4,
  moderateLeads: 2,
} as const;

/** What the rules look at: 7 days of one campaign, and the average of its account. */
export interface TierFacts {
  readonly spend: number;
  readonly leads: number;
  readonly daysWithLeads: number;
  /** Spend ÷ leads of the account; null where nobody got a lead. */
  readonly averageCpl: number | null;
}

/** A tier with how sure it is: `confidence` is the probability of `tier`. */
export interface TierVerdict {
  readonly tier: Tier;
  readonly confidence: number;
  /** Sum 1. */
  readonly probabilities: Readonly<Record<Tier, number>>;
}

/**
 * The tier by ordered rules, the first that fits (requirements S1-01, X12); undefined without spend, where there is
 * nothing to judge. Bounds belong to the better tier.
 *
 * The probabilities answer how far the leads of 7 days can be trusted. Leads come as a Poisson process; with Jeffreys'
 * prior, the leads that a campaign would bring on average are Gamma(leads + ½), so that the chance of a cost per lead
 * up to r averages is the chance that this exceeds spend ÷ (r · average). Two leads at half the average price are a
 * weak claim, forty are a strong one.
 */
export function tierByRules(facts: TierFacts): TierVerdict | undefined {
  if (!(facts.spend > 0)) return undefined;
  const tier = ruledTier(facts);
  const probabilities = tierProbabilities(facts);
  return { tier, confidence: probabilities[tier], probabilities };
}

function ruledTier({ spend, leads, daysWithLeads, averageCpl }: TierFacts): Tier {
  if (leads === 0 || averageCpl === null) return 'UNDERPERFORMER';
  const ratio = spend / leads / averageCpl;
  if (ratio <= TIER_BOUNDS.highRatio && daysWithLeads >= TIER_BOUNDS.highDaysWithLeads) {
    return 'HIGH_PERFORMER';
  }
  if (ratio <= TIER_BOUNDS.moderateRatio && leads >= TIER_BOUNDS.moderateLeads) return 'MODERATE';
  return ratio <= TIER_BOUNDS.lowRatio ? 'LOW' : 'UNDERPERFORMER';
}

function tierProbabilities({ spend, leads, daysWithLeads, averageCpl }: TierFacts): Record<Tier, number> {
  if (averageCpl === null) return onlyTier('UNDERPERFORMER');
  const expected = spend / averageCpl;
  const upTo = (ratio: number) => gammaTail(leads + 0.5, expected / ratio);
  const [high, moderate, low] = [
    upTo(TIER_BOUNDS.highRatio),
    upTo(TIER_BOUNDS.moderateRatio),
    upTo(TIER_BOUNDS.lowRatio),
  ];
  // What days and leads rule out goes to the best tier that they leave.
  const canBeHigh = daysWithLeads >= TIER_BOUNDS.highDaysWithLeads;
  const canBeModerate = leads >= TIER_BOUNDS.moderateLeads;
  if (leads === 0) return { HIGH_PERFORMER: 0, MODERATE: 0, LOW: low, UNDERPERFORMER: 1 - low };
  return {
    HIGH_PERFORMER: canBeHigh ? high : 0,
    MODERATE: canBeModerate ? moderate - (canBeHigh ? high : 0) : 0,
    LOW: low - (canBeModerate ? moderate : canBeHigh ? high : 0),
    UNDERPERFORMER: 1 - low,
  };
}

/** All probability on one tier. */
export function onlyTier(tier: Tier): Record<Tier, number> {
  return Object.fromEntries(TIERS.map((one) => [one, one === tier ? 1 : 0])) as Record<Tier, number>;
}

/** Which way a tier moved, `new` where there was none. */
export function tierChange(now: Tier, before: Tier | null): 'up' | 'down' | 'same' | 'new' {
  if (before === null) return 'new';
  const move = TIERS.indexOf(before) - TIERS.indexOf(now);
  return move === 0 ? 'same' : move > 0 ? 'up' : 'down';
}
