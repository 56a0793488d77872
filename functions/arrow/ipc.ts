import {
  AsyncByteQueue,
  type Data,
  type DataType,
  Field,
  Float32,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Utf8,
} from 'apache-arrow';
import { InvalidDatasetError } from '../errors.ts';
import { type ArrowBatches, checkedColumn, readBatches } from './read-batches.ts';
import { decodeUtf8Column, encodeUtf8Column, joinUtf8, sliceUtf8, type Utf8Column } from './utf8.ts';

/** Values of one column: text as strings or as their UTF-8 bytes, numbers as the typed array of their Arrow type. No nulls. */
export type ColumnData = readonly string[] | Utf8Column | Float64Array | Float32Array | Int32Array;

/** Columns of equal length by name, in the order of the schema. */
export interface ArrowColumns {
  readonly [name: string]: ColumnData;
}

/** Key-value metadata of the schema and of its columns. */
export interface ArrowSchemaMetadata {
  readonly table?: Readonly<Record<string, string>>;
  readonly columns?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Most rows of a record batch. */
export const ROWS_PER_BATCH = 65_536;
/** Most cells of a record batch, which is in memory as a whole: 64 MB of numbers. */
const CELLS_PER_BATCH = 1 << 23;

/** Rows of every record batch but the last: told by the schema, so that bytes do not depend on how the rows arrived. */
const rowsPerBatch = ({ fields }: Schema) =>
  Math.max(1, Math.min(ROWS_PER_BATCH, Math.floor(CELLS_PER_BATCH / Math.max(1, fields.length))));

/** Keeps what the Arrow writer emits until it is taken, so that one batch at a time is in memory. */
class TakeableQueue extends AsyncByteQueue {
  take(): Uint8Array {
    const parts = this._values;
    this._values = [];
    const joined = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
    let end = 0;
    for (const part of parts) {
      joined.set(part, end);
      end += part.byteLength;
    }
    return joined;
  }
}

const sortedMap = (entries: Readonly<Record<string, string>> = {}) =>
  new Map(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));

function arrowType(data: ColumnData): DataType {
  if (data instanceof Float64Array) return new Float64();
  if (data instanceof Float32Array) return new Float32();
  if (data instanceof Int32Array) return new Int32();
  return new Utf8();
}

function schemaOf(columns: ArrowColumns, metadata: ArrowSchemaMetadata = {}): Schema {
  const fields = Object.entries(columns).map(
    ([name, data]) => new Field(name, arrowType(data), false, sortedMap(metadata.columns?.[name])),
  );
  return new Schema(fields, sortedMap(metadata.table));
}

const rowsOf = (data: ColumnData) => ('offsets' in data ? data.offsets.length - 1 : data.length);

function lengthOf(columns: ArrowColumns): number {
  const lengths = new Set(Object.values(columns).map(rowsOf));
  if (lengths.size > 1) {
    throw new RangeError(
      `Columns of unequal length: ${Object.entries(columns).map(([name, data]) => `${name} ${rowsOf(data)}`)}`,
    );
  }
  return lengths.values().next().value ?? 0;
}

function recordBatch(schema: Schema, columns: ArrowColumns, start: number, end: number): RecordBatch {
  const length = end - start;
  const children = schema.fields.map((field) => {
    const data = columns[field.name]!;
    // Built from our own buffers: the library's Utf8 builder is an order of magnitude slower.
    if (data instanceof Float64Array) {
      return makeData({ type: field.type as Float64, length, data: data.subarray(start, end) });
    }
    if (data instanceof Float32Array) {
      return makeData({ type: field.type as Float32, length, data: data.subarray(start, end) });
    }
    if (data instanceof Int32Array) {
      return makeData({ type: field.type as Int32, length, data: data.subarray(start, end) });
    }
    const { bytes, offsets } =
      'offsets' in data
        ? sliceUtf8(data, start, end)
        : encodeUtf8Column(length === data.length ? data : data.slice(start, end));
    return makeData({ type: field.type as Utf8, length, data: bytes, valueOffsets: offsets });
  });
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, children }));
}

function encode(
  writer: RecordBatchFileWriter | RecordBatchStreamWriter,
  columns: ArrowColumns,
  metadata?: ArrowSchemaMetadata,
): Uint8Array {
  const nRows = lengthOf(columns);
  const schema = schemaOf(columns, metadata);
  const queue = new TakeableQueue();
  writer.reset(queue, schema);
  const most = rowsPerBatch(schema);
  for (let start = 0; start < nRows; start += most) {
    writer.write(recordBatch(schema, columns, start, Math.min(start + most, nRows)));
  }
  writer.finish();
  return queue.take();
}

/** Arrow IPC file: uncompressed, in batches of `ROWS_PER_BATCH` rows, fewer beyond 128 columns; equal columns give equal bytes. */
export function encodeArrowFile(columns: ArrowColumns, metadata?: ArrowSchemaMetadata): Uint8Array {
  return encode(new RecordBatchFileWriter(), columns, metadata);
}

/** Arrow IPC stream: as `encodeArrowFile`, without the footer; several may lie end to end in one object. */
export function encodeArrowStream(columns: ArrowColumns, metadata?: ArrowSchemaMetadata): Uint8Array {
  return encode(new RecordBatchStreamWriter(), columns, metadata);
}

/** The same columns, texts as strings: pieces of different batches join string by string. */
function withStrings(columns: ArrowColumns): ArrowColumns {
  return Object.fromEntries(
    Object.entries(columns).map(([name, data]) => [
      name,
      'offsets' in data ? decodeUtf8Column(data, data.offsets.length - 1) : data,
    ]),
  );
}

/** Fixed-size room for one batch: pieces of any size go in, whole batches come out. */
class BatchRoom {
  readonly #columns: Record<string, string[] | Float64Array | Float32Array | Int32Array> = {};
  readonly size: number;
  #nRows = 0;

  /** @param size rows of a whole batch */
  constructor(like: ArrowColumns, size: number) {
    this.size = size;
    for (const [name, data] of Object.entries(like)) {
      if (data instanceof Float64Array) this.#columns[name] = new Float64Array(size);
      else if (data instanceof Float32Array) this.#columns[name] = new Float32Array(size);
      else if (data instanceof Int32Array) this.#columns[name] = new Int32Array(size);
      else this.#columns[name] = [];
    }
  }

  get nRows() {
    return this.#nRows;
  }

  /** Copies rows from `start` on until the piece or the room ends; returns where it stopped. */
  fill(piece: ArrowColumns, start: number, nRows: number): number {
    const end = Math.min(nRows, start + this.size - this.#nRows);
    for (const [name, room] of Object.entries(this.#columns)) {
      const data = piece[name];
      if (Array.isArray(room)) {
        const texts = data as readonly string[];
        for (let i = start; i < end; i++) room[this.#nRows + i - start] = texts[i]!;
      } else {
        room.set((data as typeof room).subarray(start, end), this.#nRows);
      }
    }
    this.#nRows += end - start;
    return end;
  }

  /** The batch so far; empties the room. */
  take(schema: Schema): RecordBatch {
    const batch = recordBatch(schema, this.#columns, 0, this.#nRows);
    for (const room of Object.values(this.#columns)) if (Array.isArray(room)) room.length = 0;
    this.#nRows = 0;
    return batch;
  }
}

/**
 * Streams an Arrow IPC file in record batches of one number of rows whatever the sizes of the incoming
 * pieces: the bytes are those of `encodeArrowFile` over all pieces. Holds one batch in memory.
 * @throws RangeError when there is no piece at all (an empty one still tells the schema)
 */
export async function* arrowFileChunks(
  pieces: AsyncIterable<ArrowColumns>,
  metadata?: ArrowSchemaMetadata,
): AsyncIterable<Uint8Array> {
  const writer = new RecordBatchFileWriter();
  const queue = new TakeableQueue();
  let schema: Schema | undefined;
  let room: BatchRoom | undefined;
  for await (const given of pieces) {
    const piece = withStrings(given);
    const nRows = lengthOf(piece);
    if (!schema || !room) {
      schema = schemaOf(piece, metadata);
      room = new BatchRoom(piece, rowsPerBatch(schema));
      writer.reset(queue, schema);
    }
    for (let start = 0; start < nRows; ) {
      start = room.fill(piece, start, nRows);
      if (room.nRows === room.size) {
        writer.write(room.take(schema));
        yield queue.take();
      }
    }
  }
  if (!schema || !room)
    throw new RangeError('An Arrow file needs at least one piece, which may have no rows');
  if (room.nRows > 0) writer.write(room.take(schema));
  writer.finish();
  yield queue.take();
}

function firstRows({ schema, batches }: ArrowBatches, mostRows: number): ArrowBatches {
  const first: RecordBatch[] = [];
  let left = mostRows;
  for (const batch of batches) {
    if (left <= 0) break;
    first.push(batch.numRows <= left ? batch : batch.slice(0, left));
    left -= batch.numRows;
  }
  return { schema, batches: first };
}

type NumericColumn = Float64Array | Float32Array | Int32Array;

/** A decoded Arrow table. The numeric getters may return views of the decoded bytes. */
export interface DecodedArrow {
  readonly nRows: number;
  readonly metadata: Required<ArrowSchemaMetadata>;
  /** @throws InvalidDatasetError, as the other getters: no such column, another type, or nulls in it */
  strings(name: string): string[];
  /** The bytes of a column of texts, unchecked. */
  utf8(name: string): Utf8Column;
  float64(name: string): Float64Array;
  float32(name: string): Float32Array;
  int32(name: string): Int32Array;
}

/**
 * Reads an Arrow IPC file or stream without compression, as `encodeArrowFile` and `encodeArrowStream` write them.
 * @param mostRows of the table, the first ones
 * @throws InvalidDatasetError for bytes that are corrupt, truncated or compressed
 */
export function decodeArrow(bytes: Uint8Array, mostRows = Number.POSITIVE_INFINITY): DecodedArrow {
  const { schema, batches } = firstRows(readBatches(bytes), mostRows);
  const nRows = batches.reduce((rows, batch) => rows + batch.numRows, 0);

  function chunks(name: string, type: string): Data[] {
    const index = schema.fields.findIndex((field) => field.name === name);
    const field = schema.fields[index];
    if (!field) {
      const found = schema.fields.map((other) => other.name).join(', ') || 'none';
      throw new InvalidDatasetError(`The Arrow data has no column ${name}; found: ${found}.`, {
        reason: 'missing_column',
        column: name,
      });
    }
    if (String(field.type) !== type) {
      throw new InvalidDatasetError(`Column ${name} has type ${field.type}; expected ${type}.`, {
        reason: 'wrong_type',
        column: name,
      });
    }
    return batches.map((batch) => checkedColumn(name, batch.data.children[index]!));
  }

  function numbers<T extends NumericColumn>(name: string, type: string, allocate: (n: number) => T): T {
    const parts = chunks(name, type);
    const only = parts[0];
    if (parts.length === 1 && only) return (only.values as T).subarray(0, only.length) as T;
    const values = allocate(nRows);
    let end = 0;
    for (const part of parts) {
      values.set((part.values as T).subarray(0, part.length), end);
      end += part.length;
    }
    return values;
  }

  return {
    nRows,
    metadata: {
      table: Object.fromEntries(schema.metadata),
      columns: Object.fromEntries(
        schema.fields.map((field) => [field.name, Object.fromEntries(field.metadata)]),
      ),
    },
    strings(name) {
      try {
        return chunks(name, 'Utf8').flatMap((data) =>
          decodeUtf8Column({ bytes: data.values, offsets: data.valueOffsets }, data.length),
        );
      } catch (cause) {
        if (!(cause instanceof TypeError)) throw cause;
        throw new InvalidDatasetError(
          `Column ${name} holds bytes that are not UTF-8. Write the file again.`,
          { reason: 'corrupt_arrow', column: name },
          { cause },
        );
      }
    },
    utf8: (name) =>
      joinUtf8(
        chunks(name, 'Utf8').map(({ values, valueOffsets, length }) => ({
          bytes: values as Uint8Array,
          offsets: (valueOffsets as Int32Array).subarray(0, length + 1),
        })),
      ),
    float64: (name) => numbers(name, 'Float64', (n) => new Float64Array(n)),
    float32: (name) => numbers(name, 'Float32', (n) => new Float32Array(n)),
    int32: (name) => numbers(name, 'Int32', (n) => new Int32Array(n)),
  };
}
