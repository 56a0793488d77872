import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  Bool,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampNanosecond,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import type { LayoutOptions } from '../../functions/tables/read-options.ts';
import { parseNumber, parseTimestamp } from '../../functions/tables/values.ts';
import { cellsOf, chunkedSource, reportOf } from '../support/read-cells.ts';
import { scratchFolder } from '../support/run-command.ts';
import { writeArrow } from '../support/table-writers.ts';

const { path } = scratchFolder();

/** The system's Python that has pandas; Debian's has no pyarrow, so that it writes text only. */
const PYTHON = ['/usr/bin/python3', 'python3'].find(
  (python) => spawnSync(python, ['-c', 'import pandas']).status === 0,
);

/** Writes a frame as CSV as arguments say, and its values as JSON. Instants are whole milliseconds since the epoch. */
const SCRIPT = `
import json, sys
import numpy as np
import pandas as pd

rng = np.random.default_rng(5)
n = 700
gaps = rng.random(n) < 0.2
texts = ['plain', 'é ü 日本 😀', 'say "hi"', 'a, b; c', 'two\\nlines', '"', "it's", 'tab\\there', '0012']
start = pd.Timestamp('2024-03-30 22:15:30.250', tz='Europe/Berlin')
at = pd.Series([start + pd.Timedelta(minutes=37 * i) for i in range(n)])
frame = pd.DataFrame({
    'float': np.where(gaps, np.nan, rng.normal(size=n) * 10.0 ** rng.integers(-9, 14, n)),
    'large': [2**53 + 1 + i for i in range(n)],
    'integer': pd.array([None if gaps[i] else i - 300 for i in range(n)], dtype='Int64'),
    'flag': [None if gaps[i] else bool(i % 3) for i in range(n)],
    'zoned': at.where(~pd.Series(gaps)),
    'naive': pd.Series([pd.Timestamp('2024-02-28') + pd.Timedelta(hours=i) for i in range(n)]),
    'category': pd.Categorical([None if gaps[i] else ['red', 'green', 'bl,ue'][i % 3] for i in range(n)]),
    'text': [texts[i % len(texts)] for i in range(n)],
})
frame.to_csv(sys.argv[1], **json.loads(sys.argv[2]))

def values(column):
    def plain(x):
        if x is None or x is pd.NA or x is pd.NaT or (isinstance(x, float) and np.isnan(x)): return None
        if isinstance(x, pd.Timestamp): return x.value // 10**6
        if isinstance(x, (bool, np.bool_)): return bool(x)
        if isinstance(x, (float, np.floating)): return float(x)
        if isinstance(x, (int, np.integer)): return str(int(x))
        return x
    return [plain(x) for x in column]

print(json.dumps({name: values(frame[name]) for name in frame.columns}))
`;

type Values = Readonly<Record<string, (string | number | boolean | null)[]>>;

function frameAsCsv(name: string, options: object): { bytes: Uint8Array; values: Values } {
  const file = path(name);
  const output = execFileSync(PYTHON!, ['-c', SCRIPT, file, JSON.stringify(options)], { encoding: 'utf8' });
  return { bytes: readFileSync(file), values: JSON.parse(output) };
}

const inBytes = <T>(text: string | null, parse: (bytes: Uint8Array, start: number, end: number) => T) => {
  const bytes = new TextEncoder().encode(text ?? '');
  return bytes.length === 0 ? null : parse(bytes, 0, bytes.length);
};

describe.skipIf(PYTHON === undefined)('a table that pandas wrote as CSV', () => {
  const ways: [string, object, LayoutOptions?][] = [
    ['defaults.csv', {}],
    ['no-index.csv', { index: false }],
    ['packed.csv.gz', { compression: 'gzip' }],
    ['semicolon.csv', { sep: ';' }],
    ['tab.tsv', { sep: '\t' }],
    ['marked.csv', { encoding: 'utf-8-sig' }],
    ['wide.csv', { encoding: 'utf-16' }],
    ['crlf.csv', { lineterminator: '\r\n' }],
    ['quoted.csv', { quoting: 1 }],
    ['texts-quoted.csv', { quoting: 2 }],
  ];
  it.each(ways)('gives equal values: %s', async (name, options, layout) => {
    const { bytes, values } = frameAsCsv(name, options);
    const { texts } = await cellsOf(chunkedSource(name, bytes, 4099), layout);
    const hasIndex = !('index' in options);
    expect(Object.keys(texts)).toEqual([...(hasIndex ? ['c1'] : []), ...Object.keys(values)]);
    expect(texts.float!.map((text) => inBytes(text, parseNumber))).toEqual(values.float);
    for (const column of ['zoned', 'naive']) {
      expect(texts[column]!.map((text) => inBytes(text, parseTimestamp))).toEqual(values[column]);
    }
    for (const column of ['large', 'integer', 'category', 'text']) {
      expect(texts[column]!.map((text) => text || null)).toEqual(values[column]);
    }
    expect(texts.flag!.map((text) => (text ? text === 'True' : null))).toEqual(values.flag);
    const report = await reportOf(chunkedSource(name, bytes), layout);
    const types = Object.fromEntries(report.columns.map((column) => [column.name, column.type]));
    expect(types).toMatchObject({
      float: 'decimal',
      integer: 'integer',
      flag: 'boolean',
      zoned: 'timestamp',
      naive: 'timestamp',
      category: 'category',
    });
    expect(report.columns[0]!.ignored).toBe(hasIndex ? 'row_number' : null);
    expect(report).toMatchObject({ nRows: 700, nRejected: 0 });
  });

  it('gives equal numbers where commas stand for points', async () => {
    const { bytes, values } = frameAsCsv('comma.csv', { sep: ';', decimal: ',' });
    const { texts } = await cellsOf(chunkedSource('comma.csv', bytes));
    const numbers = texts.float!.map((text) => inBytes(text?.replace(',', '.') ?? null, parseNumber));
    expect(numbers).toEqual(values.float);
    const report = await reportOf(chunkedSource('comma.csv', bytes));
    const { numbers: summary } = report.columns.find(({ name }) => name === 'float')!;
    const finite = values.float!.filter((x) => x !== null).map(Number);
    expect([summary!.min, summary!.max]).toEqual([Math.min(...finite), Math.max(...finite)]);
  });
});

/** What pandas tells of a frame in the metadata of its files. */
const PANDAS = JSON.stringify({
  index_columns: ['__index_level_0__'],
  column_indexes: [{ name: null, pandas_type: 'unicode', numpy_type: 'object' }],
  columns: [{ name: null, field_name: '__index_level_0__', pandas_type: 'int64', numpy_type: 'int64' }],
  pandas_version: '1.5.3',
});
const N = 300;
const AT = Date.UTC(2024, 2, 30, 22, 15, 30, 250);
const some = <T>(value: (i: number) => T) =>
  Array.from({ length: N }, (_, i) => (i % 5 === 4 ? null : value(i)));
const columns = {
  float: some((i) => (i - 100) / 3),
  large: Array.from({ length: N }, (_, i) => 9007199254740993n + BigInt(2 * i)),
  flag: some((i) => i % 3 === 0),
  zoned: some((i) => AT + 37 * 60_000 * i),
  category: some((i) => ['red', 'grün', 'bl,ue'][i % 3]!),
  text: Array.from({ length: N }, (_, i) => ['0012', '日本 😀', 'two\nlines', '"'][i % 4]!),
  __index_level_0__: Array.from({ length: N }, (_, i) => BigInt(i)),
};
const shown = {
  float: columns.float.map((x) => (x === null ? null : String(x))),
  large: columns.large.map(String),
  flag: columns.flag.map((x) => (x === null ? null : String(x))),
  zoned: columns.zoned.map((x) => (x === null ? null : new Date(x).toISOString())),
  category: columns.category,
  text: columns.text,
  __index_level_0__: columns.__index_level_0__.map(String),
};

/** The frame as `to_feather` and pyarrow lay it out: nanoseconds with a zone, categories as dictionaries. */
function feather(codec?: 'lz4' | 'zstd'): Uint8Array {
  const vectors = {
    float: vectorFromArray(columns.float, new Float64()),
    large: vectorFromArray(columns.large, new Int64()),
    flag: vectorFromArray(columns.flag, new Bool()),
    // The library's builder would round nanoseconds.
    zoned: new Vector([
      makeData({
        type: new TimestampNanosecond('Europe/Berlin'),
        length: N,
        data: BigInt64Array.from(columns.zoned, (ms) => BigInt(ms ?? 0) * 1_000_000n),
        nullBitmap: Uint8Array.from({ length: Math.ceil(N / 8) }, (_, byte) =>
          columns.zoned
            .slice(8 * byte, 8 * byte + 8)
            .reduce<number>((bits, ms, bit) => bits | (ms === null ? 0 : 1 << bit), 0),
        ),
      }),
    ]),
    category: vectorFromArray(columns.category, new Dictionary(new Utf8(), new Int32())),
    text: vectorFromArray(columns.text, new Utf8()),
    __index_level_0__: vectorFromArray(columns.__index_level_0__, new Int64()),
  };
  const { schema, batches } = new Table(vectors);
  const fields = schema.fields.map(({ name, type }) => new Field(name, type, true));
  const told = new Schema(fields, new Map([['pandas', PANDAS]]), schema.dictionaries);
  const children = batches[0]!.data.children;
  const data = makeData({ type: new Struct(fields), length: N, nullCount: 0, children });
  return writeArrow(new Table([new RecordBatch(told, data)]), 'file', codec);
}

const parquet = (instants: 'TIMESTAMP_MICROS' | 'TIMESTAMP_MILLIS') =>
  new Uint8Array(
    parquetWriteBuffer({
      kvMetadata: [{ key: 'pandas', value: PANDAS }],
      schema: [
        { name: 'schema', num_children: 7 },
        { name: 'float', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
        { name: 'large', type: 'INT64', repetition_type: 'OPTIONAL' },
        { name: 'flag', type: 'BOOLEAN', repetition_type: 'OPTIONAL' },
        { name: 'zoned', type: 'INT64', converted_type: instants, repetition_type: 'OPTIONAL' },
        { name: 'category', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: '__index_level_0__', type: 'INT64', repetition_type: 'OPTIONAL' },
      ],
      columnData: Object.entries(columns).map(([name, data]) => ({
        name,
        data: name === 'zoned' ? columns.zoned.map((ms) => (ms === null ? null : new Date(ms))) : data,
        ...(name === 'category' ? { encoding: 'RLE_DICTIONARY' as const } : {}),
      })),
    }),
  );

describe('a table laid out as pandas lays out its binary files', () => {
  it.each([
    ['plain.feather', () => feather()],
    ['lz4.feather', () => feather('lz4')],
    ['zstd.feather', () => feather('zstd')],
    ['micros.parquet', () => parquet('TIMESTAMP_MICROS')],
    ['millis.parquet', () => parquet('TIMESTAMP_MILLIS')],
  ])('gives equal values, and its index is told from data: %s', async (name, write) => {
    const bytes = write();
    expect(Buffer.from(bytes).includes('pandas_version')).toBe(true);
    const { texts, kinds } = await cellsOf(chunkedSource(name, bytes));
    expect(texts).toEqual(shown);
    expect(kinds).toEqual(['number', 'text', 'boolean', 'time', 'text', 'text', 'number']);
    const report = await reportOf(chunkedSource(name, bytes));
    const ignored = report.columns.filter((column) => column.ignored !== null);
    expect(ignored).toMatchObject([{ name: '__index_level_0__', ignored: 'row_number' }]);
  });
});
