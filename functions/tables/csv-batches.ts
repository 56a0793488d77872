import { grown } from '../arrow/grown.ts';
import type { TableLayout } from '../contracts/table-layout.ts';
import { InvalidDatasetError } from '../errors.ts';
import { blanksToTabs } from './blank-separated.ts';
import { BATCH_ROWS, type TableBatch, type TextCells } from './cells.ts';
import { type CsvRecord, CsvScanner, MalformedRecord } from './csv-scanner.ts';
import { type RejectedRow, rejection, rowText } from './rejected-row.ts';

const QUOTE = 0x22;

/** Rows that there is room for at first: a table of ten thousand columns may have few. */
const FIRST_ROWS = 64;

/** Collects the fields of one column. */
class FieldCollector {
  #bytes = new Uint8Array(FIRST_ROWS * 8);
  #offsets = new Int32Array(FIRST_ROWS + 1);
  #nRows = 0;
  #length = 0;

  get byteLength(): number {
    return this.#length;
  }

  add({ bytes, starts, ends, escaped }: CsvRecord, slot: number): void {
    const start = starts[slot]!;
    const end = ends[slot]!;
    if (this.#length + end - start > this.#bytes.length)
      this.#bytes = grown(this.#bytes, this.#length + end - start);
    const target = this.#bytes;
    let length = this.#length;
    const isEscaped = escaped[slot] === 1;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      target[length++] = byte;
      if (isEscaped && byte === QUOTE) i++;
    }
    this.#length = length;
    if (++this.#nRows === this.#offsets.length) this.#offsets = grown(this.#offsets);
    this.#offsets[this.#nRows] = length;
  }

  take(): TextCells {
    const cells = {
      kind: 'text',
      bytes: this.#bytes.slice(0, this.#length),
      offsets: this.#offsets.slice(0, this.#nRows + 1),
      nulls: null,
    } as const;
    this.#nRows = 0;
    this.#length = 0;
    return cells;
  }
}

/** Bytes of a batch after which it is handed over even when it has few rows. */
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * The rows of a CSV text, as batches of at most `BATCH_ROWS` rows and few megabytes.
 * @param chunks UTF-8, beginning with the first record
 * @param columns indexes into the header
 * @param firstLine 1-based line of the first record
 * @throws InvalidDatasetError for text that breaks the grammar of CSV, and for ragged rows unless `onReject` takes them
 */
export async function* readCsvBatches(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  { delimiter, header, separatedByBlanks }: TableLayout,
  columns: readonly number[],
  firstLine: number,
  onReject?: (row: RejectedRow) => void,
): AsyncGenerator<TableBatch> {
  const collectors = columns.map(() => new FieldCollector());
  let lines = new Int32Array(BATCH_ROWS);
  let nRows = 0;
  let nBytes = 0;
  const full: TableBatch[] = [];
  const flush = () => {
    if (nRows === 0) return;
    full.push({
      nRows,
      columns: collectors.map((collector) => collector.take()),
      places: lines.subarray(0, nRows),
    });
    lines = new Int32Array(BATCH_ROWS);
    nRows = 0;
    nBytes = 0;
  };
  const onRecord = (record: CsvRecord) => {
    for (let slot = 0; slot < collectors.length; slot++) {
      collectors[slot]!.add(record, slot);
      nBytes += record.ends[slot]! - record.starts[slot]!;
    }
    lines[nRows++] = firstLine + record.line;
    if (nRows === BATCH_ROWS || nBytes > BATCH_BYTES) flush();
  };
  const onFault =
    onReject &&
    (({ reason, message, line }: MalformedRecord, bytes: Uint8Array) =>
      onReject({ line: firstLine + line, reason, message: firstSentence(message), text: rowText(bytes) }));
  const scanner = new CsvScanner(
    { delimiter, nColumns: header.length, selected: columns },
    onRecord,
    onFault,
  );
  const convert = separatedByBlanks ? blanksToTabs() : (bytes: Uint8Array) => bytes;
  try {
    for await (const chunk of chunks) {
      scanner.push(convert(chunk));
      if (full.length > 0) yield* full.splice(0);
    }
    scanner.end();
  } catch (cause) {
    if (!(cause instanceof MalformedRecord)) throw cause;
    const { reason, message } = cause;
    throw rejection(file, { line: firstLine + cause.line, reason, message, text: '' });
  }
  flush();
  yield* full;
}

/**
 * As `readCsvBatches`, and checks that texts are UTF-8.
 * @throws InvalidDatasetError, for text that is not, naming the column and the batch's first line
 */
export async function* readCsvTable(
  ...[file, chunks, layout, columns, ...rest]: Parameters<typeof readCsvBatches>
): AsyncGenerator<TableBatch> {
  const names = columns.map((column) => layout.header[column]!);
  for await (const batch of readCsvBatches(file, chunks, layout, columns, ...rest)) {
    requireUtf8(file, batch, names);
    yield batch;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function requireUtf8(file: string, { columns, places }: TableBatch, names: readonly string[]): void {
  for (const [i, cells] of columns.entries()) {
    if (cells.kind !== 'text') continue;
    try {
      decoder.decode(cells.bytes);
    } catch (cause) {
      const line = 'first' in places ? places.first : places[0]!;
      throw new InvalidDatasetError(
        `${file}: column "${names[i]}" holds bytes that are not UTF-8, at or after line ${line}. ` +
          'Name the encoding (windows-1252 for most exports), or save the file as UTF-8.',
        { file, line, reason: 'invalid_utf8', column: names[i] },
        { cause },
      );
    }
  }
}

/** Of a list of rejected rows, the advice would be the same on every line. */
const firstSentence = (message: string) => message.split('. ', 1)[0]!;
