import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseNumber, parseTimestamp } from '../../functions/tables/values.ts';
import { cellsOf, chunkedSource, reportOf } from '../support/read-cells.ts';

/** Files that pandas and pyarrow wrote; `write.py` beside them tells how. */
const FOLDER = join(import.meta.dirname, '../fixtures/pandas');
const values: Readonly<Record<string, readonly unknown[]>> = JSON.parse(
  readFileSync(join(FOLDER, 'values.json'), 'utf8'),
);
const encoder = new TextEncoder();

/** A cell as its column's kind of value: instants in ms, numbers as float64 (whole ones to the digit), lists, texts. */
function cellValue(name: string, text: string | null): unknown {
  if (text === null || text === '') return null;
  const bytes = encoder.encode(text);
  switch (name) {
    case 'float':
    case 'price':
      return parseNumber(bytes, 0, bytes.length);
    case 'zoned':
    case 'naive':
    case 'day':
      return parseTimestamp(bytes, 0, bytes.length);
    case 'flag':
      return text.toLowerCase() === 'true';
    case 'tags':
      return JSON.parse(text);
    default:
      return text;
  }
}

const expected = (name: string) =>
  values[name]!.map((value) =>
    ['zoned', 'naive', 'day'].includes(name) && value !== null ? Date.parse(String(value)) : value,
  );

describe('a file that pandas wrote', () => {
  it.each([
    ['default.csv', 'c1'],
    ['default.csv.gz', 'c1'],
    ['default.feather', undefined],
    ['zstd.feather', undefined],
    ['default.parquet', undefined],
    ['zstd.parquet', undefined],
    ['index.parquet', '__index_level_0__'],
  ])('reads to equal values: %s', async (file, index) => {
    const bytes = new Uint8Array(readFileSync(join(FOLDER, file)));
    const { texts } = await cellsOf(chunkedSource(file, bytes, 4099));
    expect(Object.keys(texts).filter((name) => name !== index)).toEqual(Object.keys(values));
    for (const name of Object.keys(values)) {
      expect(
        texts[name]!.map((text) => cellValue(name, text)),
        name,
      ).toEqual(expected(name));
    }
    const report = await reportOf(chunkedSource(file, bytes));
    const types = Object.fromEntries(report.columns.map((column) => [column.name, column.type]));
    expect(types).toMatchObject({
      float: 'decimal',
      small: 'integer',
      integer: 'integer',
      flag: 'boolean',
      zoned: 'timestamp',
      naive: 'timestamp',
      category: 'category',
      tags: 'list',
      price: 'decimal',
      day: 'date',
    });
    expect(report).toMatchObject({ nRows: 240, nRejected: 0 });
  });
});
