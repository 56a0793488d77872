import type { TableFormat } from '../functions/contracts/table-layout.ts';
import { type Cells, cellText, placeOf, type TableBatch, type TextCells } from '../functions/tables/cells.ts';
import { openTable } from '../functions/tables/open-table.ts';
import { readTable } from '../functions/tables/read-table.ts';
import { parseNumber } from '../functions/tables/values.ts';
import { ColumnCollector, type TableColumn } from './numeric-table-column.ts';
import { openFile } from './table-file.ts';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;
/** What other programs write for "no value". */
const MISSING = new Set(['', 'NA', 'N/A', '#N/A', 'null', 'NULL', 'None']);

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
  for await (const batch of readTable(source, layout)) {
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
