import { describe, expect, it } from 'vitest';
import { decodeArrow } from '../../functions/arrow/ipc.ts';
import { joinBytes } from '../../functions/arrow/join-bytes.ts';
import { RejectedRows, rejectedTable } from '../../functions/features/rejected-rows.ts';

const FILES = [{ key: 'files/acme/shop/a.csv' }, { key: 'files/acme/shop/b.csv' }];
const encoder = new TextEncoder();
const shown = (rows: RejectedRows) => rejectedTable(decodeArrow(joinBytes(rows.encode())), FILES, 10);

describe('rejected rows', () => {
  it('come back as they were, however many they are', () => {
    const rows = new RejectedRows();
    const expected = Array.from({ length: 300 }, (_, i) => `row ${'x'.repeat(i % 50)} ${i}`);
    for (const [i, row] of expected.entries()) {
      const rule = i % 3 === 0 ? 'missing_id' : 'ragged_row';
      if (i % 2 === 0) rows.add(0, i, rule, row);
      else rows.addBytes(1, i, rule, encoder.encode(`${row}\r`));
    }
    const { file, place, rule, row } = shown(rows);
    expect(row).toEqual(expected);
    expect([...place]).toEqual(expected.map((_, i) => i + 10));
    expect(file.slice(0, 2)).toEqual(['a.csv', 'b.csv']);
    expect(rule.slice(0, 4)).toEqual(['missing_id', 'ragged_row', 'ragged_row', 'missing_id']);
  });

  it('are forgotten once they are stored, and leave their room to the next', () => {
    const rows = new RejectedRows();
    while (!rows.isFull) rows.addBytes(0, 1, 'ragged_row', encoder.encode('y'.repeat(1000)));
    rows.clear();
    expect([rows.size, rows.isFull]).toEqual([0, false]);
    rows.addBytes(0, 2, 'missing_id', Uint8Array.of(0x61, 0xff, 0x62));
    rows.addBytes(0, 3, 'ragged_row', encoder.encode('next'));
    expect(shown(rows)).toEqual({
      file: ['a.csv', 'a.csv'],
      place: Float64Array.of(12, 13),
      rule: ['missing_id', 'ragged_row'],
      row: ['a\ufffdb', 'next'],
    });
  });
});
