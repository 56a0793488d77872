import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeArrow } from '../../functions/arrow/ipc.ts';
import { joinBytes } from '../../functions/arrow/join-bytes.ts';
import { bucketOf, compareEntities, entityHash } from '../../functions/features/entity-hash.ts';
import { OrderAggregator } from '../../functions/features/order-aggregator.ts';
import { defaultReference, RfmMerger } from '../../functions/features/rfm.ts';

interface Line {
  readonly customer: string;
  readonly order: string;
  readonly at: number;
  readonly amount: number;
}

const day = (n: number, hours = 0) => Date.UTC(2025, 0, n, hours);

/** Aggregates shards of lines and merges every bucket: customer → [recency, frequency, monetary], in row order. */
function rfm(shards: readonly (readonly Line[])[], nBuckets: number, referenceMs: number) {
  const partials = shards.map((lines) => {
    const aggregator = new OrderAggregator();
    for (const { customer, order, at, amount } of lines) aggregator.add(customer, order, at, amount);
    const { parts, buckets } = aggregator.finish(nBuckets);
    return { bytes: joinBytes(parts), buckets };
  });
  const rows: [string, number, number, number][] = [];
  for (let bucket = 0; bucket < nBuckets; bucket++) {
    const merger = new RfmMerger();
    for (const { bytes, buckets } of partials) {
      const [start, end] = buckets[bucket]!;
      if (start < end) merger.add(decodeArrow(bytes.slice(start, end)));
    }
    const { ids, columns } = merger.finish(referenceMs);
    ids.forEach((id, i) => {
      const [recency, frequency, monetary] = ['recency_days', 'frequency', 'monetary'].map(
        (name) => (columns.get(name) as { values: Float64Array }).values[i]!,
      ) as [number, number, number];
      rows.push([id, recency, frequency, monetary]);
    });
  }
  return rows;
}

const LINES: Line[] = [
  { customer: 'ana', order: '1', at: day(1), amount: 0.1 },
  { customer: 'ana', order: '1', at: day(1), amount: 0.2 },
  { customer: 'bob', order: '2', at: day(3, 12), amount: 5 },
  { customer: 'ana', order: '3', at: day(9, 18), amount: 0.3 },
  { customer: 'josé', order: '4', at: day(10), amount: 7.5 },
];

describe('RFM from order lines', () => {
  it('counts distinct orders, whole days and exact spend', () => {
    const reference = defaultReference(day(10));
    const rows = new Map(rfm([LINES], 1, reference).map(([id, ...row]) => [id, row]));
    expect(rows.get('ana')).toEqual([1, 2, 0.6]);
    expect(rows.get('bob')).toEqual([7, 1, 5]);
    expect(rows.get('josé')).toEqual([1, 1, 7.5]);
  });

  it('counts an order whose lines lie in two shards once', () => {
    const [first, second, ...rest] = LINES as [Line, Line, ...Line[]];
    expect(rfm([[first], [second, ...rest]], 1, day(11))).toEqual(rfm([LINES], 1, day(11)));
  });

  it('gives the same rows in the same order at any number of shards and buckets', () => {
    const line = fc.record({
      customer: fc
        .string({ minLength: 1, maxLength: 3, unit: 'grapheme' })
        .filter((text) => !text.includes('\u0000')),
      order: fc.integer({ min: 0, max: 9 }).map(String),
      at: fc.integer({ min: day(1), max: day(90) }),
      amount: fc.double({ noNaN: true, min: 0, max: 1e6 }),
    });
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 9 }),
        (lines, nShards, nBuckets) => {
          const shards = Array.from({ length: nShards }, (_, shard) =>
            lines.filter((_, i) => i % nShards === shard).reverse(),
          );
          expect(rfm(shards, nBuckets, day(91))).toEqual(rfm([lines], 1, day(91)));
        },
      ),
    );
  });
});

describe('the canonical order of entities', () => {
  it('keeps the hash it has always had', () => {
    expect(['', '17850', 'josé'].map(entityHash)).toEqual([2872998923, 4260058453, 31784484]);
  });

  it('lays buckets end to end in hash order', () => {
    const hashes = Array.from({ length: 1000 }, (_, i) => entityHash(`customer-${i}`)).sort((a, b) => a - b);
    for (const nBuckets of [1, 3, 8, 1000]) {
      const buckets = hashes.map((hash) => bucketOf(hash, nBuckets));
      expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
      expect(Math.max(...buckets)).toBeLessThan(nBuckets);
    }
  });

  it('spreads consecutive ids evenly', () => {
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) counts[bucketOf(entityHash(String(10_000 + i)), 16)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
  });

  it('settles equal hashes by UTF-8 bytes', () => {
    const sameHash = (id: string) => ({ id, hash: 7 });
    // U+FF5E sorts before U+1F600 by bytes, and after it by UTF-16 units.
    expect(compareEntities(sameHash('\uff5e'), sameHash('\u{1f600}'))).toBeLessThan(0);
    expect(compareEntities(sameHash('a'), sameHash('ab'))).toBeLessThan(0);
    expect(compareEntities(sameHash('a'), sameHash('a'))).toBe(0);
  });
});
