import type { PartialMoments } from '../contracts/artifacts.ts';
import { type Moments, MomentsCollector, mergeMoments, momentsOf } from '../features/moments.ts';
import { type EncodedDigest, QuantileDigest } from '../stats/quantiles.ts';

/** A column of the entity table as it is tallied: numbers (NaN = missing), or codes into a dictionary (−1 = missing). */
export type TallyColumn =
  | { readonly type: 'number' | 'boolean' | 'time'; readonly values: Float64Array }
  | { readonly type: 'category'; readonly codes: Int32Array; readonly dictionary: readonly string[] };

/** Tally of some customers: a document that merges with others in any order without rounding. */
export interface PartialTally {
  readonly size: number;
  readonly numbers: Readonly<
    Record<string, { readonly moments: PartialMoments; readonly digest: EncodedDigest }>
  >;
  readonly categories: Readonly<Record<string, readonly (readonly [value: string, count: number])[]>>;
}

/** A numeric column over some customers; `count` of them have a value. */
export interface NumberSummary extends Moments {
  readonly median: number;
  /** Quantile `q` in 0..1. */
  readonly quantile: (q: number) => number;
  /** Share of the values below `x`, those equal counted half, 0..1. */
  readonly rank: (x: number) => number;
}

/** What some customers are like, column by column. Columns without a value are left out. */
export interface Tally {
  readonly size: number;
  readonly numbers: ReadonlyMap<string, NumberSummary>;
  /** Counts by value, the most frequent first, equal ones by value. Missing values count nowhere. */
  readonly categories: ReadonlyMap<string, readonly (readonly [value: string, count: number])[]>;
}

/** Share of a segment's customers whose value has to be known before the column says anything of the segment as a whole. */
const LEAST_KNOWN = 0.5;

/** Whether at least half of the segment's customers have a value in a column. */
export function isMostlyKnown({ size, numbers, categories }: Tally, column: string): boolean {
  const values = categories.get(column) ?? [];
  const known = numbers.get(column)?.count ?? values.reduce((sum, [, count]) => sum + count, 0);
  return known >= LEAST_KNOWN * size;
}

/** Tallies the rows of one bucket by cluster. Rows labelled −1 and columns of lists are left out. */
export function tallyRows(
  labels: Int32Array,
  nClusters: number,
  columns: ReadonlyMap<string, TallyColumn | { readonly type: 'list' }>,
): PartialTally[] {
  const sizes = new Array<number>(nClusters).fill(0);
  for (const label of labels) if (label >= 0) sizes[label]!++;
  const numbers: [string, ReturnType<typeof tallyNumbers>][] = [];
  const categories: [string, ReturnType<typeof tallyCategories>][] = [];
  for (const [name, column] of columns) {
    if (column.type === 'list') continue;
    if (column.type === 'category') categories.push([name, tallyCategories(labels, nClusters, column)]);
    else numbers.push([name, tallyNumbers(labels, nClusters, column.values)]);
  }
  return sizes.map((size, cluster) => ({
    size,
    numbers: Object.fromEntries(numbers.map(([name, tallied]) => [name, tallied[cluster]!])),
    categories: Object.fromEntries(categories.map(([name, counts]) => [name, counts[cluster]!])),
  }));
}

function tallyNumbers(labels: Int32Array, nClusters: number, values: Float64Array) {
  const collected = Array.from({ length: nClusters }, () => ({
    moments: new MomentsCollector(),
    digest: new QuantileDigest(),
  }));
  labels.forEach((label, row) => {
    const value = values[row]!;
    if (label < 0 || Number.isNaN(value)) return;
    collected[label]!.moments.add(value);
    collected[label]!.digest.add(value);
  });
  return collected.map(({ moments, digest }) => ({ moments: moments.finish(), digest: digest.toJSON() }));
}

function tallyCategories(
  labels: Int32Array,
  nClusters: number,
  { codes, dictionary }: { readonly codes: Int32Array; readonly dictionary: readonly string[] },
) {
  const counts = Array.from({ length: nClusters }, () => new Map<string, number>());
  labels.forEach((label, row) => {
    const value = dictionary[codes[row]!];
    if (label < 0 || value === undefined) return;
    counts[label]!.set(value, (counts[label]!.get(value) ?? 0) + 1);
  });
  return counts.map(byFrequency);
}

/** Merges tallies: of the buckets of one cluster, of the clusters below a node of a tree, or of all customers. */
export function mergeTallies(partials: readonly PartialTally[]): Tally {
  const numbers = new Map<string, NumberSummary>();
  for (const name of namesIn(partials, ({ numbers: found }) => found)) {
    const parts = partials.flatMap((partial) => partial.numbers[name] ?? []);
    const moments = mergeMoments(parts.map((part) => part.moments));
    if (moments.count === 0) continue;
    const digest = new QuantileDigest();
    for (const part of parts) digest.mergeEncoded(part.digest);
    numbers.set(name, summaryOf(momentsOf(moments), digest));
  }
  const categories = new Map<string, readonly (readonly [string, number])[]>();
  for (const name of namesIn(partials, ({ categories: found }) => found)) {
    const counts = new Map<string, number>();
    for (const [value, count] of partials.flatMap((partial) => partial.categories[name] ?? [])) {
      counts.set(value, (counts.get(value) ?? 0) + count);
    }
    if (counts.size > 0) categories.set(name, byFrequency(counts));
  }
  return { size: partials.reduce((sum, { size }) => sum + size, 0), numbers, categories };
}

function summaryOf(moments: Moments, digest: QuantileDigest): NumberSummary {
  const within = (value: number) => Math.min(moments.max, Math.max(moments.min, value));
  return {
    ...moments,
    median: within(digest.median()),
    quantile: (q) => within(digest.quantile(q)),
    rank: (x) => {
      let below = 0;
      for (const [value, count] of digest.entries()) {
        if (value > x) break;
        below += value === x ? count / 2 : count;
      }
      return below / digest.total;
    },
  };
}

function byFrequency(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** In the order of the first partial: all hold the columns of one table. */
function namesIn(partials: readonly PartialTally[], of: (partial: PartialTally) => object): Set<string> {
  return new Set(partials.flatMap((partial) => Object.keys(of(partial))));
}

/** Merges the tallies of many buckets one after the other: no more than one of them is held. */
export class TallyMerger {
  #size = 0;
  readonly #numbers = new Map<string, { moments: PartialMoments; readonly digest: QuantileDigest }>();
  readonly #categories = new Map<string, Map<string, number>>();

  add({ size, numbers, categories }: PartialTally): void {
    this.#size += size;
    for (const [name, { moments, digest }] of Object.entries(numbers)) {
      const known = this.#numbers.get(name);
      if (known === undefined) this.#numbers.set(name, { moments, digest: QuantileDigest.from(digest) });
      else {
        known.moments = mergeMoments([known.moments, moments]);
        known.digest.mergeEncoded(digest);
      }
    }
    for (const [name, counts] of Object.entries(categories)) {
      const known = this.#categories.get(name) ?? new Map<string, number>();
      this.#categories.set(name, known);
      for (const [value, count] of counts) known.set(value, (known.get(value) ?? 0) + count);
    }
  }

  toJSON(): PartialTally {
    return {
      size: this.#size,
      numbers: Object.fromEntries(
        [...this.#numbers].map(([name, { moments, digest }]) => [name, { moments, digest: digest.toJSON() }]),
      ),
      categories: Object.fromEntries(
        [...this.#categories].map(([name, counts]) => [name, byFrequency(counts)]),
      ),
    };
  }
}
