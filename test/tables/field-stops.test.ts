import { describe, expect, it } from 'vitest';
import { CsvScanner } from '../../functions/tables/csv-scanner.ts';
import { FieldStops } from '../../functions/tables/field-stops.ts';

const COMMA = 0x2c;

function expectedIn(bytes: Uint8Array): number[] {
  return Array.from(bytes.keys()).filter((i) => [COMMA, 0x0a, 0].includes(bytes[i]!));
}

describe('the places that may end a field', () => {
  const found = (bytes: Uint8Array, stops = new FieldStops(COMMA)) => {
    stops.find(bytes);
    return Array.from(stops.places.subarray(0, stops.count));
  };

  // One by one below 1 KiB, by the kernel in blocks of 64 KiB above; whole vectors of 16 bytes and what is left of one.
  it.each([0, 1, 15, 1023, 1024, 1025, 4111, 65_535, 65_536, 65_537, 150_001])(
    'are all found, at the seams of vectors and blocks too: %i bytes',
    (size) => {
      const bytes = Uint8Array.from(
        { length: size },
        (_, i) => [0x61, COMMA, 0x0a, 0x80, 0xff, 0, 0x22][(i * i + (i >> 4)) % 7]!,
      );
      expect(found(bytes)).toEqual(expectedIn(bytes));
    },
  );

  it('are those of the last bytes alone, also where every byte is one', () => {
    const stops = new FieldStops(COMMA);
    expect(found(new Uint8Array(70_000), stops)).toHaveLength(70_000);
    expect(found(new TextEncoder().encode(`a,b\n${'x'.repeat(2000)}`), stops)).toEqual([1, 3]);
  });

  it('lead the scanner alike in one large chunk and byte by byte', () => {
    const text = Array.from(
      { length: 300 },
      (_, i) => `${i},"quoted, ""twice""${'\n'.repeat(i % 3)}",${'é'.repeat(i % 19)} ,\r\n`,
    ).join('');
    const bytes = new TextEncoder().encode(text);
    const read = (chunk: number) => {
      const rows: string[][] = [];
      const scanner = new CsvScanner({ delimiter: ',', nColumns: 4, selected: [0, 1, 2, 3] }, (record) => {
        const { bytes: own, starts, ends, line } = record;
        rows.push([
          ...Array.from(starts, (start, s) => new TextDecoder().decode(own.subarray(start, ends[s]))),
          `${line}`,
        ]);
      });
      for (let at = 0; at < bytes.length; at += chunk) scanner.push(bytes.subarray(at, at + chunk));
      scanner.end();
      return rows;
    };
    const whole = read(bytes.length);
    expect(whole).toHaveLength(300);
    expect(whole[5]!.slice(0, 2)).toEqual(['5', 'quoted, ""twice""\n\n']);
    expect(read(1)).toEqual(whole);
    expect(read(1500)).toEqual(whole);
  });
});
