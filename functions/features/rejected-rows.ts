import type { ArrowColumns } from '../arrow/columns.ts';
import { grown } from '../arrow/grown.ts';
import { type DecodedArrow, encodeArrowBatch } from '../arrow/ipc.ts';
import { parseInputKey } from '../contracts/keys.ts';
import { rowText } from '../tables/rejected-row.ts';

/** Bytes of rows in one file, which is in memory as a whole, and what a row takes besides them. */
const FULL_BYTES = 2 * 1024 * 1024;
const BYTES_PER_ROW = 64;
const FIRST_BYTES = 4096;
const FIRST_ROWS = 64;

const CR = 0x0d;
const encoder = new TextEncoder();

/**
 * Rows that were read and not used, each with the rule that left it out. An Arrow file that any reader opens; it stays
 * with the tenant's data and is not masked, so that nothing of a file vanishes.
 */
export class RejectedRows {
  /** Each rule once, in the order in which they came. */
  readonly #names: string[] = [];
  #rules = new Int32Array(FIRST_ROWS);
  #files = new Int32Array(FIRST_ROWS);
  #places = new Float64Array(FIRST_ROWS);
  /** The rows end to end: as strings they would take twice the time and memory. */
  #bytes = new Uint8Array(FIRST_BYTES);
  #offsets = new Int32Array(FIRST_ROWS + 1);
  #nRows = 0;

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
    if (this.#append(bytes, start, rowEnd) >= 0x80) {
      const text = encoder.encode(rowText(bytes.subarray(start, rowEnd)));
      this.#append(text, 0, text.length);
    }
    this.#note(file, place, rule);
  }

  get size(): number {
    return this.#nRows;
  }

  /** Whether it is time to store these rows and begin anew. */
  get isFull(): boolean {
    return this.#offsets[this.#nRows]! + BYTES_PER_ROW * this.#nRows >= FULL_BYTES;
  }

  /** The parts of the file, views of the rows: `file` (Int32), `place` (Float64), `rule` (by dictionary) and `row` (Utf8). */
  encode(): Uint8Array[] {
    return encodeArrowBatch({
      file: this.#files.subarray(0, this.#nRows),
      place: this.#places.subarray(0, this.#nRows),
      rule: { codes: this.#rules.subarray(0, this.#nRows), dictionary: this.#names },
      row: { bytes: this.#bytes, offsets: this.#offsets.subarray(0, this.#nRows + 1) },
    });
  }

  /** Forgets the rows, and keeps their room for the next. */
  clear(): void {
    this.#nRows = 0;
  }

  #note(file: number, place: number, rule: string): void {
    const row = this.#nRows++;
    const code = this.#names.indexOf(rule);
    this.#rules[row] = code < 0 ? this.#names.push(rule) - 1 : code;
    this.#files[row] = file;
    this.#places[row] = place;
  }

  #grow(): void {
    this.#rules = grown(this.#rules);
    this.#files = grown(this.#files);
    this.#places = grown(this.#places);
    this.#offsets = grown(this.#offsets, 2 * this.#nRows + 1);
  }

  /** Copies the bytes of the next row, in place of what was copied for it before; returns all of them, or-ed. */
  #append(bytes: Uint8Array, start: number, end: number): number {
    if (this.#nRows === this.#rules.length) this.#grow();
    const first = this.#offsets[this.#nRows]!;
    const last = first + end - start;
    if (last > this.#bytes.length) this.#bytes = grown(this.#bytes, last);
    const own = this.#bytes;
    let high = 0;
    for (let i = start, at = first; i < end; i++, at++) {
      const byte = bytes[i]!;
      high |= byte;
      own[at] = byte;
    }
    this.#offsets[this.#nRows + 1] = last;
    return high;
  }
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
  const { codes, dictionary } = rejected.dictionary('rule');
  return {
    file: Array.from(rejected.int32('file'), (file) => names[file]!),
    place: rejected.float64('place').map((place) => place + placesBefore),
    rule: Array.from(codes, (code) => dictionary[code]!),
    row: rejected.strings('row'),
  };
}
