import { loadKernelsSync } from '../kernels/instance.ts';
import type { KernelI32, KernelU8 } from '../kernels/memory.ts';

/** Bytes that a kernel looks through at a time. */
const BLOCK_BYTES = 1 << 16;
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
  places = new Int32Array(256);
  count = 0;
  readonly #delimiter: number;

  /** @param delimiter its byte */
  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  /** Finds them in some bytes; forgets those of the bytes before. */
  find(bytes: Uint8Array): void {
    this.count = 0;
    if (bytes.length < LEAST_BYTES) this.#findOneByOne(bytes);
    else for (let at = 0; at < bytes.length; at += BLOCK_BYTES) this.#findInBlock(bytes, at);
  }

  #findOneByOne(bytes: Uint8Array): void {
    if (this.places.length < bytes.length) this.#grow(bytes.length);
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
    if (this.count + found > this.places.length) this.#grow(this.count + found);
    const { places: own, count } = this;
    for (let i = 0; i < found; i++) own[count + i] = kernel.places[i]! + start;
    this.count += found;
  }

  #grow(least: number): void {
    const larger = new Int32Array(2 * least);
    larger.set(this.places.subarray(0, this.count));
    this.places = larger;
  }
}
