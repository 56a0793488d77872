import type { PartialMoments } from '../contracts/artifacts.ts';
import {
  addAllExact,
  EXACT_BLOCK,
  type Expansion,
  exactSquares,
  expansionToFixed,
  FIXED_ONE,
  mergeExact,
  ratioOfFixed,
} from '../stats/exact-sum.ts';

/** Count, mean, population standard deviation, minimum and maximum of one feature. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Population form (divisor n), as scikit-learn's StandardScaler. */
  readonly standardDeviation: number;
  readonly min: number;
  readonly max: number;
}

/** Scratch of `flush`, which never yields half-way. */
const squares = new Float64Array(EXACT_BLOCK);
const errors = new Float64Array(EXACT_BLOCK);

/** Collects the partial moments of one feature over one bucket. */
export class MomentsCollector {
  #count = 0;
  readonly #sum: Expansion = [];
  readonly #sumOfSquares: Expansion = [];
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  /** Values that wait to be summed together; most collectors are given whole blocks, and need no room for them. */
  #waiting: Float64Array | undefined;
  #nWaiting = 0;

  /** @param value finite, of magnitude below 1e150, so that its square is finite too */
  add(value: number): void {
    this.#count++;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#waiting ??= new Float64Array(EXACT_BLOCK);
    this.#waiting[this.#nWaiting++] = value;
    if (this.#nWaiting === EXACT_BLOCK) this.#flush();
  }

  /** Adds the first `count` values, at most `EXACT_BLOCK` of them. */
  addBlock(values: Float64Array, count: number): void {
    this.#flush();
    let min = this.#min;
    let max = this.#max;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.#count += count;
    this.#min = min;
    this.#max = max;
    this.#sumBlock(values, count);
  }

  #flush(): void {
    if (this.#waiting) this.#sumBlock(this.#waiting, this.#nWaiting);
    this.#nWaiting = 0;
  }

  #sumBlock(values: Float64Array, count: number): void {
    addAllExact(this.#sum, values, count);
    exactSquares(values, count, squares, errors);
    addAllExact(this.#sumOfSquares, squares, count);
    addAllExact(this.#sumOfSquares, errors, count);
  }

  /** Minimum and maximum are 0 when nothing was added: JSON has no infinities. */
  finish(): PartialMoments {
    this.#flush();
    const empty = this.#count === 0;
    return {
      count: this.#count,
      sum: this.#sum,
      sumOfSquares: this.#sumOfSquares,
      min: empty ? 0 : this.#min,
      max: empty ? 0 : this.#max,
    };
  }
}

/** Merges partial moments of one feature without rounding; order does not matter. */
export function mergeMoments(partials: Iterable<PartialMoments>): PartialMoments {
  let count = 0;
  const sum: Expansion = [];
  const sumOfSquares: Expansion = [];
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const partial of partials) {
    if (partial.count === 0) continue;
    count += partial.count;
    mergeExact(sum, partial.sum);
    mergeExact(sumOfSquares, partial.sumOfSquares);
    min = Math.min(min, partial.min);
    max = Math.max(max, partial.max);
  }
  return count === 0 ? { count, sum, sumOfSquares, min: 0, max: 0 } : { count, sum, sumOfSquares, min, max };
}

/**
 * Mean and deviation from exact sums: n·Σx² − (Σx)² is formed in whole numbers, so that nothing cancels however large
 * the mean is against the spread.
 * @param partial of at least one value
 */
export function momentsOf({ count, sum, sumOfSquares, min, max }: PartialMoments): Moments {
  const n = BigInt(count);
  const total = expansionToFixed(sum);
  const squares = expansionToFixed(sumOfSquares);
  const spread = n * squares * FIXED_ONE - total * total;
  const variance = ratioOfFixed(spread, n * n * FIXED_ONE * FIXED_ONE);
  return {
    count,
    mean: ratioOfFixed(total, n * FIXED_ONE),
    standardDeviation: Math.sqrt(Math.max(0, variance)),
    min,
    max,
  };
}
