import {
  type ColumnChunk,
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { InvalidDatasetError } from '../errors.ts';
import { BATCH_ROWS, type TableBatch } from './cells.ts';
import { cellsOfValues } from './cells-of-values.ts';
import { chunkTraits, requireSoundMetadata } from './parquet-checks.ts';
import { unpackPages } from './parquet-pages.ts';
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
  const fields = parquetSchema(metadata).children;
  const rowsIn = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  let rowStart = rowsIn.slice(0, start).reduce((sum, n) => sum + n, 0);
  for (let group = start; group < end; group++) {
    const nRows = rowsIn[group]!;
    const values: unknown[][] = [];
    try {
      if (nRows > 0)
        for (const column of columns) values.push(await readField(source, metadata, fields[column]!, group));
    } catch (cause) {
      throw damaged(source.file, cause);
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

/** Values of one field, which may be nested, in one row group. */
async function readField(
  { read }: TableSource,
  metadata: FileMetaData,
  field: SchemaTree,
  group: number,
): Promise<unknown[]> {
  const { name } = field.element;
  const rowGroup = metadata.row_groups[group]!;
  const nRows = Number(rowGroup.num_rows);
  const parts: Uint8Array[] = [];
  let size = 0;
  const columns: ColumnChunk[] = [];
  for (const chunk of rowGroup.columns) {
    const meta = chunk.meta_data!;
    if (meta.path_in_schema[0] !== name) continue;
    const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
    const pages = unpackPages(
      await read(start, start + Number(meta.total_compressed_size)),
      chunkTraits(field, meta),
    );
    const { dictionary_page_offset: _, statistics: __, ...plain } = meta;
    columns.push({
      file_offset: 0n,
      meta_data: {
        ...plain,
        codec: 'UNCOMPRESSED',
        data_page_offset: BigInt(size),
        total_compressed_size: BigInt(pages.length),
      },
    });
    parts.push(pages);
    size += pages.length;
  }
  const file = new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const values = new Array<unknown>(nRows);
  let found = 0;
  await parquetRead({
    file: { byteLength: size, slice: (start, end = size) => file.buffer.slice(start, end) },
    metadata: { ...metadata, num_rows: rowGroup.num_rows, row_groups: [{ ...rowGroup, columns }] },
    columns: [name],
    onChunk({ columnData, rowStart }) {
      for (let i = 0; i < columnData.length && rowStart + i < nRows; i++)
        values[rowStart + i] = columnData[i];
      found += columnData.length;
    },
  });
  if (found < nRows) throw new Error(`column "${name}" holds ${found} rows of ${nRows}`);
  const scale = scaleOf(field);
  // The library multiplies by a power of ten, which is off by the last digit: 255 × 0.01 is not 2.55.
  return scale === undefined
    ? values
    : values.map((x) => (typeof x === 'number' ? Number(x.toFixed(scale)) : x));
}
