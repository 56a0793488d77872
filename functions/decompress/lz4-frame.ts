const MAGIC = 0x184d2204;
/** Bits of the frame descriptor. */
const FLAG = { dictionaryId: 0x01, contentChecksum: 0x04, contentSize: 0x08, blockChecksum: 0x10 } as const;
const VERSION_1 = 0x40;
const UNCOMPRESSED = 0x8000_0000;
const MIN_MATCH = 4;
/** Most bytes of one buffer: 64 Mi numbers. LZ4 packs up to 255 times, so that a file of a few megabytes could take more. */
const MOST_BYTES = 512 * 1024 * 1024;

/**
 * Decodes an LZ4 frame ("LZ4 Frame Format Description", version 1.6; blocks as in "LZ4 Block Format Description"), the
 * form in which Arrow compresses. Every length is checked against the bytes there are; checksums are skipped.
 * @param most bytes that it may hold
 * @throws RangeError for bytes that are no whole frame, or one that holds more
 */
export function decodeLz4Frame(bytes: Uint8Array, most = MOST_BYTES): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== MAGIC)
    throw malformed('it does not begin as an LZ4 frame');
  const flags = bytes[4]!;
  if ((flags & 0xc0) !== VERSION_1) throw malformed('its version is unknown');
  if (flags & FLAG.dictionaryId) throw malformed('it needs a dictionary');
  // Magic, flags, block size and header checksum, with the content size in between where it is told.
  let at = 7 + (flags & FLAG.contentSize ? 8 : 0);
  const output = new Output(most);
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const end = at + (word & ~UNCOMPRESSED);
    if (end > bytes.length) throw malformed('a block ends after it');
    if (word & UNCOMPRESSED) output.append(bytes.subarray(at, end));
    else decodeBlock(bytes, at, end, output);
    at = end + (flags & FLAG.blockChecksum ? 4 : 0);
  }
  return output.bytes();
}

const malformed = (reason: string) => new RangeError(`LZ4 data is malformed: ${reason}`);

/** Bytes decoded so far; matches reach back into them, over the ends of blocks. */
class Output {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  append(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Repeats `length` bytes from `offset` bytes back; the two ranges may overlap. */
  repeat(offset: number, length: number): void {
    if (offset === 0 || offset > this.#length) throw malformed('a match begins before it');
    this.#makeRoom(length);
    const bytes = this.#bytes;
    for (let from = this.#length - offset, end = this.#length + length; this.#length < end; ) {
      bytes[this.#length++] = bytes[from++]!;
    }
  }

  bytes(): Uint8Array {
    // A copy starts at an aligned address, as typed arrays over it need.
    return this.#bytes.slice(0, this.#length);
  }

  #makeRoom(length: number): void {
    if (this.#length + length > this.#most) throw malformed(`it holds more than ${this.#most} bytes`);
    if (this.#length + length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

function decodeBlock(bytes: Uint8Array, start: number, end: number, output: Output): void {
  let at = start;
  /** A length of 15 goes on in the bytes that follow, up to the first that is not 255. */
  const longer = (length: number) => {
    let total = length;
    if (length < 15) return total;
    for (let byte = 255; byte === 255; ) {
      if (at >= end) throw malformed('a length ends after its block');
      byte = bytes[at++]!;
      total += byte;
    }
    return total;
  };
  while (at < end) {
    const token = bytes[at++]!;
    const nLiterals = longer(token >> 4);
    if (at + nLiterals > end) throw malformed('literals end after their block');
    output.append(bytes.subarray(at, at + nLiterals));
    at += nLiterals;
    if (at === end) return;
    if (at + 2 > end) throw malformed('a match ends after its block');
    const offset = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
    output.repeat(offset, MIN_MATCH + longer(token & 15));
  }
}
