import type { SegmentCounters } from '../contracts/experiment.ts';
import { gammaQuantile } from '../stats/gamma-quantile.ts';
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
  /** 95% confidence intervals of both. */
  readonly ipsInterval: Interval;
  readonly snipsInterval: Interval | null;
}

type Interval = readonly [low: number, high: number];

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

/** IPS and SNIPS with their standard errors (delta method for the second) and intervals. */
export function offPolicyEstimate(sums: WeightedSums): OffPolicyEstimate {
  const { n, weight, weightSquared, weightedReward, squaredWeightedReward, weightedRewardSquared } = sums;
  if (n === 0) {
    return { ips: 0, snips: null, ipsError: 0, snipsError: null, ipsInterval: [0, 1], snipsInterval: null };
  }
  const ips = weightedReward / n;
  const ipsError = Math.sqrt(Math.max(0, weightedRewardSquared / n - ips * ips) / n);
  const another = { mean: weight / n / n, square: weightSquared / n / n / n };
  const ipsInterval = intervalOf(ips, ipsError, another);
  if (weight === 0) return { ips, snips: null, ipsError, snipsError: null, ipsInterval, snipsInterval: null };
  const snips = weightedReward / weight;
  const spread = weightedRewardSquared - 2 * snips * squaredWeightedReward + snips * snips * weightSquared;
  const snipsError = Math.sqrt(Math.max(0, spread)) / weight;
  const share = { mean: 1 / n, square: weightSquared / n / weight / weight };
  return {
    ips,
    snips,
    ipsError,
    snipsError,
    ipsInterval,
    snipsInterval: intervalOf(snips, snipsError, share),
  };
}

/**
 * Interval of a sum of few rewards of uneven weight, which is skewed: a gamma distribution of its mean and variance, above with
 * one reward of mean weight more (Fay & Feuer, Statistics in Medicine 16, 1997; Tiwari, Clegg & Zou, Statistical Methods in
 * Medical Research 15, 2006). A normal one would be too low nearly always when it is wrong.
 */
function intervalOf(value: number, error: number, another: { mean: number; square: number }): Interval {
  const variance = error * error;
  const low = value > 0 && variance > 0 ? gammaQuantile(0.025, value, variance) : value;
  if (another.mean === 0) return [low, 1];
  return [low, gammaQuantile(0.975, value + another.mean, variance + another.square)];
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
