import { Message } from 'apache-arrow/ipc/metadata/message';
import { MESSAGE } from './arrow-shapes.ts';
import { checkFlatbuffer } from './flatbuffer-check.ts';

const CONTINUES = 0xffff_ffff;
/** Rows that a batch may have without a byte for eight of them: columns of nulls take none. */
const ROWS_WITHOUT_BYTES = 1 << 20;
/** LZ4 packs up to 255 times, and a bit is a value. */
const MOST_ROWS_PER_BYTE = 8 * 256;

/**
 * Passes an Arrow stream on, message by message, after verifying the metadata of each: the library that reads them
 * believes every offset and length.
 * @throws Error for metadata that is damaged or contradicts the bytes it speaks of
 */
export async function* checkedMessages(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new Pieces(stream);
  try {
    for (;;) {
      let head = await input.take(4);
      if (head.length === 0) return;
      let length = uint32(head);
      if (length === CONTINUES) {
        const more = await input.take(4);
        length = uint32(more);
        head = joined([head, more]);
      }
      yield head;
      // The end; what may follow is not read.
      if (length === 0) return;
      const metadata = await input.take(length);
      if (metadata.length < length) {
        throw new Error(
          `it is cut off: it announces ${length} bytes of metadata and holds ${metadata.length}`,
        );
      }
      checkFlatbuffer(metadata, MESSAGE);
      const bodyLength = checkedBodyLength(Message.decode(metadata));
      yield metadata;
      const body = await input.take(bodyLength);
      if (body.length < bodyLength) {
        throw new Error(`it is cut off: it announces a body of ${bodyLength} bytes and holds ${body.length}`);
      }
      if (bodyLength > 0) yield body;
    }
  } finally {
    await input.close();
  }
}

/** Bytes of a message's body, after checking that all buffers lie in it and that its rows can. */
function checkedBodyLength(message: Message): number {
  const { bodyLength } = message;
  if (!(bodyLength >= 0)) throw new Error(`it announces a body of ${bodyLength} bytes`);
  if (message.isSchema()) {
    if (bodyLength > 0) throw new Error('its schema announces a body');
    return 0;
  }
  const header = message.header();
  const batch = message.isDictionaryBatch() ? message.header().data : header;
  if (!('nodes' in batch)) throw new Error('it holds a message of an unknown kind');
  const { length: nRows, nodes, buffers } = batch;
  const most = ROWS_WITHOUT_BYTES + MOST_ROWS_PER_BYTE * bodyLength;
  for (const { length, nullCount } of [{ length: nRows, nullCount: 0 }, ...nodes]) {
    if (!(length >= 0 && length <= most && nullCount <= length)) {
      throw new Error(`a batch announces ${length} rows, ${nullCount} of them null, in ${bodyLength} bytes`);
    }
  }
  for (const { offset, length } of buffers) {
    if (!(offset >= 0 && length >= 0 && offset + length <= bodyLength)) {
      throw new Error(`a batch announces bytes ${offset} to ${offset + length} of ${bodyLength}`);
    }
  }
  return bodyLength;
}

const uint32 = (bytes: Uint8Array) => {
  if (bytes.length < 4) throw new Error('it is cut off in the length of a message');
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
};

/** Takes pieces of any length from a stream of chunks; holds no more than arrived. */
class Pieces {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** The next `length` bytes at an aligned address; fewer where the stream ends. */
  async take(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#chunks.next();
        if (done) break;
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      parts.push(part);
      missing -= part.length;
    }
    const [only] = parts;
    return parts.length === 1 && only!.byteOffset % 8 === 0 ? only! : joined(parts);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
