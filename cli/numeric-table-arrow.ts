import { zstdDecompressSync } from 'node:zlib';
import {
  CompressionType,
  compressionRegistry,
  type Data,
  DataType,
  tableFromIPC,
  type Vector,
} from 'apache-arrow';
import { InvalidDatasetError } from '../functions/errors.ts';
import { ColumnCollector, type TableColumn } from './numeric-table-column.ts';
import { decodeLz4Frame } from './numeric-table-lz4.ts';

const MAGIC = 'ARROW1';

/**
 * Columns of an Arrow IPC file (Feather version 2) or stream, plain or compressed with LZ4 or ZSTD. Integers, floats
 * and decimals are numbers; other types, booleans and times among them, are not.
 * @throws InvalidDatasetError for bytes that are no Arrow data, truncated or damaged
 */
export function readArrowColumns(bytes: Uint8Array, file: string): TableColumn[] {
  const start = Buffer.from(bytes.subarray(0, 6)).toString('latin1');
  const end = Buffer.from(bytes.subarray(-6)).toString('latin1');
  if (start === MAGIC && end !== MAGIC) {
    throw damaged(file, `its ${bytes.length} bytes do not end with ${MAGIC}, so that it is cut off`);
  }
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: decodeLz4Frame });
  compressionRegistry.set(CompressionType.ZSTD, { decode: (data) => zstdDecompressSync(data) });
  try {
    // Columns are read in place, which needs the alignment the format has within itself.
    const table = tableFromIPC(bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes));
    if (table.schema.fields.length === 0) throw new Error('there is no schema in it');
    return table.schema.fields.map(({ name }, i) => readVector(name, table.getChildAt(i)!, file));
  } catch (cause) {
    if (cause instanceof InvalidDatasetError) throw cause;
    throw damaged(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function damaged(file: string, reason: string, cause?: unknown): InvalidDatasetError {
  return new InvalidDatasetError(
    `${file} cannot be read as Arrow data: ${reason}. Write it again, as an IPC file or stream (Feather version 2).`,
    { file, reason: 'corrupt_arrow' },
    { cause },
  );
}

function readVector(name: string, vector: Vector, file: string): TableColumn {
  const collector = new ColumnCollector(name);
  const { type } = vector;
  const isNumeric = DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type);
  const isText =
    DataType.isUtf8(type) ||
    DataType.isLargeUtf8(type) ||
    (DataType.isDictionary(type) && DataType.isUtf8(type.dictionary));
  for (const data of vector.data) requireWhole(name, data, file);
  for (let row = 0; row < vector.length; row++) {
    const cell: unknown = isNumeric || isText ? vector.get(row) : null;
    if (cell === null) collector.addFault('missing', '');
    else if (isText) collector.addFault('text', String(cell));
    else if (DataType.isDecimal(type)) {
      const text = decimalText(cell as Uint32Array, type.scale);
      collector.addNumber(Number(text), text);
    } else collector.addNumber(Number(cell), collector.keepsTexts ? String(cell) : undefined);
  }
  return collector.finish(isNumeric || isText ? undefined : `values of type ${type}`);
}

/** The library does not check that the body really holds what its header announces. */
function requireWhole(name: string, data: Data, file: string): void {
  const { length, values, valueOffsets } = data;
  const found = valueOffsets ? valueOffsets.length - 1 : (values?.length ?? length);
  const expected = DataType.isDecimal(data.type) ? length * 4 : length;
  const isTextCut = valueOffsets && values && Number(valueOffsets[length]) > values.length;
  if (!DataType.isBool(data.type) && length > 0 && (found < expected || isTextCut)) {
    throw damaged(file, `column "${name}" announces ${length} rows but holds fewer`);
  }
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
