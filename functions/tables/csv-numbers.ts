import { loadKernelsSync } from '../kernels/instance.ts';
import type { KernelF64, KernelI32, KernelU8 } from '../kernels/memory.ts';

/** Bytes that the kernel looks at in one call, and records it reads in one at most. */
const BLOCK_BYTES = 1 << 16;
const MOST_RECORDS = 1024;
const MOST_OTHERS = 4096;
const POWERS_OF_TEN = 23;
const NONE = new Uint8Array(0);

/** Records that were read at once. Valid until the next are read. */
export interface NumberRecords {
  readonly nRecords: number;
  readonly nBytes: number;
  /** The records' bytes; none where every field is a number. */
  readonly bytes: Uint8Array;
  /** By column, `capacity` numbers each, of which the first `nRecords` count. */
  readonly values: Float64Array;
  readonly capacity: number;
  /** Record, column, start and end in `bytes` of each field that is no number, in the order of the text. */
  readonly others: Int32Array;
}

/**
 * Reads the numbers of a CSV text in the kernels: a file of plain numbers is in memory before V8 has compiled a reader in
 * JavaScript. Where a record takes a full reader (a quote, another number of fields) it stops for good, and that reader
 * goes on at `rest`.
 */
export class CsvNumbers {
  readonly #block: KernelU8;
  readonly #values: KernelF64;
  readonly #capacity: number;
  readonly #others: KernelI32;
  readonly #counts: KernelI32;
  readonly #call: (length: number) => number;
  /** Outside of shared memory, where decoders refuse to read. */
  #room = NONE;
  #held = 0;
  #isStopped = false;

  /** @param texts columns whose fields are wanted as texts, whatever they hold */
  constructor(delimiter: string, nColumns: number, texts: readonly number[]) {
    const { exports, memory } = loadKernelsSync();
    const nOthers = Math.max(MOST_OTHERS, nColumns);
    // A record takes two bytes a column at least.
    this.#capacity = Math.max(1, Math.min(MOST_RECORDS, Math.floor(BLOCK_BYTES / 2 / nColumns)));
    this.#block = memory.u8(BLOCK_BYTES);
    this.#values = memory.f64(nColumns * this.#capacity);
    this.#others = memory.i32(4 * nOthers);
    this.#counts = memory.i32(3);
    const asTexts = memory.u8(nColumns).fill(0);
    for (const column of texts) asTexts[column] = 1;
    const powers = memory.f64(POWERS_OF_TEN);
    for (let n = 0; n < POWERS_OF_TEN; n++) powers[n] = Number(`1e${n}`);
    const addresses = [this.#values.byteOffset, this.#capacity, this.#others.byteOffset, nOthers] as const;
    this.#call = (length) =>
      exports.csv_numbers_f64(
        this.#block.byteOffset,
        length,
        delimiter.charCodeAt(0),
        nColumns,
        asTexts.byteOffset,
        powers.byteOffset,
        ...addresses,
        this.#counts.byteOffset,
      );
  }

  /** Whether a record was met that takes a full reader. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** What was given and not read: the beginning of a record, or all from the record on at which it stopped. */
  get rest(): Uint8Array {
    return this.#block.slice(0, this.#held);
  }

  /**
   * Takes in the beginning of a chunk, as much as there is room for, and reads the whole records.
   * @param onRecords takes the records; where it returns false they count as not read, and reading stops
   * @returns bytes of the chunk taken in
   */
  push(chunk: Uint8Array, onRecords: (records: NumberRecords) => boolean): number {
    const taken = Math.min(chunk.length, BLOCK_BYTES - this.#held);
    this.#block.set(chunk.subarray(0, taken), this.#held);
    this.#held += taken;
    while (!this.#isStopped) {
      const read = this.#call(this.#held);
      const [nRecords = 0, nOthers = 0, isOdd = 0] = this.#counts;
      // A record that fills the whole block is none of a table of numbers.
      this.#isStopped = isOdd === 1 || (read === 0 && this.#held === BLOCK_BYTES);
      if (read === 0) break;
      const records = {
        nRecords,
        nBytes: read,
        bytes: nOthers > 0 ? this.#copy(read) : NONE,
        values: this.#values,
        capacity: this.#capacity,
        others: this.#others.subarray(0, 4 * nOthers),
      };
      if (!onRecords(records)) this.#isStopped = true;
      else {
        this.#block.copyWithin(0, read, this.#held);
        this.#held -= read;
      }
    }
    return taken;
  }

  #copy(length: number): Uint8Array {
    if (this.#room.length === 0) this.#room = new Uint8Array(BLOCK_BYTES);
    this.#room.set(this.#block.subarray(0, length));
    return this.#room.subarray(0, length);
  }
}
