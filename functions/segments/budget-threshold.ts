import { InvalidRequestError } from '../errors.ts';
import { type QuantileDigest, RELATIVE_ERROR } from '../stats/quantiles.ts';

/** Width of the buckets below the smallest normal number, whose relative error is larger. */
const TINIEST_BUCKET = 2 ** -1032;

/**
 * The smallest threshold (0, or one of the values) that at most a share of `total` values lies above.
 * @param values not negative, merged over all buckets; any that are missing from `total` count as below
 * @param share 0..1
 * @throws InvalidRequestError for a share out of range
 */
export function thresholdForShare(values: QuantileDigest, total: number, share: number): number {
  if (!(share >= 0 && share <= 1)) {
    throw new InvalidRequestError(`The share is ${share}: it must be a number from 0 to 1.`);
  }
  const budget = Math.floor(share * total);
  // A bucketed value may lie below the true one: the threshold goes to the upper end of its bucket.
  const upperEnd = (value: number) =>
    values.exact ? value : value * (1 + 2 * RELATIVE_ERROR) + TINIEST_BUCKET;
  let above = values.total;
  let threshold = 0;
  for (const [value, count] of values.entries()) {
    if (above <= budget) break;
    above -= count;
    threshold = upperEnd(value);
  }
  return threshold;
}
