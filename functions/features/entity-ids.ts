import { grown } from '../arrow/grown.ts';
import type { Utf8Column } from '../arrow/utf8.ts';
import { IdReader } from '../tables/id-reader.ts';
import type { Fields } from '../tables/record-block.ts';
import { entityHashOfBytes } from './entity-hash.ts';

const FIRST_ROWS = 4096;
/** Characters of the longest id: it becomes part of a database key. */
const LONGEST_ID = 256;
const DOT = 0x2e;
/** Bytes of the longest word for "no value". */
const LONGEST_WORD = 4;
const encoder = new TextEncoder();

/** What is wrong with an id. */
export type BrokenId = 'missing_id' | 'unreadable_id';

/** Collects the ids of some rows as bytes, each with its hash; ids become strings only where they are shown. */
export class EntityIds {
  #bytes = new Uint8Array(16 * FIRST_ROWS);
  #offsets = new Int32Array(FIRST_ROWS + 1);
  #hashes = new Int32Array(FIRST_ROWS);
  #nRows = 0;
  readonly #reader = new IdReader();

  get nRows(): number {
    return this.#nRows;
  }

  /** Takes the id in a field, or tells why there is none. Most ids are ASCII and stand as they are: they are copied. */
  add(record: Fields, slot: number): BrokenId | undefined {
    const { bytes, starts, ends, escaped } = record;
    const start = starts[slot]!;
    const end = ends[slot]!;
    let high = escaped[slot]! << 7;
    let hasDot = false;
    for (let i = start; i < end; i++) {
      high |= bytes[i]!;
      if (bytes[i] === DOT) hasDot = true;
    }
    // Words for "no value", and ids that went through a float column, are told from their text.
    if (high >= 0x80 || hasDot || end - start <= LONGEST_WORD) {
      const id = this.#reader.read(record, slot);
      if (id === '') return 'missing_id';
      if (id === undefined || id.length > LONGEST_ID) return 'unreadable_id';
      this.addText(id);
      return undefined;
    }
    if (end - start > LONGEST_ID) return 'unreadable_id';
    this.#append(bytes, start, end);
    return undefined;
  }

  addText(id: string): void {
    const bytes = encoder.encode(id);
    this.#append(bytes, 0, bytes.length);
  }

  /** Hashes as Int32, to be read as unsigned. */
  finish(): { readonly ids: Utf8Column; readonly hashes: Int32Array } {
    return {
      ids: { bytes: this.#bytes, offsets: this.#offsets.subarray(0, this.#nRows + 1) },
      hashes: this.#hashes.subarray(0, this.#nRows),
    };
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const row = this.#nRows++;
    const first = this.#offsets[row]!;
    const last = first + end - start;
    if (last > this.#bytes.length) this.#bytes = grown(this.#bytes, last);
    if (row === this.#hashes.length) {
      this.#offsets = grown(this.#offsets);
      this.#hashes = grown(this.#hashes);
    }
    const own = this.#bytes;
    for (let i = start, at = first; i < end; i++) own[at++] = bytes[i]!;
    this.#offsets[row + 1] = last;
    this.#hashes[row] = entityHashOfBytes(bytes, start, end);
  }
}
