import { InvalidDatasetError } from '../errors.ts';
import { BucketCounts } from './bucket-counts.ts';
import { NumberCounts } from './number-counts.ts';

/** Distinct values kept exactly; the next one turns the digest into buckets. */
export const EXACT_LIMIT = 65_536;

/** Bits of the significand that name a bucket: each octave is cut into 2^10 equal parts. */
const BUCKET_BITS = 10;
const DROPPED_BITS = 20 - BUCKET_BITS;

/** Largest relative error of a bucketed value, 2^-11 (0.05%): half a bucket over the start of its octave. */
export const RELATIVE_ERROR = 2 ** -(BUCKET_BITS + 1);

/** A digest as JSON: keys ascending, values while `exact`, else bucket numbers. */
export interface EncodedDigest {
  readonly exact: boolean;
  readonly keys: readonly number[];
  readonly counts: readonly number[];
}

/**
 * Mergeable quantiles of finite float64 values. Up to 65,536 distinct values the digest is the exact multiset; beyond
 * that every value falls into a log-spaced bucket and comes back within a relative error of 2^-11, as in DDSketch
 * (Masson, Rim, Lee 2019, "DDSketch: A fast and fully-mergeable quantile sketch with relative-error guarantees"), with
 * the bits of the number itself in place of its logarithm. The bucket depends on the value alone, so that collapsing
 * commutes with merging: neither order nor sharding can change a result.
 */
export class QuantileDigest {
  /** The exact multiset; undefined once there are too many distinct values for it. */
  #values: NumberCounts | undefined = new NumberCounts();
  readonly #buckets = new BucketCounts();
  #total = 0;
  /** Keys ascending, with their counts; undefined while out of date. */
  #order: { readonly keys: Float64Array; readonly counts: Float64Array } | undefined;
  readonly #limit: number;

  constructor(limit = EXACT_LIMIT) {
    this.#limit = limit;
  }

  /** Reads what `toJSON` wrote. */
  static from(encoded: EncodedDigest, limit = EXACT_LIMIT): QuantileDigest {
    const digest = new QuantileDigest(limit);
    digest.mergeEncoded(encoded);
    return digest;
  }

  /** Number of values added. */
  get total(): number {
    return this.#total;
  }

  /** Whether results are exact, not bucketed. */
  get exact(): boolean {
    return this.#values !== undefined;
  }

  /** @throws InvalidDatasetError for NaN and infinities */
  add(value: number): void {
    if (!Number.isFinite(value)) {
      throw new InvalidDatasetError(
        `Quantiles need finite numbers, but ${value} was found. Correct or drop that row.`,
        { reason: 'not_finite' },
      );
    }
    this.#count(value, 1);
  }

  /** Adds the first `count` values, which are finite. */
  addFinite(values: Float64Array, count: number): void {
    let i = 0;
    while (i < count && this.#values !== undefined) this.#count(values[i++]!, 1);
    this.#total += count - i;
    this.#order = undefined;
    for (; i < count; i++) this.#buckets.add(bucketOf(values[i]!), 1);
  }

  /** Adds all values of another digest. */
  merge(other: QuantileDigest): void {
    if (!other.exact) this.#collapse();
    for (const [key, count] of other.#values ?? other.#buckets) this.#addKey(key, count, other.exact);
  }

  /** As `merge`, of a digest as `toJSON` wrote it. */
  mergeEncoded({ exact, keys, counts }: EncodedDigest): void {
    if (!exact) this.#collapse();
    for (let i = 0; i < keys.length; i++) {
      const count = counts[i] ?? 0;
      if (count > 0) this.#addKey(keys[i]!, count, exact);
    }
  }

  /** Mean of the two middle values (the middle one of an odd number), as pandas defines it; NaN when empty. */
  median(): number {
    const below = this.#valueAt(Math.floor((this.#total - 1) / 2));
    const above = this.#valueAt(Math.floor(this.#total / 2));
    // Adding 0 turns the −0 that two tiny numbers may halve to into 0: JSON has no other.
    return below === above ? below : (below + above) / 2 + 0;
  }

  /** Quantile at `q` in 0..1, linear between the neighbours (Hyndman and Fan's type 7); NaN when empty. */
  quantile(q: number): number {
    const position = q * (this.#total - 1);
    const below = this.#valueAt(Math.floor(position));
    const above = this.#valueAt(Math.ceil(position));
    return below + (above - below) * (position - Math.floor(position));
  }

  /** Values with their counts, ascending: the values themselves while exact, else the middles of their buckets. */
  *entries(): Generator<readonly [value: number, count: number]> {
    const isExact = this.exact;
    const { keys, counts } = this.#sorted();
    for (const [i, key] of keys.entries()) yield [isExact ? key : representativeOf(key), counts[i]!];
  }

  toJSON(): EncodedDigest {
    const { keys, counts } = this.#sorted();
    return { exact: this.exact, keys: Array.from(keys), counts: Array.from(counts) };
  }

  #addKey(key: number, count: number, isExact: boolean): void {
    if (isExact) this.#count(key, count);
    else this.#countBucket(key, count);
  }

  #count(value: number, count: number): void {
    if (this.#values === undefined) {
      this.#countBucket(bucketOf(value), count);
      return;
    }
    this.#values.add(value, count);
    this.#total += count;
    this.#order = undefined;
    if (this.#values.size > this.#limit) this.#collapse();
  }

  #countBucket(bucket: number, count: number): void {
    this.#buckets.add(bucket, count);
    this.#total += count;
    this.#order = undefined;
  }

  #collapse(): void {
    const values = this.#values;
    if (values === undefined) return;
    this.#values = undefined;
    for (const [value, count] of values) this.#buckets.add(bucketOf(value), count);
  }

  #sorted(): { readonly keys: Float64Array; readonly counts: Float64Array } {
    if (this.#order === undefined) {
      const source = this.#values ?? this.#buckets;
      const keys = Float64Array.from(source.keys()).sort();
      this.#order = { keys, counts: keys.map((key) => source.countOf(key)) };
    }
    return this.#order;
  }

  /** Value of the given 0-based rank. */
  #valueAt(rank: number): number {
    const { keys, counts } = this.#sorted();
    let seen = 0;
    for (let i = 0; i < keys.length; i++) {
      seen += counts[i]!;
      if (rank < seen) return this.exact ? keys[i]! : representativeOf(keys[i]!);
    }
    return Number.NaN;
  }
}

const view = new DataView(new ArrayBuffer(8));
const number = new Float64Array(view.buffer);
const words = new Uint32Array(view.buffer);
/** Index of the word of a float64 that holds its exponent. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** Bucket of a value: its exponent and leading significand bits, signed, so that buckets sort as their values do. */
function bucketOf(value: number): number {
  number[0] = Math.abs(value);
  const magnitude = words[HIGH]! >>> DROPPED_BITS;
  return value < 0 && magnitude > 0 ? -magnitude : magnitude;
}

/** Middle of a bucket. */
function representativeOf(bucket: number): number {
  if (bucket === 0) return 0;
  view.setUint32(0, (Math.abs(bucket) << DROPPED_BITS) | (1 << (DROPPED_BITS - 1)));
  view.setUint32(4, 0);
  return Math.sign(bucket) * view.getFloat64(0);
}
