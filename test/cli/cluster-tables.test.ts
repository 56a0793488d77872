import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNumericTable } from '../../cli/numeric-table.ts';
import { decodeLz4Frame } from '../../functions/decompress/lz4-frame.ts';
import { scratchFolder } from '../support/run-command.ts';

const { write } = scratchFolder();

/** Columns of a table as plain arrays. */
async function columnsOf(file: string, wanted?: readonly string[]) {
  const { columns, ids, leftOut, format } = await readNumericTable(file, wanted);
  const values = Object.fromEntries(columns.map((column) => [column.name, [...column.values]]));
  return { values, ids, leftOut, format };
}

describe('text', () => {
  const expected = { a: [1, 3, -5], b: [2.5, 4e3, 0.25] };
  const rows = (delimiter: string) =>
    [`a${delimiter}b`, `1${delimiter}2.5`, `3${delimiter}4e3`, `-5${delimiter}.25`].join('\n');

  it.each([
    ['commas', rows(',')],
    ['semicolons', rows(';')],
    ['tabs', rows('\t')],
    ['bars', rows('|')],
    ['single blanks', rows(' ')],
    ['runs of blanks', `  a   b \n${rows('    ').slice(6)}`],
    ['blanks and tabs', rows(' \t  ').replaceAll(/^/gm, ' ')],
    ['carriage returns', rows(',').replaceAll('\n', '\r\n')],
    ['blanks and carriage returns', rows('  ').replaceAll('\n', ' \r\n')],
    ['a byte order mark', `\ufeff${rows(',')}\n`],
    ['blank lines around', `\n \n${rows(';')}\n\n`],
    ['quotes', rows(',').replaceAll(/[^,\n]+/g, '"$&"')],
    ['blanks beside commas', rows(' , ')],
  ])('is read with %s', async (name, text) => {
    const { values, format } = await columnsOf(write(`${name}.txt`, text));
    expect(values).toEqual(expected);
    expect(format).toBe('csv');
    expect((await columnsOf(write(`${name}.gz`, gzipSync(text)))).values).toEqual(expected);
  });

  it('has no header where the first row is all numbers', async () => {
    expect((await columnsOf(write('bare.csv', '1,2\n3,4\n'))).values).toEqual({ c1: [1, 3], c2: [2, 4] });
    expect((await columnsOf(write('one.csv', '\ufeff7,8'))).values).toEqual({ c1: [7], c2: [8] });
    expect((await columnsOf(write('blank.txt', '   1   2\n   3   4\n'))).values).toEqual({
      c1: [1, 3],
      c2: [2, 4],
    });
    expect((await columnsOf(write('single.txt', '5\n6\n'))).values).toEqual({ c1: [5, 6] });
  });

  it('has a header where one field of the first row is none', async () => {
    const table = write('iris-like.csv', '150,4,setosa\n5.1,3.5,0\n4.9,3,0\n');
    expect((await readNumericTable(table)).columns.map(({ name }) => name)).toEqual(['150', '4', 'setosa']);
  });

  it('names columns apart that have one name or none', async () => {
    const { values } = await columnsOf(write('names.csv', 'a,a,,a.1\n1,2,3,4\n'));
    expect(values).toEqual({ a: [1], 'a.1': [2], c3: [3], 'a.1.1': [4] });
  });

  it('is read as Windows-1252 where it is not UTF-8, and as UTF-16 by its byte order mark', async () => {
    const latin = write('latin.csv', Buffer.from('x,id\n1,caf\xe9\n2,\x80\n', 'latin1'));
    expect((await columnsOf(latin)).ids?.values).toEqual(['café', '€']);
    const wide = write('wide.csv', Buffer.from('\ufeffx;id\r\n1;café\r\n', 'utf16le'));
    expect(await columnsOf(wide)).toMatchObject({ values: { x: [1] }, ids: { values: ['café'] } });
  });

  it('keeps a single column whose name holds a blank', async () => {
    expect((await columnsOf(write('name.csv', 'total sales\n12\n13\n'))).values).toEqual({
      'total sales': [12, 13],
    });
  });

  it('gives every number its nearest double', async () => {
    const number = fc.double({ min: -1e150, max: 1e150, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 40 }), async (numbers) => {
        const { values } = await columnsOf(write('doubles.csv', `x\n${numbers.join('\n')}\n`));
        expect(values.x).toEqual(numbers.map((x) => x + 0));
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('reads the same however large it is', async () => {
    const n = 60_000;
    const lines = Array.from({ length: n }, (_, i) => `r${i},${i / 8},${n - i}`);
    const { values, ids } = await columnsOf(write('large.csv', `id,up,down\n${lines.join('\n')}\n`));
    expect(values.up).toEqual(Array.from({ length: n }, (_, i) => i / 8));
    expect(values.down?.[n - 1]).toBe(1);
    expect(ids?.values[n - 1]).toBe(`r${n - 1}`);
    const blanks = lines.map((line) => `  ${line.replaceAll(',', '   ')} `);
    expect((await columnsOf(write('large.txt', blanks.join('\n')))).values.c2).toBeUndefined();
  });
});

describe('ids', () => {
  it.each(['id', 'ID', 'Id', 'customer_id', 'customerId', 'CustomerID', 'CUSTOMER_ID'])(
    'name the rows and are not clustered: %s',
    async (name) => {
      const { values, ids } = await columnsOf(write('ids.csv', `${name},x\n7,1\n8,2\n`));
      expect(values).toEqual({ x: [1, 2] });
      expect(ids).toEqual({ name, values: ['7', '8'] });
    },
  );

  it.each(['paid', 'grid', 'idle', 'width'])('are not assumed by chance: %s', async (name) => {
    const { values, ids } = await columnsOf(write('chance.csv', `${name}\n7\n8\n`));
    expect(values).toEqual({ [name]: [7, 8] });
    expect(ids).toBeUndefined();
  });

  it('that repeat, or are missing, name no row and are left out all the same', async () => {
    const { values, ids, leftOut } = await columnsOf(write('twice.csv', 'id,user_id,x\n7,1,1\n7,,2\n'));
    expect(values).toEqual({ x: [1, 2] });
    expect(ids).toBeUndefined();
    expect(leftOut.map(({ reason }) => reason)).toEqual([
      'named like an id, but not unique',
      'named like an id, but not unique',
    ]);
  });

  it('that are fractions are measurements', async () => {
    const { values } = await columnsOf(write('fraction.csv', 'rapidID\n7.5\n8.5\n'));
    expect(values).toEqual({ rapidID: [7.5, 8.5] });
  });

  it('are clustered when picked, and then name no row', async () => {
    const { values, ids } = await columnsOf(write('picked.csv', 'id,x\n7,1\n8,2\n'), ['x', 'id']);
    expect(Object.keys(values)).toEqual(['x', 'id']);
    expect(ids).toBeUndefined();
  });
});

/** Written by pyarrow 25.0: 60 rows of id, x, y (int32) and country; parts of 25 rows but for Feather. */
describe('files of pyarrow', () => {
  const expected = {
    x: Array.from({ length: 60 }, (_, i) => (i % 3) * 10 + (Math.floor(i / 3) % 4) * 0.25),
    y: Array.from({ length: 60 }, (_, i) => (i % 3) * 10),
  };
  const fixture = (name: string) => join(import.meta.dirname, '../fixtures/cluster-tables', name);

  it.each([
    ['lz4.feather', 'arrow'],
    ['zstd.feather', 'arrow'],
    ['plain.arrows', 'arrow'],
    ['snappy.parquet', 'parquet'],
    ['zstd.parquet', 'parquet'],
    ['gzip.parquet', 'parquet'],
  ])('are read: %s', async (name, format) => {
    const found = await columnsOf(fixture(name));
    expect(found.values).toEqual(expected);
    expect(found.format).toBe(format);
    expect(found.ids?.values.slice(0, 2)).toEqual(['c00', 'c01']);
    expect(found.leftOut.map(({ column }) => column)).toEqual(['id', 'country']);
    const zipped = write(`${name}.gz`, gzipSync(readFileSync(fixture(name))));
    expect((await columnsOf(zipped)).values).toEqual(expected);
  });
});

describe('LZ4 frames', () => {
  const header = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
  const frame = (...blocks: number[][]) =>
    Uint8Array.from([...header, ...blocks.flatMap((block) => [block.length, 0, 0, 0, ...block]), 0, 0, 0, 0]);
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
  const [a, b, c] = [0x61, 0x62, 0x63];

  it('repeat what lies behind, overlapping itself and over the ends of blocks', () => {
    // Three literals "abc", then 4 + 2 bytes from 3 back; then no literal, 4 bytes from 1 back, and the end "b".
    expect(text(decodeLz4Frame(frame([0x32, a, b, c, 3, 0, 0x10, b])))).toBe('abcabcabcb');
    expect(text(decodeLz4Frame(frame([0x10, a], [0x00, 1, 0, 0x10, b])))).toBe('aaaaab');
  });

  it('have long lengths in further bytes', () => {
    const literals = Array.from({ length: 15 + 255 + 3 }, (_, i) => i % 251);
    expect([...decodeLz4Frame(frame([0xf0, 3, ...literals.slice(0, 18)]))]).toEqual(literals.slice(0, 18));
    // One literal, then 4 + 15 + 255 + 3 bytes from 1 back.
    expect(text(decodeLz4Frame(frame([0x1f, a, 1, 0, 255, 3, 0x10, b])))).toBe(`${'a'.repeat(278)}b`);
  });

  it.each([
    ['another magic number', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
    ['nothing', new Uint8Array(0)],
    ['a match before the start', frame([0x10, a, 2, 0, 0x10, b])],
    ['a match of offset 0', frame([0x10, a, 0, 0, 0x10, b])],
    ['literals past the block', frame([0x50, a])],
    ['a length past the block', frame([0xf0, 255])],
    ['no end', frame([0x10, a]).subarray(0, -2)],
    ['a block past the end', Uint8Array.from([...header, 200, 0, 0, 0, 0x10, a])],
  ])('fail with %s', (_, bytes) => {
    expect(() => decodeLz4Frame(bytes)).toThrow(RangeError);
  });
});
