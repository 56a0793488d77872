import type { Increments, SegmentCounters } from '../contracts/experiment.ts';

/**
 * What is counted of a segment, each under a name of its own, each a whole number that only grows by atomic additions: so
 * that sums are exact however many functions add at once. Fractions are counted in millionths.
 */
export const MILLION = 1_000_000;

/** Names of the counters of one variant or goal. Indexes, never texts of callers, stand in them. */
export const counter = {
  /** Visitors allocated. */
  allocations: (variant: number) => `n:${variant}`,
  /** Millionths of a visitor that were to be expected: the sum of the chances that the variant had. */
  expected: (variant: number) => `e:${variant}`,
  /** Visitors with a conversion, and the millionths of their rewards. */
  conversions: (goal: number, variant: number) => `c:${goal}:${variant}`,
  rewards: (goal: number, variant: number) => `r:${goal}:${variant}`,
  /** Sums of w, w², w·r, w²·r and w²·r², w being one over the chance that the visitor's variant had. */
  weight: (variant: number) => `w:${variant}`,
  weightSquared: (variant: number) => `ww:${variant}`,
  weightedReward: (variant: number) => `wr:${variant}`,
  squaredWeightedReward: (variant: number) => `wwr:${variant}`,
  weightedRewardSquared: (variant: number) => `wwrr:${variant}`,
  /** Visitors in the holdout, and the millionths of their rewards by goal. */
  held: 'h',
  heldRewards: (goal: number) => `hr:${goal}`,
  /** Visitors whose last visit was on a day, `yyyymmdd`. */
  lastSeen: (day: string) => `d:${day}`,
} as const;

/** A count, 0 where nothing was counted. */
export function countOf(sums: SegmentCounters['sums'], name: string): number {
  return Object.hasOwn(sums, name) ? (sums[name] ?? 0) : 0;
}

/** Millionths, rounded to a whole number. */
export const millionths = (value: number) => Math.round(value * MILLION);

/** The part of a visitor's chance that is counted at least: a smaller one would let one visitor outweigh thousands. */
export const LEAST_PROPENSITY = 1e-3;

/** What one allocation adds. `chances` are those of all variants. */
export function allocationIncrements(
  variant: number,
  chances: readonly number[],
  holdout: boolean,
  day: string,
): Increments {
  if (holdout) return { [counter.held]: 1, [counter.lastSeen(day)]: 1 };
  const weight = 1 / Math.max(LEAST_PROPENSITY, chances[variant] ?? 1);
  return {
    [counter.allocations(variant)]: 1,
    [counter.weight(variant)]: millionths(weight),
    [counter.weightSquared(variant)]: millionths(weight * weight),
    [counter.lastSeen(day)]: 1,
    ...Object.fromEntries(chances.map((chance, v) => [counter.expected(v), millionths(chance)])),
  };
}

/** What one conversion adds; only the first goal, the one learned from, is weighed. */
export function conversionIncrements(
  { variant, propensity, holdout }: { variant: number; propensity: number; holdout: boolean },
  goal: number,
  reward: number,
): Increments {
  if (holdout) return { [counter.heldRewards(goal)]: millionths(reward) };
  const weight = 1 / Math.max(LEAST_PROPENSITY, propensity);
  return {
    [counter.conversions(goal, variant)]: 1,
    [counter.rewards(goal, variant)]: millionths(reward),
    ...(goal === 0 && {
      [counter.weightedReward(variant)]: millionths(weight * reward),
      [counter.squaredWeightedReward(variant)]: millionths(weight * weight * reward),
      [counter.weightedRewardSquared(variant)]: millionths((weight * reward) ** 2),
    }),
  };
}
