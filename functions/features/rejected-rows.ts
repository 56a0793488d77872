import type { ArrowColumns } from '../arrow/columns.ts';
import { type DecodedArrow, encodeArrowFile } from '../arrow/ipc.ts';
import { parseInputKey } from '../contracts/keys.ts';
import { rowText } from '../tables/rejected-row.ts';

/** Bytes of rows in one file, which is in memory as a whole, and what a row takes besides them. */
const FULL_BYTES = 8 * 1024 * 1024;
const BYTES_PER_ROW = 64;
const FIRST_BYTES = 4096;

const CR = 0x0d;
const encoder = new TextEncoder();

/**
 * Rows that were read and not used, each with the rule that left it out. An Arrow file that any reader opens; it stays
 * with the tenant's data and is not masked, so that nothing of a file vanishes.
 */
export class RejectedRows {
  readonly #files: number[] = [];
  readonly #places: number[] = [];
  readonly #rules: number[] = [];
  /** Each rule once, in the order in which they came. */
  readonly #names: string[] = [];
  /** The rows end to end: as strings they would take twice the time and memory. */
  #bytes = new Uint8Array(FIRST_BYTES);
  readonly #ends: number[] = [];
  #size = 0;

  /**
   * @param file index into the files of the plan
   * @param place 1-based line (or row) of the file; in a shard's own file, places behind the beginning of the shard
   * @param row the row as it stands in the file, or its cells as JSON where the text is no longer at hand
   */
  add(file: number, place: number, rule: string, row: string): void {
    const bytes = encoder.encode(row);
    this.#append(bytes, 0, bytes.length);
    this.#note(file, place, rule);
  }

  /** As `add`, for the row in `bytes[start … end)`; a carriage return at its end is left out, what is not UTF-8 is replaced. */
  addBytes(
    file: number,
    place: number,
    rule: string,
    bytes: Uint8Array,
    start = 0,
    end = bytes.length,
  ): void {
    const rowEnd = end > start && bytes[end - 1] === CR ? end - 1 : end;
    const size = this.#size;
    if (this.#append(bytes, start, rowEnd) >= 0x80) {
      this.#size = size;
      const text = encoder.encode(rowText(bytes.subarray(start, rowEnd)));
      this.#append(text, 0, text.length);
    }
    this.#note(file, place, rule);
  }

  get size(): number {
    return this.#rules.length;
  }

  /** Whether it is time to store these rows and begin anew. */
  get isFull(): boolean {
    return this.#size + BYTES_PER_ROW * this.size >= FULL_BYTES;
  }

  /** `file` (Int32), `place` (Float64), `rule` and `row` (Utf8). */
  encode(): Uint8Array {
    return encodeArrowFile({
      file: Int32Array.from(this.#files),
      place: Float64Array.from(this.#places),
      rule: this.#rules.map((code) => this.#names[code]!),
      row: { bytes: this.#bytes, offsets: offsetsOf(this.#ends) },
    });
  }

  #note(file: number, place: number, rule: string): void {
    const code = this.#names.indexOf(rule);
    this.#rules.push(code < 0 ? this.#names.push(rule) - 1 : code);
    this.#files.push(file);
    this.#places.push(place);
    this.#ends.push(this.#size);
  }

  /** Copies a row; returns all of its bytes, or-ed. */
  #append(bytes: Uint8Array, start: number, end: number): number {
    const first = this.#size;
    const size = first + end - start;
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(2 * size);
      larger.set(this.#bytes.subarray(0, first));
      this.#bytes = larger;
    }
    const own = this.#bytes;
    let high = 0;
    for (let i = start, at = first; i < end; i++, at++) {
      const byte = bytes[i]!;
      high |= byte;
      own[at] = byte;
    }
    this.#size = size;
    return high;
  }
}

function offsetsOf(ends: readonly number[]): Int32Array {
  const offsets = new Int32Array(ends.length + 1);
  offsets.set(ends, 1);
  return offsets;
}

/** Columns of the artefact: files by name, places counted from their beginning. */
export type RejectedColumns = ArrowColumns & {
  readonly file: readonly string[];
  readonly place: Float64Array;
  readonly rule: readonly string[];
  readonly row: readonly string[];
};

/** The rejected rows of a shard or bucket as the artefact shows them: files by name, places counted from their beginning. */
export function rejectedTable(
  rejected: DecodedArrow,
  files: readonly { readonly key: string }[],
  placesBefore: number,
): RejectedColumns {
  // Below the dataset's own prefix: equal files of two tenants give equal bytes.
  const names = files.map(({ key }) => parseInputKey(key)?.name ?? key);
  return {
    file: Array.from(rejected.int32('file'), (file) => names[file]!),
    place: rejected.float64('place').map((place) => place + placesBefore),
    rule: rejected.strings('rule'),
    row: rejected.strings('row'),
  };
}
