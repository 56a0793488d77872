import type { RowRange, TableLayout } from '../contracts/table-layout.ts';
import { gunzip } from '../decompress/gunzip.ts';
import type { TableBatch } from './cells.ts';
import { readCsvTable } from './csv-batches.ts';
import { readJsonBatches } from './json-lines.ts';
import { plainSource } from './plain-source.ts';
import type { ReadOptions } from './read-options.ts';
import type { TableSource } from './table-source.ts';
import { isByteOriented, toUtf8 } from './text-encoding.ts';

/**
 * The rows of a table, or of one range of it, as batches: the same values from every format that can hold them.
 * Memory: a batch, and the piece that the format is written in (a row group, a record batch, a compressed sheet).
 * @throws InvalidDatasetError for bytes that the format does not allow
 */
export async function* readTable(
  source: TableSource,
  layout: TableLayout,
  { columns = layout.header.map((_, i) => i), range = wholeRange(layout), onReject }: ReadOptions = {},
): AsyncGenerator<TableBatch> {
  const { file } = source;
  const { format, compression, header, firstPlace } = layout;
  if (format === 'csv' || format === 'jsonl') {
    // Lines of a shard in the middle are counted from its own beginning.
    const firstLine = range.start === layout.firstRecord ? firstPlace : 1;
    const text = readText(source, layout, range);
    if (format === 'jsonl') {
      const names = columns.map((column) => header[column]!);
      yield* readJsonBatches(file, text, names, firstLine, onReject);
      return;
    }
    yield* readCsvTable(file, text, layout, columns, firstLine, onReject);
    return;
  }
  const plain = await plainSource(source, compression);
  if (format === 'parquet') {
    const { readParquetBatches, readParquetMetadata } = await import('./parquet-batches.ts');
    const metadata = await readParquetMetadata(plain);
    yield* readParquetBatches(plain, metadata, columns, range.start, range.end ?? metadata.row_groups.length);
  } else if (format === 'xlsx') {
    const { readSheetBatches } = await import('./xlsx-batches.ts');
    const bytes = await plain.read(0, plain.size);
    yield* readSheetBatches(file, bytes, layout.sheet, columns, firstPlace);
  } else {
    const [{ readArrowBatches }, { arrowStream }] = await Promise.all([
      import('./arrow-batches.ts'),
      import('./arrow-stream.ts'),
    ]);
    yield* readArrowBatches(file, arrowStream(plain, format, range), columns, 1);
  }
}

/** The range that is the whole table. */
export const wholeRange = ({ firstRecord }: TableLayout): RowRange => ({ start: firstRecord, end: null });

/** The UTF-8 text of a range. What cannot be entered in the middle is read from its beginning. */
export async function* readText(
  source: TableSource,
  { compression, encoding }: TableLayout,
  { start, end }: RowRange,
): AsyncGenerator<Uint8Array> {
  if (compression === 'none' && isByteOriented(encoding)) {
    yield* toUtf8(source.stream(start, end ?? undefined), encoding);
    return;
  }
  const plain = compression === 'gzip' ? gunzip(source.stream(), source.file) : source.stream();
  let skip = start;
  for await (const chunk of toUtf8(plain, encoding)) {
    if (skip < chunk.length) yield chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
  }
}
