import {
  AsyncByteQueue,
  type Data,
  type RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  type Schema,
} from 'apache-arrow';
import { InvalidDatasetError } from '../errors.ts';
import { BatchRoom, rowByRow } from './batch-room.ts';
import {
  type ArrowColumns,
  type ArrowSchemaMetadata,
  type DictionaryColumn,
  dictionariesOf,
  type ListColumn,
  lengthOf,
  recordBatch,
  schemaOf,
} from './columns.ts';
import { joinBytes } from './join-bytes.ts';
import { codesOf, listsOf } from './nested-columns.ts';
import { type ArrowBatches, checkedColumn, checkedTexts, readBatches } from './read-batches.ts';
import { joinUtf8, type Utf8Column } from './utf8.ts';

/** Most rows of a record batch. */
export const ROWS_PER_BATCH = 65_536;
/** Most cells of a record batch, which is in memory as a whole: 64 MB of numbers. */
const CELLS_PER_BATCH = 1 << 23;

/** Rows of every record batch but the last: told by the schema, so that bytes do not depend on how the rows arrived. */
const rowsPerBatch = ({ fields }: Schema) =>
  Math.max(1, Math.min(ROWS_PER_BATCH, Math.floor(CELLS_PER_BATCH / Math.max(1, fields.length))));

/** Keeps what the Arrow writer emits until it is taken, so that one batch at a time is in memory. */
class TakeableQueue extends AsyncByteQueue {
  take(): Uint8Array[] {
    const parts = this._values;
    this._values = [];
    return parts;
  }
}

function encode(
  writer: RecordBatchFileWriter | RecordBatchStreamWriter,
  columns: ArrowColumns,
  metadata?: ArrowSchemaMetadata,
  mostRows?: number,
): Uint8Array[] {
  const nRows = lengthOf(columns);
  const schema = schemaOf(columns, metadata);
  const queue = new TakeableQueue();
  writer.reset(queue, schema);
  const dictionaries = dictionariesOf(columns);
  const most = mostRows ?? rowsPerBatch(schema);
  for (let start = 0; start < nRows; start += most) {
    writer.write(recordBatch(schema, columns, dictionaries, start, Math.min(start + most, nRows)));
  }
  writer.finish();
  return queue.take();
}

/** Arrow IPC file: uncompressed, in batches of `ROWS_PER_BATCH` rows, fewer beyond 128 columns; equal columns give equal bytes. */
export function encodeArrowFile(columns: ArrowColumns, metadata?: ArrowSchemaMetadata): Uint8Array {
  return joinBytes(encode(new RecordBatchFileWriter(), columns, metadata));
}

/**
 * As `encodeArrowFile` in one record batch, for what is read as a whole: then each column of numbers is one view of the file.
 * @returns the parts of the file, of which those of numbers are views of the columns
 */
export function encodeArrowBatch(columns: ArrowColumns, metadata?: ArrowSchemaMetadata): Uint8Array[] {
  return encode(new RecordBatchFileWriter(), columns, metadata, Math.max(1, lengthOf(columns)));
}

/** Arrow IPC stream: as `encodeArrowFile`, without the footer. */
export function encodeArrowStream(columns: ArrowColumns, metadata?: ArrowSchemaMetadata): Uint8Array {
  return joinBytes(encode(new RecordBatchStreamWriter(), columns, metadata));
}

/** A table with what its schema tells besides. */
export interface DescribedColumns {
  readonly columns: ArrowColumns;
  readonly metadata?: ArrowSchemaMetadata;
}

/** Arrow IPC streams, end to end in one object. */
export interface ArrowStreams {
  /** Of the object; those of numbers are views of the columns. */
  readonly parts: readonly Uint8Array[];
  /** [start, end) of each stream. */
  readonly ranges: readonly (readonly [start: number, end: number])[];
}

/** Arrow IPC streams, as `encodeArrowFile` without the footer, end to end; a table without rows has none. */
export function encodeArrowStreams(tables: readonly DescribedColumns[]): ArrowStreams {
  const parts: Uint8Array[] = [];
  let end = 0;
  const ranges = tables.map(({ columns, metadata }) => {
    const start = end;
    if (lengthOf(columns) === 0) return [start, end] as const;
    for (const part of encode(new RecordBatchStreamWriter(), columns, metadata)) {
      parts.push(part);
      end += part.byteLength;
    }
    return [start, end] as const;
  });
  return { parts, ranges };
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
    const piece = rowByRow(given);
    const nRows = lengthOf(given);
    if (!schema || !room) {
      schema = schemaOf(given, metadata);
      room = new BatchRoom(given, rowsPerBatch(schema));
      writer.reset(queue, schema);
    }
    for (let start = 0; start < nRows; ) {
      start = room.fill(piece, start, nRows);
      if (room.nRows === room.size) {
        writer.write(room.take(schema));
        yield joinBytes(queue.take());
      }
    }
  }
  if (!schema || !room)
    throw new RangeError('An Arrow file needs at least one piece, which may have no rows');
  if (room.nRows > 0) writer.write(room.take(schema));
  writer.finish();
  yield joinBytes(queue.take());
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
  /** Texts by number; −1 for a null. */
  dictionary(name: string): DictionaryColumn;
  lists(name: string): ListColumn;
  float64(name: string): Float64Array;
  float32(name: string): Float32Array;
  int32(name: string): Int32Array;
  /** As `float64` and `float32`, batch by batch and so always without a copy. */
  float64Parts(name: string): readonly Float64Array[];
  float32Parts(name: string): readonly Float32Array[];
}

/**
 * Reads an Arrow IPC file or stream without compression, as `encodeArrowFile` and `encodeArrowStream` write them.
 * @param mostRows of the table, the first ones
 * @throws InvalidDatasetError for bytes that are corrupt, truncated or compressed
 */
export function decodeArrow(bytes: Uint8Array, mostRows = Number.POSITIVE_INFINITY): DecodedArrow {
  const { schema, batches } = firstRows(readBatches(bytes), mostRows);
  const nRows = batches.reduce((rows, batch) => rows + batch.numRows, 0);

  const chunks = (name: string, type: string) =>
    columnOf(name, type).map((data) => checkedColumn(name, data));

  function columnOf(name: string, type: string): Data[] {
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
    return batches.map((batch) => batch.data.children[index]!);
  }

  const parts = <T extends NumericColumn>(name: string, type: string): T[] =>
    chunks(name, type).map(({ values, length }) => (values as T).subarray(0, length) as T);

  function numbers<T extends NumericColumn>(name: string, type: string, allocate: (n: number) => T): T {
    const [only, ...others] = parts<T>(name, type);
    if (only !== undefined && others.length === 0) return only;
    const values = allocate(nRows);
    let end = 0;
    for (const part of only === undefined ? [] : [only, ...others]) {
      values.set(part, end);
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
    strings: (name) =>
      chunks(name, 'Utf8').flatMap((data) =>
        checkedTexts(name, { bytes: data.values, offsets: data.valueOffsets }, data.length),
      ),
    utf8: (name) =>
      joinUtf8(
        chunks(name, 'Utf8').map(({ values, valueOffsets, length }) => ({
          bytes: values as Uint8Array,
          offsets: (valueOffsets as Int32Array).subarray(0, length + 1),
        })),
      ),
    dictionary: (name) => codesOf(name, columnOf(name, 'Dictionary<Int32, Utf8>'), nRows),
    lists: (name) => listsOf(name, columnOf(name, 'List<Utf8>'), nRows),
    float64: (name) => numbers(name, 'Float64', (n) => new Float64Array(n)),
    float32: (name) => numbers(name, 'Float32', (n) => new Float32Array(n)),
    int32: (name) => numbers(name, 'Int32', (n) => new Int32Array(n)),
    float64Parts: (name) => parts(name, 'Float64'),
    float32Parts: (name) => parts(name, 'Float32'),
  };
}
