import { grown } from '../arrow/grown.ts';
import { loadKernelsSync } from '../kernels/instance.ts';
import type { KernelI32, KernelU8 } from '../kernels/memory.ts';

/** Bytes that a kernel looks through at a time. */
const BLOCK_BYTES = 1 << 18;
/** Fewer bytes are not worth a kernel. */
const LEAST_BYTES = 1024;
const LF = 0x0a;
const NUL = 0;

/** The kernel with its room: bytes go in, places come out. One for the process, since a call never yields half-way. */
interface Finder {
  readonly bytes: KernelU8;
  readonly places: KernelI32;
  readonly find: (length: number, delimiter: number) => number;
}

let finder: Finder | undefined;

function finderOfProcess(): Finder {
  if (finder) return finder;
  const { exports, memory } = loadKernelsSync();
  const bytes = memory.u8(BLOCK_BYTES);
  const places = memory.i32(BLOCK_BYTES);
  const find = (length: number, delimiter: number) =>
    exports.csv_stops(bytes.byteOffset, length, delimiter, places.byteOffset);
  finder = { bytes, places, find };
  return finder;
}

/** Places in a text, ascending, of all bytes that end a field of CSV outside of quotes: delimiters, line feeds and NULs. */
export class FieldStops {
  /** Until somebody finds others: of a text of one block they lie where the kernel put them. */
  places: Int32Array = new Int32Array(0);
  count = 0;
  #own = new Int32Array(256);
  readonly #delimiter: number;

  /** @param delimiter its byte */
  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  /** Finds them in some bytes; forgets those of the bytes before. */
  find(bytes: Uint8Array): void {
    this.count = 0;
    this.places = this.#own;
    if (bytes.length < LEAST_BYTES) this.#findOneByOne(bytes);
    else if (bytes.length <= BLOCK_BYTES) {
      const kernel = finderOfProcess();
      kernel.bytes.set(bytes);
      this.places = kernel.places;
      this.count = kernel.find(bytes.length, this.#delimiter);
    } else for (let at = 0; at < bytes.length; at += BLOCK_BYTES) this.#findInBlock(bytes, at);
  }

  #findOneByOne(bytes: Uint8Array): void {
    this.#hasRoom(bytes.length);
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === this.#delimiter || byte === LF || byte === NUL) this.places[this.count++] = i;
    }
  }

  #findInBlock(bytes: Uint8Array, start: number): void {
    const kernel = finderOfProcess();
    const block = bytes.subarray(start, start + BLOCK_BYTES);
    kernel.bytes.set(block);
    const found = kernel.find(block.length, this.#delimiter);
    this.#hasRoom(this.count + found);
    const { places: own, count } = this;
    for (let i = 0; i < found; i++) own[count + i] = kernel.places[i]! + start;
    this.count += found;
  }

  #hasRoom(least: number): void {
    if (this.#own.length < least) this.#own = grown(this.#own, least);
    this.places = this.#own;
  }
}
