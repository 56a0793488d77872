import type { SegmentCounters } from '../contracts/experiment.ts';
import { counter, countOf, MILLION } from './counters.ts';

/** Value of a policy that was not the one followed, as the log of the one followed tells it. */
export interface OffPolicyEstimate {
  /** Inverse propensity score: unbiased (Horvitz & Thompson, JASA 47, 1952). */
  readonly ips: number;
  /** Self-normalised: a little biased, much steadier (Swaminathan & Joachims, NeurIPS 2015). Null where nothing weighs. */
  readonly snips: number | null;
  /** Standard errors of both. */
  readonly ipsError: number;
  readonly snipsError: number | null;
}

/** Sums over a log, w being one over the chance of what was done where the other policy would have done the same. */
export interface WeightedSums {
  /** Rows of the log, those of weight 0 included. */
  readonly n: number;
  readonly weight: number;
  readonly weightSquared: number;
  readonly weightedReward: number;
  readonly squaredWeightedReward: number;
  readonly weightedRewardSquared: number;
}

/** IPS and SNIPS with their standard errors (delta method for the second). */
export function offPolicyEstimate(sums: WeightedSums): OffPolicyEstimate {
  const { n, weight, weightSquared, weightedReward, squaredWeightedReward, weightedRewardSquared } = sums;
  if (n === 0) return { ips: 0, snips: null, ipsError: 0, snipsError: null };
  const ips = weightedReward / n;
  const ipsError = Math.sqrt(Math.max(0, weightedRewardSquared / n - ips * ips) / n);
  if (weight === 0) return { ips, snips: null, ipsError, snipsError: null };
  const snips = weightedReward / weight;
  const spread = weightedRewardSquared - 2 * snips * squaredWeightedReward + snips * snips * weightSquared;
  return { ips, snips, ipsError, snipsError: Math.sqrt(Math.max(0, spread)) / weight };
}

/** The estimate of "this variant for all" from the counters of a segment, or of all together. */
export function oneVariantForAll(
  sums: SegmentCounters['sums'],
  variant: number,
  allocations: number,
): OffPolicyEstimate {
  const of = (name: string) => countOf(sums, name) / MILLION;
  return offPolicyEstimate({
    n: allocations,
    weight: of(counter.weight(variant)),
    weightSquared: of(counter.weightSquared(variant)),
    weightedReward: of(counter.weightedReward(variant)),
    squaredWeightedReward: of(counter.squaredWeightedReward(variant)),
    weightedRewardSquared: of(counter.weightedRewardSquared(variant)),
  });
}
