import { type FileMetaData, parquetMetadata, parquetSchema } from 'hyparquet';
import { InvalidDatasetError } from '../errors.ts';
import { BATCH_ROWS, type Cells, type TableBatch } from './cells.ts';
import { cellsOfValues } from './cells-of-values.ts';
import { requireSoundMetadata } from './parquet-checks.ts';
import { type PageBudget, readField } from './parquet-column.ts';
import type { TableSource } from './table-source.ts';
import { ThriftReader } from './thrift-compact.ts';

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

/** Length of the metadata, and the magic bytes, at the end. */
const TAIL_BYTES = 8;

/** Metadata of a Parquet file: schema and row groups. @throws InvalidDatasetError */
export async function readParquetMetadata(source: TableSource): Promise<FileMetaData> {
  try {
    const { size } = source;
    const tail = await source.read(Math.max(0, size - TAIL_BYTES), size);
    if (size < (3 * TAIL_BYTES) / 2 || String.fromCharCode(...tail.subarray(4)) !== 'PAR1') {
      throw new Error(`its ${size} bytes do not end with PAR1, so that it is cut off`);
    }
    const length = new DataView(tail.buffer, tail.byteOffset, 4).getUint32(0, true);
    if (length > size - 12) throw new Error('the length of its metadata is wrong');
    const footer = await source.read(size - TAIL_BYTES - length, size);
    // The library believes every length: what is no metadata at all is found here.
    new ThriftReader(footer.subarray(0, length)).readStruct();
    const metadata = parquetMetadata(footer, { geoparquet: false });
    requireSoundMetadata(metadata, size - TAIL_BYTES - length);
    return metadata;
  } catch (cause) {
    throw damaged(source.file, cause);
  }
}

/** Names of the columns. */
export const parquetNames = (metadata: FileMetaData): string[] =>
  parquetSchema(metadata).children.map(({ element }) => element.name);

/** Cells that are decoded and wait for the cells of other columns, and bytes that are read and wait to be. */
const WAITING_CELLS = 1 << 22;
const WAITING_BYTES = 64 * 1024 * 1024;
const MOST_RUN_VALUES = 1 << 17;
const [LEAST_WINDOW, MOST_WINDOW] = [16 * 1024, 4 * 1024 * 1024];

/** Shares out what may be in memory among the columns. */
function budgetFor(nColumns: number): PageBudget {
  const between = (least: number, share: number, most: number) =>
    Math.max(least, Math.min(most, Math.floor(share)));
  return {
    windowBytes: between(LEAST_WINDOW, WAITING_BYTES / nColumns, MOST_WINDOW),
    runValues: between(BATCH_ROWS, WAITING_CELLS / nColumns, MOST_RUN_VALUES),
  };
}

/**
 * The rows of some row groups of a Parquet file. Memory: some pages of every column, however large the row group; a
 * struct or map as a whole.
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
  const fields = parquetSchema(metadata).children;
  const rowsIn = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  const budget = budgetFor(columns.length);
  let rowStart = rowsIn.slice(0, start).reduce((sum, n) => sum + n, 0);
  for (let group = start; group < end; group++) {
    const nRows = rowsIn[group]!;
    const cursors = columns.map(
      (column) => new FieldCursor(readField(source, metadata, fields[column]!, group, budget)),
    );
    for (let at = 0; at < nRows; at += BATCH_ROWS) {
      const n = Math.min(BATCH_ROWS, nRows - at);
      const cells: Cells[] = [];
      try {
        for (const cursor of cursors) cells.push(cellsOfValues(await cursor.take(n, at + n === nRows)));
      } catch (cause) {
        throw damaged(source.file, cause);
      }
      yield { nRows: n, columns: cells, places: { first: rowStart + at + 1 } };
    }
    rowStart += nRows;
  }
}

/** Takes the values of a field in other pieces than they come in. */
class FieldCursor {
  readonly #pieces: AsyncGenerator<unknown[]>;
  #piece: unknown[] = [];
  #at = 0;

  constructor(pieces: AsyncGenerator<unknown[]>) {
    this.#pieces = pieces;
  }

  /** @param isLast whether there must be no more values: what is left to check of the column is checked */
  async take(n: number, isLast: boolean): Promise<unknown[]> {
    const parts: unknown[][] = [];
    for (let missing = n; missing > 0; ) {
      if (this.#at === this.#piece.length && !(await this.#next())) break;
      const part = this.#piece.slice(this.#at, this.#at + missing);
      this.#at += part.length;
      missing -= part.length;
      parts.push(part);
    }
    if (isLast) await this.#next();
    return parts.length === 1 ? parts[0]! : parts.flat();
  }

  async #next(): Promise<boolean> {
    const { value, done } = await this.#pieces.next();
    this.#piece = done ? [] : value;
    this.#at = 0;
    return !done;
  }
}
