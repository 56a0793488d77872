import { gzipSync } from 'node:zlib';
import {
  Bool,
  type Data,
  DateDay,
  Decimal,
  Field,
  Float64,
  Int8,
  Int64,
  List,
  makeData,
  Table,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { planRanges } from '../../functions/tables/plan-ranges.ts';
import { readTable } from '../../functions/tables/read-table.ts';
import { batchesOf, cellsOf, chunkedSource } from '../support/read-cells.ts';
import { writeArrow } from '../support/table-writers.ts';

const AT = Date.UTC(2024, 1, 29, 12, 30);

const arrow = () =>
  new Table({
    text: vectorFromArray(['é', null, ''], new Utf8()),
    category: vectorFromArray(['red', 'blue', null]),
    small: vectorFromArray([1, -1, null], new Int8()),
    large: vectorFromArray([9007199254740993n, 1n, null], new Int64()),
    float: vectorFromArray([2.55, null, Number.NaN], new Float64()),
    // 2.55, -0.07 and nothing, as 128-bit integers with two places.
    decimal: vectorFromArray(
      [Uint32Array.of(255, 0, 0, 0), Uint32Array.of(-7 >>> 0, -1 >>> 0, -1 >>> 0, -1 >>> 0), null],
      new Decimal(2, 10, 128),
    ),
    zoned: vectorFromArray([AT, null, 0], new TimestampMicrosecond('Europe/Berlin')),
    date: vectorFromArray([new Date(AT), null, new Date(0)], new DateDay()),
    flag: vectorFromArray([true, false, null], new Bool()),
    list: vectorFromArray([['a', 'b'], [], null], new List(new Field('item', new Utf8(), true))),
  });

const expected = {
  text: ['é', null, ''],
  category: ['red', 'blue', null],
  small: ['1', '-1', null],
  large: ['9007199254740993', '1', null],
  float: ['2.55', null, 'NaN'],
  decimal: ['2.55', '-0.07', null],
  zoned: ['2024-02-29T12:30:00.000Z', null, '1970-01-01'],
  date: ['2024-02-29', null, '1970-01-01'],
  flag: ['true', 'false', null],
  list: ['["a","b"]', '[]', null],
};

describe('Arrow', () => {
  it.each([
    ['file', undefined],
    ['file', 'lz4'],
    ['file', 'zstd'],
    ['stream', undefined],
    ['stream', 'lz4'],
    ['stream', 'zstd'],
  ] as const)('%s with %s bodies gives every type its value', async (kind, codec) => {
    const bytes = writeArrow(arrow(), kind, codec);
    for (const chunk of [1, 7, 100_000]) {
      const { texts, kinds } = await cellsOf(chunkedSource('t', bytes, chunk));
      expect(texts).toEqual(expected);
      expect(kinds).toEqual([
        'text',
        'text',
        'number',
        'text',
        'number',
        'number',
        'time',
        'time',
        'boolean',
        'text',
      ]);
    }
    expect((await cellsOf(chunkedSource('t.gz', gzipSync(bytes)))).texts).toEqual(expected);
  });

  it.each([
    ['seconds', new TimestampSecond(), [1_709_209_800n, -1n], [1_709_209_800_000, -1000]],
    ['milliseconds', new TimestampMillisecond(), [1_709_209_800_250n, -1n], [1_709_209_800_250, -1]],
    ['microseconds', new TimestampMicrosecond(), [1_709_209_800_250_999n, -1n], [1_709_209_800_250, -1]],
    ['nanoseconds', new TimestampNanosecond(), [1_709_209_800_250_000_000n, -1n], [1_709_209_800_250, -1]],
  ])('instants in %s are cut to the millisecond before', async (_, type, counts, expectedMs) => {
    const data = makeData({ type, length: 2, data: BigInt64Array.from(counts) });
    const bytes = writeArrow(new Table({ at: new Vector([data as Data]) }), 'file');
    const { batches } = await batchesOf(chunkedSource('t.arrow', bytes));
    expect(batches[0]!.columns[0]).toMatchObject({ kind: 'time', values: Float64Array.from(expectedMs) });
  });

  it('files are cut between record batches, and read in part', async () => {
    const values = Array.from({ length: 100 }, (_, i) => i);
    const part = (from: number) =>
      new Table({
        x: vectorFromArray(values.slice(from, from + 25), new Float64()),
      });
    const table = part(0).concat(part(25), part(50), part(75));
    const source = chunkedSource('t.arrow', writeArrow(table, 'file', 'lz4'));
    const { layout } = await cellsOf(source);
    const ranges = await planRanges(source, layout, 3);
    expect(ranges.length).toBeGreaterThan(1);
    const found: number[] = [];
    for (const range of ranges) {
      for await (const { columns } of readTable(source, layout, { range })) {
        const [cells] = columns;
        if (cells?.kind === 'number') found.push(...cells.values);
      }
    }
    expect(found).toEqual(values);
  });
});

describe('Parquet', () => {
  const write = (codec: 'SNAPPY' | 'UNCOMPRESSED', rowGroupSize = 1000) =>
    new Uint8Array(
      parquetWriteBuffer({
        codec,
        rowGroupSize,
        schema: [
          { name: 'root', num_children: 6 },
          { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
          { name: 'large', type: 'INT64', repetition_type: 'OPTIONAL' },
          {
            name: 'decimal',
            type: 'INT64',
            converted_type: 'DECIMAL',
            scale: 2,
            precision: 12,
            repetition_type: 'OPTIONAL',
          },
          { name: 'at', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'OPTIONAL' },
          { name: 'day', type: 'INT32', converted_type: 'DATE', repetition_type: 'OPTIONAL' },
          { name: 'flag', type: 'BOOLEAN', repetition_type: 'OPTIONAL' },
        ],
        columnData: [
          { name: 'text', data: ['é', null, ''] },
          { name: 'large', data: [9007199254740993n, 1n, null] },
          { name: 'decimal', data: [2.55, -0.07, null] },
          { name: 'at', data: [new Date(AT), null, new Date(0)] },
          { name: 'day', data: [new Date(AT), null, new Date(0)] },
          { name: 'flag', data: [true, false, null] },
        ],
      }),
    );

  it.each(['SNAPPY', 'UNCOMPRESSED'] as const)('with %s pages gives every type its value', async (codec) => {
    const { texts, kinds } = await cellsOf(chunkedSource('t', write(codec)));
    expect(texts).toEqual({
      text: expected.text,
      large: expected.large,
      decimal: expected.decimal,
      at: expected.zoned,
      day: expected.date,
      flag: expected.flag,
    });
    expect(kinds).toEqual(['text', 'text', 'number', 'time', 'time', 'boolean']);
  });

  it('is cut between row groups', async () => {
    const source = chunkedSource('t.parquet', write('SNAPPY', 1));
    const { layout } = await cellsOf(source);
    expect(await planRanges(source, layout, 10)).toEqual([
      { start: 0, end: 1 },
      { start: 1, end: 2 },
      { start: 2, end: 3 },
    ]);
  });
});

describe('JSON Lines', () => {
  it('keeps types where a batch has one, and texts where it is mixed', async () => {
    const rows = [
      '{"id":17850,"tags":["a","b"],"ok":true}',
      '',
      '{"id":"C1","ok":null,"more":{"x":1}}',
      '{"ok":false}',
    ];
    const { texts, kinds } = await cellsOf(chunkedSource('t.jsonl', `\ufeff${rows.join('\r\n')}`, 5));
    expect(texts).toEqual({
      id: ['17850', 'C1', null],
      tags: ['["a","b"]', null, null],
      ok: ['true', null, 'false'],
      more: [null, '{"x":1}', null],
    });
    expect(kinds).toEqual(['text', 'text', 'boolean', 'text']);
  });

  it('is cut between lines wherever a cut would fall', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `{"i":${i},"text":"${'x'.repeat((i * 7) % 40)}"}`);
    for (const end of ['', '\n', '\n\n']) {
      const source = chunkedSource('t.jsonl', rows.join('\n') + end);
      const { layout } = await cellsOf(source);
      for (let n = 1; n <= 70; n += 3) {
        const found: number[] = [];
        for (const range of await planRanges(source, layout, n)) {
          for await (const { columns } of readTable(source, layout, { range, columns: [0] })) {
            const [cells] = columns;
            if (cells?.kind === 'number') found.push(...cells.values);
          }
        }
        expect(found).toEqual(rows.map((_, i) => i));
      }
    }
  });
});
