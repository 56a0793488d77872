import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { InvalidDatasetError } from '../errors.ts';
import { BATCH_ROWS, type TableBatch } from './cells.ts';
import { cellsOfValues } from './cells-of-values.ts';
import type { TableSource } from './table-source.ts';

/** The error for a Parquet file that cannot be read. */
function damaged(file: string, cause: unknown): InvalidDatasetError {
  if (cause instanceof InvalidDatasetError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isCodec = /unsupported compression/i.test(reason);
  return new InvalidDatasetError(
    `${file} cannot be read as Parquet: ${reason}. ${isCodec ? 'Write it again with SNAPPY, GZIP, ZSTD, LZ4 or no compression.' : 'Write it again.'}`,
    { file, reason: isCodec ? 'unknown_codec' : 'corrupt_parquet' },
    { cause },
  );
}

const bufferOf = ({ size, read }: TableSource): AsyncBuffer => ({
  byteLength: size,
  async slice(start, end = size) {
    const bytes = await read(start, end);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  },
});

/** Metadata of a Parquet file: schema and row groups. @throws InvalidDatasetError */
export async function readParquetMetadata(source: TableSource): Promise<FileMetaData> {
  try {
    const metadata = await parquetMetadataAsync(bufferOf(source));
    // Damage may lie in what the library looks at only later.
    if (parquetNames(metadata).length === 0) throw new Error('there is no column in it');
    const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
    if (rows !== Number(metadata.num_rows) || metadata.row_groups.some(({ num_rows }) => num_rows < 0n)) {
      throw new Error(`it announces ${metadata.num_rows} rows, but its row groups hold ${rows}`);
    }
    return metadata;
  } catch (cause) {
    throw damaged(source.file, cause);
  }
}

/** Names of the columns. */
export const parquetNames = (metadata: FileMetaData): string[] =>
  parquetSchema(metadata).children.map(({ element }) => element.name);

/** Number of decimal places of a column, undefined for a column of another type. */
function scaleOf({ element }: SchemaTree): number | undefined {
  if (element.converted_type !== 'DECIMAL' && element.logical_type?.type !== 'DECIMAL') return undefined;
  return element.scale ?? 0;
}

/**
 * The rows of some row groups of a Parquet file; one row group is in memory at a time.
 * @param columns indexes into the schema
 * @throws InvalidDatasetError for a file that is damaged, truncated or compressed in a way that is not known
 */
export async function* readParquetBatches(
  source: TableSource,
  metadata: FileMetaData,
  columns: readonly number[],
  start: number,
  end: number,
): AsyncGenerator<TableBatch> {
  const file = bufferOf(source);
  const fields = parquetSchema(metadata).children;
  const rowsIn = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  let rowStart = rowsIn.slice(0, start).reduce((sum, n) => sum + n, 0);
  for (let group = start; group < end; group++) {
    const nRows = rowsIn[group]!;
    const values = columns.map(() => new Array<unknown>(nRows));
    const found = columns.map(() => 0);
    const slots = new Map(columns.map((column, slot) => [fields[column]!.element.name, slot]));
    try {
      if (nRows > 0 && columns.length > 0) {
        await parquetRead({
          file,
          metadata,
          columns: [...slots.keys()],
          rowStart,
          rowEnd: rowStart + nRows,
          compressors,
          onChunk({ columnName, columnData, rowStart: at }) {
            const slot = slots.get(columnName)!;
            const column = values[slot]!;
            for (let i = 0; i < columnData.length; i++) {
              const row = at - rowStart + i;
              if (row >= 0 && row < nRows) column[row] = columnData[i];
            }
            found[slot]! += columnData.length;
          },
        });
      }
      const cut = found.findIndex((n) => n < nRows);
      if (cut >= 0)
        throw new Error(
          `column "${fields[columns[cut]!]!.element.name}" holds ${found[cut]} rows of ${nRows}`,
        );
    } catch (cause) {
      throw damaged(source.file, cause);
    }
    for (const [slot, column] of columns.entries()) {
      const scale = scaleOf(fields[column]!);
      // The library multiplies by a power of ten, which is off by the last digit: 255 × 0.01 is not 2.55.
      if (scale !== undefined)
        values[slot] = values[slot]!.map((x) => (typeof x === 'number' ? Number(x.toFixed(scale)) : x));
    }
    for (let at = 0; at < nRows; at += BATCH_ROWS) {
      const to = Math.min(at + BATCH_ROWS, nRows);
      yield {
        nRows: to - at,
        columns: values.map((column) => cellsOfValues(column.slice(at, to))),
        places: { first: rowStart + at + 1 },
      };
    }
    rowStart += nRows;
  }
}
