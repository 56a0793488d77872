import {
  type ColumnChunk,
  type ColumnMetaData,
  type FileMetaData,
  parquetRead,
  type SchemaTree,
} from 'hyparquet';
import { chunkTraits, leavesOf } from './parquet-checks.ts';
import { MAX_PAGE_BYTES, type PlainPage, packedBytes, plainPage } from './parquet-pages.ts';
import type { TableSource } from './table-source.ts';
import { ThriftReader, type ThriftStruct } from './thrift-compact.ts';

/** Usual and most bytes of a page header: statistics may hold values of the page. */
const LEAST_HEADER_BYTES = 32;
const MAX_HEADER_BYTES = 16 * 1024 * 1024;
/** Unpacked bytes of pages after which they are decoded. */
const RUN_BYTES = 16 * 1024 * 1024;

/** How much of a column is in memory at a time. */
export interface PageBudget {
  /** Bytes that are read at once. */
  readonly windowBytes: number;
  /** Values of a run of pages that are decoded together; a page is not cut. */
  readonly runValues: number;
}

/**
 * Values of one field of one row group in the order of its rows, some pages at a time. A field of several columns (a
 * struct or a map) comes as a whole, since the pages of its columns end at different rows.
 * @throws Error for pages that contradict their metadata, RangeError for damaged ones
 */
export async function* readField(
  source: TableSource,
  metadata: FileMetaData,
  field: SchemaTree,
  group: number,
  budget: PageBudget,
): AsyncGenerator<unknown[]> {
  const { name } = field.element;
  const rowGroup = metadata.row_groups[group]!;
  const nRows = Number(rowGroup.num_rows);
  const metas = rowGroup.columns
    .map(({ meta_data }) => meta_data!)
    .filter(({ path_in_schema }) => path_in_schema[0] === name);
  const decode = (chunks: readonly Chunk[], mostRows: number) => decoded(metadata, field, chunks, mostRows);
  const [only] = metas;
  let found = 0;
  if (leavesOf(field) === 1 && only) {
    for await (const run of pageRuns(source, field, only, budget)) {
      const values = await decode([{ meta: only, bytes: run.bytes }], run.nValues);
      found += values.length;
      if (found > nRows) break;
      yield values;
    }
  } else {
    const whole = { ...budget, runValues: Number.POSITIVE_INFINITY };
    const chunks: Chunk[] = [];
    for (const meta of metas)
      for await (const { bytes } of pageRuns(source, field, meta, whole)) chunks.push({ meta, bytes });
    const values = await decode(chunks, nRows);
    found = values.length;
    if (found === nRows) yield values;
  }
  if (found !== nRows) throw new Error(`column "${name}" holds ${found} rows of ${nRows}`);
}

/** Plain pages of one column. */
interface Chunk {
  readonly meta: ColumnMetaData;
  readonly bytes: Uint8Array;
}

/** Runs of pages that begin with a row, each with the column's dictionary before it. */
async function* pageRuns(
  source: TableSource,
  field: SchemaTree,
  meta: ColumnMetaData,
  budget: PageBudget,
): AsyncGenerator<{ bytes: Uint8Array; nValues: number }> {
  const mostBytes = Number.isFinite(budget.runValues) ? RUN_BYTES : MAX_PAGE_BYTES;
  let dictionary: Uint8Array = new Uint8Array(0);
  let pages: Uint8Array[] = [];
  let size = 0;
  let nValues = 0;
  for await (const page of readPages(
    source,
    field,
    meta,
    budget.windowBytes,
    () => dictionary.length + size,
  )) {
    if (page.isDictionary) {
      dictionary = page.bytes;
      continue;
    }
    if (page.startsRow && nValues > 0 && (nValues >= budget.runValues || size >= mostBytes)) {
      yield { bytes: concatenated([dictionary, ...pages]), nValues };
      pages = [];
      size = 0;
      nValues = 0;
    }
    pages.push(page.bytes);
    size += page.bytes.length;
    nValues += page.nValues;
  }
  if (nValues > 0) yield { bytes: concatenated([dictionary, ...pages]), nValues };
}

/** The pages of one column of one row group, one after the other. @param held bytes that are held of pages before */
async function* readPages(
  source: TableSource,
  field: SchemaTree,
  meta: ColumnMetaData,
  windowBytes: number,
  held: () => number,
): AsyncGenerator<PlainPage> {
  const traits = chunkTraits(field, meta);
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const end = start + Number(meta.total_compressed_size);
  /** Bytes of the file from `next − window.length` on, of which `at` are read. */
  let window: Uint8Array = new Uint8Array(0);
  let at = 0;
  let next = start;
  const require = async (nBytes: number) => {
    if (window.length - at >= nBytes || next === end) return;
    const rest = window.subarray(at);
    const to = Math.min(end, next + Math.max(windowBytes, nBytes - rest.length));
    window = concatenated([rest, await source.read(next, to)]);
    next = to;
    at = 0;
  };
  let nValues = 0;
  // A trailing byte is padding of old writers.
  while (nValues < traits.nValues) {
    await require(1);
    if (window.length - at + end - next <= 1) break;
    let header: ThriftStruct | undefined;
    for (let nBytes = 2 * LEAST_HEADER_BYTES; header === undefined; nBytes *= 2) {
      const reader = new ThriftReader(window, at);
      try {
        header = reader.readStruct();
        at = reader.at;
      } catch (error) {
        const isWhole = next === end || window.length - at >= MAX_HEADER_BYTES;
        if (isWhole || !(error instanceof RangeError)) throw error;
        await require(Math.max(nBytes, window.length - at + 1));
      }
    }
    const size = packedBytes(header, window.length - at + end - next);
    await require(size);
    const packed = window.subarray(at, at + size);
    at += size;
    const page = plainPage(header, packed, traits, {
      bytes: MAX_PAGE_BYTES - held(),
      values: traits.nValues - nValues,
    });
    if (page === undefined) continue;
    nValues += page.nValues;
    yield page;
  }
  if (nValues !== traits.nValues) throw new Error(`a column holds ${nValues} values of ${traits.nValues}`);
}

/** Decodes plain pages with the library. @param mostRows at least as many as the pages hold */
async function decoded(
  metadata: FileMetaData,
  field: SchemaTree,
  chunks: readonly Chunk[],
  mostRows: number,
): Promise<unknown[]> {
  let size = 0;
  const columns = chunks.map(({ meta, bytes }): ColumnChunk => {
    const { dictionary_page_offset: _, statistics: __, ...plain } = meta;
    const offset = size;
    size += bytes.length;
    return {
      file_offset: 0n,
      meta_data: {
        ...plain,
        codec: 'UNCOMPRESSED',
        data_page_offset: BigInt(offset),
        total_compressed_size: BigInt(bytes.length),
      },
    };
  });
  const file = concatenated(chunks.map(({ bytes }) => bytes));
  const num_rows = BigInt(mostRows);
  const values: unknown[] = [];
  await parquetRead({
    file: { byteLength: size, slice: (start, end = size) => file.buffer.slice(start, end) },
    metadata: { ...metadata, num_rows, row_groups: [{ columns, num_rows, total_byte_size: BigInt(size) }] },
    columns: [field.element.name],
    onChunk({ columnData }) {
      for (let i = 0; i < columnData.length && values.length < mostRows; i++) values.push(columnData[i]);
    },
  });
  const scale = scaleOf(field);
  // The library multiplies by a power of ten, which is off by the last digit: 255 × 0.01 is not 2.55.
  return scale === undefined
    ? values
    : values.map((x) => (typeof x === 'number' ? Number(x.toFixed(scale)) : x));
}

/** Number of decimal places of a column, undefined for a column of another type. */
function scaleOf({ element }: SchemaTree): number | undefined {
  if (element.converted_type !== 'DECIMAL' && element.logical_type?.type !== 'DECIMAL') return undefined;
  return element.scale ?? 0;
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let end = 0;
  for (const part of parts) {
    joined.set(part, end);
    end += part.length;
  }
  return joined;
}
