import type { RowRange, TableLayout } from '../contracts/table-layout.ts';
import { InvalidDatasetError } from '../errors.ts';
import type { TableBatch } from './cells.ts';
import { readCsvBatches } from './csv-batches.ts';
import { readJsonBatches } from './json-lines.ts';
import { planRanges } from './plan-ranges.ts';
import { readTable, readText } from './read-table.ts';
import type { TableSource } from './table-source.ts';

const QUOTE = 0x22;
const LF = 0x0a;
const WINDOW_BYTES = 128 * 1024;
/** Windows of a large text: dates ascend in most files, and the first weeks may not tell days from months. */
const WINDOWS = 8;
/** Bytes of a text for each window. */
const STRIDE_BYTES = 4 * 1024 * 1024;

/**
 * Some rows of a table, from several places of it where it can be cut: enough to tell how its values are written.
 * Rows at fault are passed over; whoever reads all rows reports them. Only where there is no other row they are told.
 * @param bytes how much of a text is looked at in all; of a large one, at least 128 KiB in each place
 * @throws InvalidDatasetError when no place holds rows that can be read
 */
export async function* sampleRows(
  source: TableSource,
  layout: TableLayout,
  columns: readonly number[],
  bytes = WINDOW_BYTES,
): AsyncGenerator<TableBatch> {
  if (layout.format !== 'csv' && layout.format !== 'jsonl') {
    for await (const batch of readTable(source, layout, { columns })) {
      yield batch;
      return;
    }
    return;
  }
  const nWindows = Math.min(WINDOWS, Math.max(1, Math.ceil(source.size / STRIDE_BYTES)));
  const windowBytes = Math.max(WINDOW_BYTES, Math.ceil(bytes / nWindows));
  let isEmpty = true;
  let fault: InvalidDatasetError | undefined;
  for (const range of await planRanges(source, layout, nWindows)) {
    try {
      for await (const batch of readWindow(source, layout, columns, range, windowBytes)) {
        isEmpty = false;
        yield batch;
      }
    } catch (error) {
      if (!(error instanceof InvalidDatasetError)) throw error;
      fault ??= error;
    }
  }
  if (isEmpty && fault) throw fault;
}

async function* readWindow(
  source: TableSource,
  layout: TableLayout,
  columns: readonly number[],
  { start, end }: RowRange,
  windowBytes: number,
): AsyncGenerator<TableBatch> {
  const isCut = layout.compression === 'none' && end !== null;
  // One byte more than is looked at tells whether the range goes on.
  const stop = isCut ? Math.min(end, start + windowBytes + 1) : end;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of readText(source, layout, { start, end: stop })) {
    parts.push(part);
    size += part.length;
    if (size > windowBytes) break;
  }
  const bytes = new Uint8Array(size);
  for (let i = 0, at = 0; i < parts.length; at += parts[i++]!.length) bytes.set(parts[i]!, at);
  const window = size > windowBytes ? wholeRecords(bytes.subarray(0, windowBytes), layout) : bytes;
  const chunks = async function* () {
    yield window;
  };
  const { file } = source;
  const firstLine = start === layout.firstRecord ? layout.firstPlace : 1;
  const ignore = () => {};
  if (layout.format === 'jsonl') {
    yield* readJsonBatches(
      file,
      chunks(),
      columns.map((column) => layout.header[column]!),
      firstLine,
      ignore,
    );
  } else yield* readCsvBatches(file, chunks(), layout, columns, firstLine, ignore);
}

/** The records that end within a window, of which the first begins with it. */
function wholeRecords(window: Uint8Array, { format }: TableLayout): Uint8Array {
  let isQuoted = false;
  let end = 0;
  for (let i = 0; i < window.length; i++) {
    if (window[i] === QUOTE && format === 'csv') isQuoted = !isQuoted;
    else if (window[i] === LF && !isQuoted) end = i + 1;
  }
  return window.subarray(0, end);
}
