import type { InputFile, RowShard } from './contracts/artifacts.ts';
import { InvalidDatasetError } from './errors.ts';
import { lineBreaksBefore, objectSource } from './input-file.ts';
import type { ObjectStore } from './ports.ts';
import { BatchRecords } from './tables/batch-records.ts';
import { blanksToTabs } from './tables/blank-separated.ts';
import { placeOf } from './tables/cells.ts';
import { type CsvRecord, CsvScanner, MalformedRecord } from './tables/csv-scanner.ts';
import { readTable, readText } from './tables/read-table.ts';
import type { RejectedRow } from './tables/rejected-row.ts';
import type { TableSource } from './tables/table-source.ts';

/** Takes the rows of a shard. */
export interface RowSink {
  /** Takes a record, its fields in the order of the columns that were asked for. */
  add(record: CsvRecord): void;
  /** Takes a row that breaks the grammar; where it is absent, such a row is an error. */
  fault?(fault: MalformedRecord, row: Uint8Array | string): void;
}

/**
 * Hands the rows of a shard to a sink, whatever the format; yields the lines (of a text) or rows covered so far after
 * every piece. Rows are numbered from the beginning of the shard.
 * @param columns header names
 * @throws InvalidDatasetError for bytes that the format does not allow, naming the line of the file
 */
export async function* readShard(
  objects: ObjectStore,
  file: InputFile,
  shard: RowShard,
  columns: readonly string[],
  sink: RowSink,
): AsyncGenerator<number> {
  try {
    yield* file.layout.format === 'csv'
      ? readLines(objects, file, shard, columns, sink)
      : readRecords(objects, file, shard, columns, sink);
  } catch (error) {
    if (!(error instanceof MalformedRecord)) throw error;
    const { key, layout } = file;
    const isText = layout.format === 'csv' || layout.format === 'jsonl';
    const isFirst = shard.start === layout.firstRecord;
    // Row groups and record batches have no lines that a person could look up.
    const before = isFirst
      ? layout.firstPlace - 1
      : isText
        ? await lineBreaksBefore(objects, key, shard.start)
        : undefined;
    const line = before === undefined ? {} : { line: before + error.line + 1 };
    const place = before === undefined ? '' : `, line ${line.line}`;
    throw new InvalidDatasetError(`${key}${place}: ${error.message}`, {
      file: key,
      ...line,
      reason: error.reason,
    });
  }
}

/** Straight from the bytes: of the common format, columns that nobody asked for are never copied. */
async function* readLines(
  objects: ObjectStore,
  file: InputFile,
  shard: RowShard,
  columns: readonly string[],
  sink: RowSink,
): AsyncGenerator<number> {
  const { layout } = file;
  const { header, delimiter } = layout;
  const selected = columns.map((name) => header.indexOf(name));
  const scanner = new CsvScanner(
    { delimiter, nColumns: header.length, selected },
    (record) => sink.add(record),
    sink.fault && ((fault, row) => sink.fault?.(fault, row)),
  );
  const convert = layout.separatedByBlanks ? blanksToTabs() : (bytes: Uint8Array) => bytes;
  for await (const chunk of readText(objectSource(objects, file), layout, shard)) {
    scanner.push(convert(chunk));
    yield scanner.line;
  }
  scanner.end();
  yield scanner.line;
}

async function* readRecords(
  objects: ObjectStore,
  file: InputFile,
  shard: RowShard,
  columns: readonly string[],
  sink: RowSink,
): AsyncGenerator<number> {
  const { layout } = file;
  const selected = columns.map((name) => layout.header.indexOf(name));
  const counted = countingSource(objectSource(objects, file));
  let base = shard.start === layout.firstRecord ? layout.firstPlace : 1;
  let records: BatchRecords | undefined;
  let nRows = 0;
  const onReject = ({ reason, line, message, text }: RejectedRow) => {
    const fault = new MalformedRecord(reason, line - base, message);
    if (!sink.fault) throw fault;
    sink.fault(fault, text);
  };
  for await (const batch of readTable(counted.source, layout, {
    columns: selected,
    range: shard,
    onReject,
  })) {
    // Rows of Parquet are numbered through the whole file.
    if (records === undefined && layout.format === 'parquet') base = placeOf(batch, 0);
    records ??= new BatchRecords(selected.length, base);
    records.forEach(batch, (record) => sink.add(record));
    nRows += batch.nRows;
    yield nRows;
  }
  yield layout.format === 'jsonl' ? counted.lineFeeds() : nRows;
}

/** The source, with the line feeds counted that are streamed from it. */
function countingSource(source: TableSource): { source: TableSource; lineFeeds: () => number } {
  let count = 0;
  const counted: TableSource = {
    ...source,
    async *stream(start, end) {
      for await (const chunk of source.stream(start, end)) {
        for (let i = chunk.indexOf(0x0a); i >= 0; i = chunk.indexOf(0x0a, i + 1)) count++;
        yield chunk;
      }
    },
  };
  return { source: counted, lineFeeds: () => count };
}
