import { addExact, type Expansion, mergeExact, roundExact } from '../stats/exact-sum.ts';
import { QuantileDigest } from '../stats/quantiles.ts';

/** Magnitudes whose sum cannot overflow. */
const LARGEST = 1e290;

/** Extremes, exact sum and quantiles of some numbers; tallies of shards merge in any order. */
export class NumberTally {
  readonly digest: QuantileDigest;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly #sum: Expansion = [];

  constructor(limit?: number) {
    this.digest = new QuantileDigest(limit);
  }

  /** @param value finite */
  add(value: number): void {
    this.digest.add(value);
    if (Math.abs(value) <= LARGEST) addExact(this.#sum, value);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  merge(other: NumberTally): void {
    this.digest.merge(other.digest);
    mergeExact(this.#sum, other.#sum);
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }

  /** The exact sum, rounded once. */
  get sum(): number {
    return roundExact(this.#sum);
  }
}
