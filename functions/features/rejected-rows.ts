import { type ArrowColumns, type DecodedArrow, encodeArrowFile } from '../arrow/ipc.ts';

/**
 * Rows that were read and not used, each with the rule that left it out. An Arrow file that any reader opens; it stays
 * with the tenant's data and is not masked, so that nothing of a file vanishes.
 */
export class RejectedRows {
  readonly #files: number[] = [];
  readonly #places: number[] = [];
  readonly #rules: string[] = [];
  readonly #rows: string[] = [];

  /**
   * @param file index into the files of the plan
   * @param place 1-based line (or row) of the file; in a shard's own file, places behind the beginning of the shard
   * @param row the row as it stands in the file, or its cells as JSON where the text is no longer at hand
   */
  add(file: number, place: number, rule: string, row: string): void {
    this.#files.push(file);
    this.#places.push(place);
    this.#rules.push(rule);
    this.#rows.push(row);
  }

  get size(): number {
    return this.#rows.length;
  }

  /** `file` (Int32), `place` (Float64), `rule` and `row` (Utf8). */
  columns(): ArrowColumns {
    return {
      file: Int32Array.from(this.#files),
      place: Float64Array.from(this.#places),
      rule: this.#rules,
      row: this.#rows,
    };
  }

  encode(): Uint8Array {
    return encodeArrowFile(this.columns());
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
  return {
    file: Array.from(rejected.int32('file'), (file) => files[file]?.key ?? ''),
    place: rejected.float64('place').map((place) => place + placesBefore),
    rule: rejected.strings('rule'),
    row: rejected.strings('row'),
  };
}
