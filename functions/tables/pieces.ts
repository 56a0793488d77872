const SHIFT = 12;
/** Rows of a piece. */
const ROWS = 1 << SHIFT;
const MASK = ROWS - 1;

/** A column that grows by pieces of one size: no value is copied, and hardly any memory is taken that is not used. */
export class Pieces<T extends Float64Array | Int32Array> {
  length = 0;
  readonly #make: (rows: number) => T;
  readonly #pieces: T[] = [];
  #last: T;

  /** @param make an empty piece of so many rows */
  constructor(make: (rows: number) => T) {
    this.#make = make;
    this.#last = make(0);
  }

  push(value: number): void {
    const place = this.length++ & MASK;
    if (place === 0) {
      this.#last = this.#make(ROWS);
      this.#pieces.push(this.#last);
    }
    this.#last[place] = value;
  }

  at(row: number): number {
    return this.#pieces[row >> SHIFT]![row & MASK]!;
  }

  /** The values of some rows. */
  take(rows: Int32Array): T {
    const pieces = this.#pieces;
    const taken = this.#make(rows.length);
    for (let i = 0; i < rows.length; i++) taken[i] = pieces[rows[i]! >> SHIFT]![rows[i]! & MASK]!;
    return taken;
  }
}
