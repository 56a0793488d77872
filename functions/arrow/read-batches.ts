import { type Data, type RecordBatch, RecordBatchReader, type Schema } from 'apache-arrow';
import { InvalidDatasetError } from '../errors.ts';
import { decodeUtf8Column, type Utf8Column } from './utf8.ts';

const MAGIC = 'ARROW1';

/** What a file or a stream holds. */
export interface ArrowBatches {
  readonly schema: Schema;
  readonly batches: readonly RecordBatch[];
}

function isMagic(bytes: Uint8Array): boolean {
  return bytes.length === MAGIC.length && bytes.every((byte, i) => byte === MAGIC.charCodeAt(i));
}

/**
 * Schema and non-empty record batches of an Arrow IPC file or stream.
 * @throws InvalidDatasetError when it is truncated, corrupt, compressed or something else
 */
export function readBatches(bytes: Uint8Array): ArrowBatches {
  if (bytes.length < 8) {
    throw new InvalidDatasetError(
      `This is no Arrow data: found ${bytes.length} bytes, expected a file or a stream with a schema.`,
      { reason: 'corrupt_arrow' },
    );
  }
  if (isMagic(bytes.subarray(0, 6)) && !isMagic(bytes.subarray(-6))) {
    throw new InvalidDatasetError(
      `The Arrow file is truncated: its ${bytes.length} bytes do not end with ${MAGIC}. Write it again.`,
      { reason: 'corrupt_arrow' },
    );
  }
  try {
    // Columns are read in place, which needs the alignment the format has within itself.
    const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
    const reader = RecordBatchReader.from(aligned).open();
    // Taken before the batches: a reader that has come to its end forgets its schema.
    const { schema } = reader;
    if (!schema) throw new Error('no schema found');
    return { schema, batches: [...reader].filter((batch) => batch.numRows > 0) };
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const reason = /compress/i.test(text) ? 'compressed_arrow' : 'corrupt_arrow';
    const advice = reason === 'compressed_arrow' ? 'Write it without compression.' : 'Write it again.';
    throw new InvalidDatasetError(`The Arrow data cannot be read: ${text}. ${advice}`, { reason }, { cause });
  }
}

/**
 * One batch's column, after checking that the body really holds its values: the library does not.
 * @throws InvalidDatasetError when values are missing or null
 */
export function checkedColumn(name: string, data: Data): Data {
  const expected = data.valueOffsets ? data.length + 1 : data.length;
  const found = (data.valueOffsets ?? data.values)?.length ?? 0;
  const textEnd = data.valueOffsets ? (data.valueOffsets[data.length] ?? 0) : 0;
  if (data.nullCount > 0) {
    throw new InvalidDatasetError(`Column ${name} holds ${data.nullCount} nulls; expected none.`, {
      reason: 'nulls',
      column: name,
    });
  }
  if (found < expected || (data.valueOffsets && data.values.length < textEnd)) {
    throw new InvalidDatasetError(
      `The Arrow data is truncated: column ${name} announces ${data.length} rows but holds fewer.`,
      { reason: 'corrupt_arrow', column: name },
    );
  }
  return data;
}

/** The strings of a column. @throws InvalidDatasetError for bytes that are not UTF-8 */
export function checkedTexts(name: string, column: Utf8Column, nRows: number): string[] {
  try {
    return decodeUtf8Column(column, nRows);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new InvalidDatasetError(
      `Column ${name} holds bytes that are not UTF-8. Write the file again.`,
      { reason: 'corrupt_arrow', column: name },
      { cause },
    );
  }
}
