import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { CompressionCodec, Encoding, SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import { describe, expect, it } from 'vitest';
import { decodeLz4Frame } from '../../functions/decompress/lz4-frame.ts';
import { plainOfDeltaByteArray } from '../../functions/tables/delta-byte-array.ts';
import { encodeLz4Block, encodeLz4Frame } from '../support/lz4-writer.ts';
import { asV1Pages } from '../support/parquet-v1.ts';
import { cellsOf, chunkedSource } from '../support/read-cells.ts';

const AT = Date.UTC(2024, 1, 29, 12, 30);
const N = 4000;
const every = <T>(n: number, value: (i: number) => T) =>
  Array.from({ length: N }, (_, i) => (i % n === 0 ? null : value(i)));
const own = (pack: (bytes: Uint8Array) => Uint8Array) => (bytes: Uint8Array) => new Uint8Array(pack(bytes));

const CODECS: readonly [CompressionCodec, (bytes: Uint8Array) => Uint8Array][] = [
  ['UNCOMPRESSED', (bytes) => bytes],
  ['SNAPPY', snappyCompress],
  ['GZIP', own(gzipSync)],
  ['ZSTD', own(zstdCompressSync)],
  ['BROTLI', own(brotliCompressSync)],
  ['LZ4_RAW', encodeLz4Block],
];

const optional = (name: string, more: Omit<SchemaElement, 'name'>): SchemaElement => ({
  name,
  repetition_type: 'OPTIONAL',
  ...more,
});
const list = (name: string): SchemaElement[] => [
  optional(name, { converted_type: 'LIST', num_children: 1 }),
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  optional('element', { type: 'INT32' }),
];
const schema: SchemaElement[] = [
  { name: 'root', num_children: 7 },
  optional('text', { type: 'BYTE_ARRAY', converted_type: 'UTF8' }),
  optional('color', { type: 'BYTE_ARRAY', converted_type: 'UTF8' }),
  { name: 'number', type: 'DOUBLE', repetition_type: 'REQUIRED' },
  optional('decimal', { type: 'INT64', converted_type: 'DECIMAL', scale: 2, precision: 12 }),
  optional('at', { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' }),
  optional('flag', { type: 'BOOLEAN' }),
  ...list('list'),
];
const columns = {
  text: every(7, (i) => `é text ${i}`),
  color: every(5, (i) => ['red', 'green', 'blue'][i % 3]!),
  number: Array.from({ length: N }, (_, i) => i / 8),
  decimal: every(3, (i) => (i - 2000) / 100),
  at: every(11, (i) => new Date(AT + i * 1000)),
  flag: every(13, (i) => i % 2 === 0),
  list: every(17, (i) => Array.from({ length: i % 4 }, (_, j) => (j === 2 ? null : i + j))),
};
const shown: Record<string, (string | null)[]> = {
  ...columns,
  number: columns.number.map(String),
  decimal: columns.decimal.map((x) => (x === null ? null : String(x))),
  at: columns.at.map((x) => x?.toISOString() ?? null),
  flag: columns.flag.map((x) => (x === null ? null : String(x))),
  list: columns.list.map((x) => x && JSON.stringify(x)),
};

function written(codec: CompressionCodec, pack: (bytes: Uint8Array) => Uint8Array, encoding?: Encoding) {
  return new Uint8Array(
    parquetWriteBuffer({
      codec,
      compressors: { [codec]: pack },
      schema,
      // Several pages and several row groups.
      pageSize: 4096,
      rowGroupSize: 1500,
      columnData: Object.entries(columns).map(([name, data]) => ({
        name,
        data,
        ...(name === 'text' && encoding ? { encoding } : {}),
        ...(name === 'color' ? { encoding: 'RLE_DICTIONARY' as const } : {}),
      })),
    }),
  );
}

describe('Parquet pages', () => {
  it.each(CODECS)('of version 2 with %s give every value', async (codec, pack) => {
    const { texts } = await cellsOf(chunkedSource('t.parquet', written(codec, pack)));
    expect(texts).toEqual(shown);
  });

  it.each(CODECS)('of version 1 with %s give every value', async (codec, pack) => {
    const file = asV1Pages(
      written('UNCOMPRESSED', (bytes) => bytes),
      codec,
      pack,
    );
    // The first page is one of data: `type` is the first field of its header.
    expect(file.subarray(4, 6)).toEqual(Uint8Array.of(0x15, 0));
    const { texts } = await cellsOf(chunkedSource('t.parquet', file));
    expect(texts).toEqual(shown);
  });

  it.each(['PLAIN', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY', 'RLE_DICTIONARY'] as const)(
    'give texts in the encoding %s',
    async (encoding) => {
      for (const [codec, pack] of CODECS.slice(0, 2)) {
        const file = written(codec, pack, encoding);
        expect((await cellsOf(chunkedSource('t.parquet', file))).texts.text).toEqual(shown.text);
      }
    },
  );
});

describe('texts that repeat the beginning of the one before', () => {
  /** Lengths in delta encoding: one block of four parts, of which only the first is used, 32 bits each. */
  const lengths = (values: readonly number[]): number[] => {
    const deltas = values.slice(1).map((value, i) => value - values[i]!);
    const smallest = Math.min(0, ...deltas);
    const words = Array.from({ length: 32 }, (_, i) => (deltas[i] ?? smallest) - smallest);
    const block = [...varint(zigzag(smallest)), 32, 0, 0, 0, ...words.flatMap(word)];
    return [
      ...varint(128),
      4,
      values.length,
      ...varint(zigzag(values[0]!)),
      ...(values.length > 1 ? block : []),
    ];
  };
  const zigzag = (value: number) => (value < 0 ? -2 * value - 1 : 2 * value);
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
  const word = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];
  const page = (prefixes: number[], rests: number[], text: string) =>
    Uint8Array.from([...lengths(prefixes), ...lengths(rests), ...new TextEncoder().encode(text)]);

  it('are written out', () => {
    const plain = plainOfDeltaByteArray(page([0, 2, 3], [3, 1, 0], 'abcX'), 0, 3, 100, false);
    expect(new TextDecoder().decode(plain)).toBe('\x03\0\0\0abc\x03\0\0\0abX\x03\0\0\0abX');
    const fixed = plainOfDeltaByteArray(page([0, 2, 3], [3, 1, 0], 'abcX'), 0, 3, 100, true);
    expect(new TextDecoder().decode(fixed)).toBe('abcabXabX');
    expect(plainOfDeltaByteArray(page([0], [0], ''), 0, 1, 100, false)).toEqual(new Uint8Array(4));
  });

  it.each([
    ['repeat more than there is', page([0, 4], [3, 1], 'abcX'), 2, 100],
    ['begin by repeating', page([1], [3], 'abc'), 1, 100],
    ['end after the page', page([0, 2], [3, 9], 'abcX'), 2, 100],
    ['announce a length below zero', page([0, -1], [3, 1], 'abcX'), 2, 100],
    ['are more than announced', page([0, 2], [3, 1], 'abcX'), 1, 100],
    ['have no rests', page([0, 2], [3], 'abcX'), 2, 100],
    ['take more room than there is', page([0, 8, 8, 8], [8, 0, 0, 0], 'abcdefgh'), 4, 40],
    ['are cut off', page([0, 2], [3, 1], 'abcX').subarray(0, 40), 2, 100],
  ])('fails when they %s', (_, bytes, mostValues, mostBytes) => {
    expect(() => plainOfDeltaByteArray(bytes, 0, mostValues, mostBytes, false)).toThrow(RangeError);
  });
});

describe('an LZ4 frame', () => {
  it('fails on more than it may hold, in literals or in matches', () => {
    const zeros = new Uint8Array(100_000);
    expect(decodeLz4Frame(encodeLz4Frame(zeros), 100_000)).toEqual(zeros);
    expect(() => decodeLz4Frame(encodeLz4Frame(zeros), 99_999)).toThrow(/more than 99999 bytes/);
    const literals = Uint8Array.from({ length: 300 }, (_, i) => (i * 167) & 255);
    expect(() => decodeLz4Frame(encodeLz4Frame(literals), 299)).toThrow(RangeError);
  });
});
