import type { SegmentCounters } from '../contracts/experiment.ts';
import { addCounters } from '../stats/add-counters.ts';
import { comparePosteriors, credibleInterval, liftOver } from './compare-posteriors.ts';
import { counter, countOf, MILLION } from './counters.ts';
import { type OffPolicyEstimate, oneVariantForAll } from './off-policy.ts';
import { allocationsOf, flatPosteriors, trialsOf } from './posteriors.ts';
import { type SampleRatio, sampleRatio } from './sample-ratio.ts';

type Sums = SegmentCounters['sums'];

/** One variant of one segment, on one goal. Rates are rewards per visitor. */
export interface VariantReadout {
  readonly variant: number;
  readonly allocations: number;
  readonly conversions: number;
  readonly conversionRate: number;
  /** 95% credible interval of the rate. */
  readonly interval: readonly [number, number];
  /** Relative lift over the first variant, with its 95% credible interval; absent of the first itself. */
  readonly lift?: number;
  readonly liftInterval?: readonly [number, number];
  /** Absent of an experiment with nobody in it. */
  readonly probabilityToBeBest: number;
  readonly expectedLoss: number;
  /** What this variant for everybody would have given; of the goal learned from only. */
  readonly forAll?: OffPolicyEstimate;
}

/** One segment, or all together. */
export interface SegmentReadout {
  readonly allocations: number;
  readonly conversions: number;
  readonly conversionRate: number;
  readonly variants: readonly VariantReadout[];
  readonly sampleRatio?: SampleRatio;
  /** Visitors of the holdout, and their rate. */
  readonly holdout: { readonly allocations: number; readonly conversionRate: number };
}

/**
 * What was seen of a segment's variants on one goal. Beliefs start flat: nothing that other segments know flows in. Where
 * several segments are added up, the variants did not get visitors alike: compare them by `forAll`, which weighs that out.
 */
export function readoutOf(sums: Sums, nVariants: number, goal = 0): SegmentReadout {
  const trials = trialsOf(sums, nVariants, goal);
  const posteriors = flatPosteriors(trials);
  const { toBeBest, expectedLoss } = comparePosteriors(posteriors);
  const allocations = allocationsOf(sums, nVariants);
  const variants = trials.map(({ successes, failures }, variant): VariantReadout => {
    const own = successes + failures;
    const lift = variant === 0 ? undefined : liftOver(posteriors[0]!, posteriors[variant]!);
    return {
      variant,
      allocations: own,
      conversions: countOf(sums, counter.conversions(goal, variant)),
      conversionRate: own === 0 ? 0 : successes / own,
      interval: credibleInterval(posteriors[variant]!),
      ...(lift && { lift: lift.lift, liftInterval: lift.interval }),
      probabilityToBeBest: toBeBest[variant]!,
      expectedLoss: expectedLoss[variant]!,
      ...(goal === 0 && { forAll: oneVariantForAll(sums, variant, allocations) }),
    };
  });
  const ratio = sampleRatio(
    variants.map((variant) => variant.allocations),
    variants.map(({ variant }) => countOf(sums, counter.expected(variant)) / MILLION),
  );
  const held = countOf(sums, counter.held);
  return {
    allocations,
    conversions: variants.reduce((sum, { conversions }) => sum + conversions, 0),
    conversionRate: rateOf(sums, nVariants, goal),
    variants,
    ...(ratio && { sampleRatio: ratio }),
    holdout: {
      allocations: held,
      conversionRate: held === 0 ? 0 : countOf(sums, counter.heldRewards(goal)) / MILLION / held,
    },
  };
}

/** Rewards per visitor, whatever the variant; 0 where nobody came. */
export function rateOf(sums: Sums, nVariants: number, goal = 0): number {
  const trials = trialsOf(sums, nVariants, goal);
  const successes = trials.reduce((sum, trial) => sum + trial.successes, 0);
  const n = trials.reduce((sum, trial) => sum + trial.successes + trial.failures, 0);
  return n === 0 ? 0 : successes / n;
}

/**
 * Relative lift of what was realised over the best single variant for everybody (SNIPS); null where that cannot be told or
 * is 0. It compares what happened with an estimate of what would have: nothing of it is chosen for being high.
 */
export function liftOverOneForAll(sums: Sums, nVariants: number): number | null {
  const allocations = allocationsOf(sums, nVariants);
  const values = Array.from(
    { length: nVariants },
    (_, v) => oneVariantForAll(sums, v, allocations).snips ?? 0,
  );
  const best = Math.max(...values);
  return allocations > 0 && best > 0 ? rateOf(sums, nVariants) / best - 1 : null;
}

/** All segments as one. */
export function pooled(segments: readonly SegmentCounters[]): Sums {
  return addCounters(segments.map(({ sums }) => sums));
}
