import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOrder } from '../../functions/features/hash-order.ts';

describe('the order of hashes', () => {
  it('is that of unsigned numbers, and keeps rows of one hash as they came', () => {
    const hash = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, 0x7fffffff, -0x80000000, 2048));
    fc.assert(
      fc.property(fc.array(hash, { maxLength: 300 }), (values) => {
        const hashes = Int32Array.from(values);
        const rows = values.map((_, row) => row);
        rows.sort((a, b) => (hashes[a]! >>> 0) - (hashes[b]! >>> 0) || a - b);
        const order = hashOrder(hashes);
        expect(Array.from(order.rows)).toEqual(rows);
        expect(Array.from(order.hashes)).toEqual(rows.map((row) => hashes[row]));
        expect(Array.from(hashes)).toEqual(values);
      }),
    );
  });
});
