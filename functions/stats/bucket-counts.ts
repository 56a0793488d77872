/** Bits of a bucket's number that count within its page: the parts of one octave. */
const PAGE_BITS = 10;
const PAGE = 1 << PAGE_BITS;
/** Pages of one sign: the exponents of float64. */
const N_PAGES = 2048;

type Pages = (Float64Array | undefined)[];
const noPages = (): Pages => new Array<Float64Array | undefined>(N_PAGES).fill(undefined);

/** Buckets up to which a map takes less memory than pages: tables of thousands of columns have few rows. */
const MOST_MAPPED = 2048;

/**
 * How often each bucket came, in any order. Past a few thousand buckets by direct addressing: numbers of one column lie
 * within few octaves, and each takes one page of counts, so that a value costs one addition, no probe and no comparison.
 */
export class BucketCounts implements Iterable<readonly [bucket: number, count: number]> {
  #few: Map<number, number> | undefined = new Map();
  #positive: Pages | undefined;
  #negative: Pages | undefined;

  /** @param bucket whole number below 2^21 in magnitude */
  add(bucket: number, count: number): void {
    if (this.#few === undefined) {
      this.#addToPage(bucket, count);
      return;
    }
    this.#few.set(bucket, (this.#few.get(bucket) ?? 0) + count);
    if (this.#few.size <= MOST_MAPPED) return;
    const mapped = this.#few;
    this.#few = undefined;
    for (const [known, n] of mapped) this.#addToPage(known, n);
  }

  #addToPage(bucket: number, count: number): void {
    const pages = bucket < 0 ? this.#pages(-1) : this.#pages(1);
    const magnitude = bucket < 0 ? -bucket : bucket;
    const number = magnitude >>> PAGE_BITS;
    let page = pages[number];
    if (page === undefined) {
      page = new Float64Array(PAGE);
      pages[number] = page;
    }
    page[magnitude & (PAGE - 1)]! += count;
  }

  #pages(sign: 1 | -1): Pages {
    if (sign < 0) {
      this.#negative ??= noPages();
      return this.#negative;
    }
    this.#positive ??= noPages();
    return this.#positive;
  }

  /** The buckets, in no meaningful order. */
  keys(): number[] {
    if (this.#few !== undefined) return [...this.#few.keys()];
    return [...keysOf(this.#negative, -1), ...keysOf(this.#positive, 1)];
  }

  countOf(bucket: number): number {
    if (this.#few !== undefined) return this.#few.get(bucket) ?? 0;
    const pages = bucket < 0 ? this.#negative : this.#positive;
    const magnitude = Math.abs(bucket);
    return pages?.[magnitude >>> PAGE_BITS]?.[magnitude & (PAGE - 1)] ?? 0;
  }

  *[Symbol.iterator](): Generator<readonly [bucket: number, count: number]> {
    for (const bucket of this.keys()) yield [bucket, this.countOf(bucket)];
  }
}

function keysOf(pages: Pages | undefined, sign: 1 | -1): number[] {
  const keys: number[] = [];
  for (const [number, page] of pages?.entries() ?? []) {
    if (page === undefined) continue;
    for (let i = 0; i < PAGE; i++) if (page[i]! > 0) keys.push(sign * (number * PAGE + i));
  }
  return keys;
}
