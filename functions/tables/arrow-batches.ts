import {
  AsyncMessageReader,
  CompressionType,
  compressionRegistry,
  type Data,
  DataType,
  type RecordBatch,
  RecordBatchReader,
  TimeUnit,
  Vector,
} from 'apache-arrow';
import { decodeLz4Frame } from '../decompress/lz4-frame.ts';
import { decodeZstd } from '../decompress/zstd.ts';
import { InvalidDatasetError } from '../errors.ts';
import { requireWholeColumn } from './arrow-column-check.ts';
import { checkedMessages } from './arrow-messages.ts';
import type { Cells, TableBatch } from './cells.ts';
import { cellsOfValues } from './cells-of-values.ts';

compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: (bytes) => decodeLz4Frame(bytes) });
compressionRegistry.set(CompressionType.ZSTD, { decode: decodeZstd });

/** The error for an Arrow file or stream that cannot be read. */
export function damagedArrow(file: string, cause: unknown): InvalidDatasetError {
  if (cause instanceof InvalidDatasetError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isCodec = /compressed but codec not found/.test(reason);
  return new InvalidDatasetError(
    `${file} cannot be read as Arrow data: ${reason}. Write it again, as an IPC file or stream (Feather version 2)${isCodec ? ', with LZ4, ZSTD or no compression' : ''}.`,
    { file, reason: isCodec ? 'unknown_codec' : 'corrupt_arrow' },
    { cause },
  );
}

/** Names of the columns of an Arrow stream. @throws InvalidDatasetError */
export async function readArrowNames(file: string, stream: AsyncIterable<Uint8Array>): Promise<string[]> {
  try {
    const schema = await new AsyncMessageReader(checkedMessages(stream)).readSchema(true);
    return schema!.fields.map(({ name }) => name);
  } catch (cause) {
    throw damagedArrow(file, cause);
  }
}

/**
 * The rows of an Arrow stream, batch by batch as they were written: plain, LZ4 or ZSTD, with dictionaries, nulls,
 * decimals and timestamps. Integers beyond 2^53 and what has no kind of its own become texts.
 * @param columns indexes into the schema
 * @throws InvalidDatasetError for bytes that are no Arrow data, damaged or truncated
 */
export async function* readArrowBatches(
  file: string,
  stream: AsyncIterable<Uint8Array>,
  columns: readonly number[],
  firstRow: number,
): AsyncGenerator<TableBatch> {
  let first = firstRow;
  const batches = arrowRecords(file, stream);
  for await (const batch of batches) {
    const { numRows: nRows, schema, data } = batch;
    if (nRows === 0) continue;
    let cells: Cells[];
    try {
      cells = columns.map((column) => cellsOf(schema.fields[column]!.name, data.children[column]!));
    } catch (cause) {
      throw damagedArrow(file, cause);
    }
    yield { nRows, columns: cells, places: { first } };
    first += nRows;
  }
}

async function* arrowRecords(file: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<RecordBatch> {
  try {
    const reader = await RecordBatchReader.from(checkedMessages(stream));
    yield* reader as AsyncIterable<RecordBatch>;
  } catch (cause) {
    throw damagedArrow(file, cause);
  }
}

function cellsOf(name: string, data: Data): Cells {
  requireWholeColumn(name, data);
  const { type, length } = data;
  const nulls = nullsOf(data);
  if (DataType.isFloat(type) && type.precision > 0) {
    return { kind: 'number', values: Float64Array.from(data.values.subarray(0, length)), nulls };
  }
  if (DataType.isInt(type) && type.bitWidth < 64) {
    return { kind: 'number', values: Float64Array.from(data.values.subarray(0, length)), nulls };
  }
  if (DataType.isInt(type)) {
    const values = new Float64Array(length);
    const integers = data.values as BigInt64Array | BigUint64Array;
    for (let i = 0; i < length; i++) values[i] = Number(integers[i]);
    if (values.every((value, i) => nulls?.[i] === 1 || Number.isSafeInteger(value))) {
      return { kind: 'number', values, nulls };
    }
  }
  if (DataType.isUtf8(type)) {
    const { values, valueOffsets } = data;
    return { kind: 'text', bytes: values, offsets: valueOffsets.subarray(0, length + 1), nulls };
  }
  if (DataType.isTimestamp(type)) return { kind: 'time', values: instantsOf(data, type.unit, nulls), nulls };
  const vector = new Vector([data]);
  const scale = DataType.isDecimal(type) ? type.scale : undefined;
  const isDate = DataType.isDate(type);
  return cellsOfValues(
    Array.from({ length }, (_, i) => {
      const value: unknown = vector.get(i);
      if (value === null || value === undefined) return null;
      if (scale !== undefined) return Number(decimalText(value as Uint32Array, scale));
      if (isDate) return new Date(Number(value));
      if (DataType.isTime(type)) return timeOfDay(Number(value), type.unit);
      if (DataType.isList(type) || DataType.isStruct(type) || DataType.isFixedSizeList(type)) {
        return JSON.stringify(value, (_key, part: unknown) =>
          typeof part === 'bigint' ? Number(part) : part,
        );
      }
      return value;
    }),
  );
}

/**
 * Instants in whole ms since the epoch, cut down as those of text are. The library divides in floating point, where
 * nanoseconds, which pandas writes, end up a millisecond too early.
 */
function instantsOf({ values, length }: Data, unit: TimeUnit, nulls: Uint8Array | null): Float64Array {
  const counts = values as BigInt64Array;
  const perMs = PER_SECOND[unit] / 1000;
  const ms = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    if (nulls?.[i] === 1) continue;
    const count = counts[i]!;
    if (perMs <= 1) ms[i] = Number(count) / perMs;
    else {
      const divisor = BigInt(perMs);
      ms[i] = Number(count / divisor) - (count < 0n && count % divisor !== 0n ? 1 : 0);
    }
  }
  return ms;
}

function nullsOf(data: Data): Uint8Array | null {
  if (data.nullCount === 0) return null;
  const nulls = new Uint8Array(data.length);
  for (let i = 0; i < nulls.length; i++) if (!data.getValid(i)) nulls[i] = 1;
  return nulls;
}

const PER_SECOND = {
  [TimeUnit.SECOND]: 1,
  [TimeUnit.MILLISECOND]: 1e3,
  [TimeUnit.MICROSECOND]: 1e6,
  [TimeUnit.NANOSECOND]: 1e9,
};

/** `08:26:00` and a fraction where there is one. */
function timeOfDay(value: number, unit: TimeUnit): string {
  const text = new Date(Math.floor((value * 1000) / PER_SECOND[unit])).toISOString().slice(11, 23);
  return text.endsWith('.000') ? text.slice(0, -4) : text;
}

/** A two's-complement whole number in 32-bit words, lowest first, as a decimal with `scale` places. */
function decimalText(words: Uint32Array, scale: number): string {
  const whole = BigInt.asIntN(
    32 * words.length,
    words.reduceRight((value, word) => (value << 32n) | BigInt(word), 0n),
  );
  const digits = (whole < 0n ? -whole : whole).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const text = scale > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits;
  return whole < 0n ? `-${text}` : text;
}
