import { nearestCenter } from '../clustering/nearest-center.ts';
import { InvalidRequestError } from '../errors.ts';
import type { QuantileDigest } from '../stats/quantiles.ts';
import { thresholdForShare } from './budget-threshold.ts';

/** Where a customer is put when those at a border may stay. */
export interface HeldLabel {
  readonly label: number;
  /** Euclidean distance to the center of `label`. */
  readonly distance: number;
  /** The customer stays although another center is nearer. */
  readonly isHeld: boolean;
  /** 1 − (distance to the nearest center ÷ distance to the former segment's center), 0..1; 0 without a former one. */
  readonly gain: number;
}

/**
 * Nearest center, unless the customer's former segment is nearly as near: the customer moves only when the nearest
 * center is nearer by more than the share `margin` of the distance to the former segment's.
 * @param former cluster of the new run that has the id of the customer's former segment; undefined when none has
 * @param margin 0 (always the nearest) to 1 (never moves)
 * @throws InvalidRequestError for a margin out of range
 */
export function labelWithMargin(
  row: ArrayLike<number>,
  centers: readonly ArrayLike<number>[],
  former: number | undefined,
  margin: number,
): HeldLabel {
  if (!(margin >= 0 && margin <= 1)) {
    throw new InvalidRequestError(`The margin is ${margin}: it must be a share of the distance, 0 to 1.`);
  }
  const nearest = nearestCenter(row, centers);
  const formerCenter = former === undefined ? undefined : centers[former];
  if (former === undefined || formerCenter === undefined || former === nearest.label) {
    return { ...nearest, isHeld: false, gain: 0 };
  }
  const { distance } = nearestCenter(row, [formerCenter]);
  const gain = distance === 0 ? 0 : 1 - nearest.distance / distance;
  return gain > margin
    ? { ...nearest, isHeld: false, gain }
    : { label: former, distance, isHeld: true, gain };
}

/**
 * The smallest margin that lets at most a share of the customers move: those who gain most.
 * @param gains of the customers whose former segment is not the nearest, merged over all buckets
 * @param nCustomers customers of both runs
 * @param maxShare churn budget, 0..1
 * @throws InvalidRequestError for a budget out of range
 */
export function marginForBudget(gains: QuantileDigest, nCustomers: number, maxShare: number): number {
  return Math.min(1, thresholdForShare(gains, nCustomers, maxShare));
}
