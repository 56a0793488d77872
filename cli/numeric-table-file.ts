import { isUtf8 } from 'node:buffer';
import type { TableFormat, TableLayout } from '../functions/contracts/table-layout.ts';
import { type Cells, cellText, placeOf, type TableBatch, type TextCells } from '../functions/tables/cells.ts';
import { readCsvTable } from '../functions/tables/csv-batches.ts';
import { CsvNumbers, type NumberRecords } from '../functions/tables/csv-numbers.ts';
import { openTable } from '../functions/tables/open-table.ts';
import { readTable, readText, wholeRange } from '../functions/tables/read-table.ts';
import type { TableSource } from '../functions/tables/table-source.ts';
import { parseNumber } from '../functions/tables/values.ts';
import { ColumnCollector, type TableColumn } from './numeric-table-column.ts';
import { openFile } from './table-file.ts';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;
/** What other programs write for "no value". */
const MISSING = new Set(['', 'NA', 'N/A', '#N/A', 'null', 'NULL', 'None']);

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Digits, sign, point and all up to which `parseNumber` seldom needs the text: float64 in full has no more. */
const SHORT = 24;

/**
 * Every column of a file.
 * @throws InvalidRequestError when the file is not there or not readable
 * @throws InvalidDatasetError when its bytes are no table
 */
export async function readColumns(
  file: string,
): Promise<{ format: TableFormat; columns: readonly TableColumn[] }> {
  await using source = await openFile(file);
  const layout = await openTable(source);
  const collectors = layout.header.map((name) => new ColumnCollector(name));
  const otherTypes = new Array<string | undefined>(collectors.length);
  const isText = layout.format === 'csv';
  const batches = isText ? readCsv(source, layout, collectors) : readTable(source, layout);
  for await (const batch of batches) {
    for (const [i, cells] of batch.columns.entries()) {
      if (cells.kind === 'boolean') otherTypes[i] = 'values of type boolean';
      if (cells.kind === 'time') otherTypes[i] = 'dates or times';
      if (cells.kind === 'text' && isText) collectFields(collectors[i]!, cells, batch);
      else collectValues(collectors[i]!, cells, batch.nRows);
    }
  }
  return {
    format: layout.format === 'arrow-stream' ? 'arrow' : layout.format,
    columns: collectors.map((collector, i) => collector.finish(otherTypes[i])),
  };
}

/** Cells of a format that has types: a text is no number, whatever it says. */
function collectValues(collector: ColumnCollector, cells: Cells, nRows: number): void {
  for (let row = 0; row < nRows; row++) {
    if (cells.nulls !== null && cells.nulls[row] === 1) collector.addFault('missing', '');
    else if (cells.kind === 'text') collector.addFault('text', cellText(cells, row));
    else {
      const text = collector.keepsTexts ? cellText(cells, row) : undefined;
      collector.addNumber(cells.values[row]!, text);
    }
  }
}

/** Collects what the kernels can read of a CSV text; the rest comes as batches. */
async function* readCsv(
  source: TableSource,
  layout: TableLayout,
  collectors: readonly ColumnCollector[],
): AsyncGenerator<TableBatch> {
  if (layout.separatedByBlanks) return yield* readTable(source, layout);
  const asTexts = collectors.flatMap(({ keepsTexts }, column) => (keepsTexts ? [column] : []));
  const numbers = new CsvNumbers(layout.delimiter, collectors.length, asTexts);
  const text = readText(source, layout, wholeRange(layout));
  let line = layout.firstPlace;
  const take = (records: NumberRecords): boolean => {
    // The reader of the rest says where it is that a text is not UTF-8.
    if (!isUtf8(records.bytes)) return false;
    if (line === layout.firstPlace) {
      const nExpected = Math.ceil(1.05 * records.nRecords * (source.size / records.nBytes));
      for (const collector of collectors) collector.reserve(nExpected);
    }
    collectRecords(collectors, records, line);
    line += records.nRecords;
    return true;
  };
  let left = await text.next();
  while (!left.done && !numbers.isStopped) {
    const taken = numbers.push(left.value, take);
    if (taken < left.value.length) left.value = left.value.subarray(taken);
    else left = await text.next();
  }
  const rest = async function* () {
    yield numbers.rest;
    if (!left.done) yield left.value;
    yield* text;
  };
  const columns = layout.header.map((_, column) => column);
  yield* readCsvTable(source.file, rest(), layout, columns, line);
}

/** Numbers, and in between the fields that are none. */
function collectRecords(
  collectors: readonly ColumnCollector[],
  { nRecords, bytes, values, capacity, others }: NumberRecords,
  firstLine: number,
): void {
  const ends = new Int32Array(collectors.length);
  const addUpTo = (column: number, record: number) => {
    const first = column * capacity;
    collectors[column]!.addNumbers(values.subarray(first + ends[column]!, first + record));
    ends[column] = record + 1;
  };
  for (let at = 0; at < others.length; at += 4) {
    const record = others[at]!;
    const column = others[at + 1]!;
    const collector = collectors[column]!;
    addUpTo(column, record);
    if (collector.holdsText && !collector.keepsTexts) collector.addFault('text', '');
    else {
      const field = bytes.subarray(others[at + 2], others[at + 3]);
      collectText(collector, decoder.decode(field), firstLine + record);
    }
  }
  for (const column of collectors.keys()) addUpTo(column, nRecords);
}

/** Fields of a text. */
function collectFields(collector: ColumnCollector, cells: TextCells, batch: TableBatch): void {
  const { bytes, offsets } = cells;
  for (let row = 0; row < batch.nRows; row++) {
    if (collector.holdsText && !collector.keepsTexts) {
      collector.addFault('text', '');
      continue;
    }
    const start = offsets[row]!;
    const end = offsets[row + 1]!;
    const isShort = end - start <= SHORT && !collector.keepsTexts;
    const value = isShort ? parseNumber(bytes, start, end) : Number.NaN;
    if (Number.isNaN(value)) collectText(collector, cellText(cells, row), placeOf(batch, row));
    else collector.addNumber(value);
  }
}

function collectText(collector: ColumnCollector, text: string, line: number): void {
  if (NUMBER.test(text) || NOT_FINITE.test(text)) {
    const value = NOT_FINITE.test(text) ? Number.NaN : Number(text);
    collector.addNumber(value, text, line);
  } else collector.addFault(MISSING.has(text) ? 'missing' : 'text', text, line);
}
