import type { Schema } from 'apache-arrow';
import { Footer } from 'apache-arrow/ipc/metadata/file';
import { Message } from 'apache-arrow/ipc/metadata/message';
import { FOOTER } from './arrow-shapes.ts';
import { checkFlatbuffer } from './flatbuffer-check.ts';
import type { TableSource } from './table-source.ts';

const MAGIC = 'ARROW1';
/** Magic bytes, padded. */
const HEAD_BYTES = 8;
/** Length of the footer and the magic bytes. */
const TAIL_BYTES = 10;

/** The schema of an Arrow IPC file, and where its other parts lie, each as [start, end) of the file. */
export interface ArrowFileParts {
  readonly schema: Schema;
  readonly dictionaries: readonly (readonly [start: number, end: number])[];
  readonly batches: readonly (readonly [start: number, end: number])[];
}

/**
 * Reads the footer of an Arrow IPC file (Feather version 2), by which any record batch is found.
 * @throws Error when the file is cut off or its footer is damaged
 */
export async function readArrowParts({ size, read }: TableSource): Promise<ArrowFileParts> {
  const tail = await read(Math.max(0, size - TAIL_BYTES), size);
  const magic = String.fromCharCode(...tail.subarray(4));
  if (size < HEAD_BYTES + TAIL_BYTES || magic !== MAGIC) {
    throw new Error(`its ${size} bytes do not end with ${MAGIC}, so that it is cut off`);
  }
  const footerBytes = new DataView(tail.buffer, tail.byteOffset, 4).getInt32(0, true);
  const footerStart = size - TAIL_BYTES - footerBytes;
  if (footerBytes <= 0 || footerStart < HEAD_BYTES) throw new Error('the length of its footer is wrong');
  // Copied, since the footer must lie at an aligned address.
  const bytes = new Uint8Array(await read(footerStart, size - TAIL_BYTES));
  checkFlatbuffer(bytes, FOOTER);
  const footer = Footer.decode(bytes);
  const partOf = ({ offset, metaDataLength, bodyLength }: FileBlock) => {
    const end = offset + metaDataLength + bodyLength;
    if (!(offset >= HEAD_BYTES && metaDataLength >= 0 && bodyLength >= 0 && end <= footerStart))
      throw new Error('its footer points outside of the file');
    return [offset, end] as const;
  };
  return {
    schema: footer.schema,
    dictionaries: [...footer.dictionaryBatches()].map(partOf),
    batches: [...footer.recordBatches()].map(partOf),
  };
}

interface FileBlock {
  readonly offset: number;
  readonly metaDataLength: number;
  readonly bodyLength: number;
}

/** The messages of some record batches as an Arrow stream: the schema and all dictionaries, then the batches. */
export async function* arrowMessages(
  { read }: TableSource,
  { schema, dictionaries, batches }: ArrowFileParts,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  // Written anew: some writers leave the schema to the footer alone.
  yield schemaMessage(schema);
  for (const part of [...dictionaries, ...batches.slice(start, end)]) {
    // Copied to an aligned address, where columns can be read in place.
    yield new Uint8Array(await read(...part));
  }
}

/** A schema as the first message of a stream: continuation mark, length, metadata padded to 8 bytes. */
function schemaMessage(schema: Schema): Uint8Array {
  const metadata = Message.encode(Message.from(schema));
  const padded = Math.ceil(metadata.length / 8) * 8;
  const message = new Uint8Array(8 + padded);
  new DataView(message.buffer).setInt32(0, -1, true);
  new DataView(message.buffer).setInt32(4, padded, true);
  message.set(metadata, 8);
  return message;
}
