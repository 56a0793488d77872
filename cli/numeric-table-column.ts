/** A cell that keeps a column from holding one finite number per row. */
export interface CellFault {
  readonly kind: 'text' | 'missing' | 'not_finite' | 'too_large';
  /** From 0. */
  readonly row: number;
  /** 1-based line of a text file. */
  readonly line?: number;
  /** The cell as it stands in the file. */
  readonly text: string;
}

/** A column of a file, whatever the format. */
export interface TableColumn {
  readonly name: string;
  readonly nRows: number;
  /** One number per row; 0 where a cell is at fault. Empty when the column holds texts or nothing. */
  readonly numbers: Float64Array;
  /** The first cell at fault; a text counts before all others, since it makes the column one of texts. */
  readonly fault?: CellFault;
  /** Type of the file's schema, where it rules out that the column holds numbers. */
  readonly otherType?: string;
  /** Cells as text, kept for columns that are named like an id. */
  readonly texts?: readonly string[];
}

/** Squares of larger numbers would overflow. */
const LARGEST = 1e150;
/** Rows there is room for at first. */
const FIRST_ROWS = 64;

/** Whether a column goes by the name of an identifier: `id`, or a name that ends in `_id`, `Id` or `ID`. */
export const isIdName = (name: string): boolean => /^id$|_id$/i.test(name) || /(Id|ID)$/.test(name);

/** Collects the cells of one column. Memory: 8 bytes per row, and the texts of a column named like an id. */
export class ColumnCollector {
  readonly name: string;
  #numbers = new Float64Array(FIRST_ROWS);
  #nRows = 0;
  #nNumbers = 0;
  #fault: CellFault | undefined;
  readonly #texts: string[] | undefined;

  constructor(name: string) {
    this.name = name;
    this.#texts = isIdName(name) ? [] : undefined;
  }

  /** Whether texts are kept, which `text` has to give then. */
  get keepsTexts(): boolean {
    return this.#texts !== undefined;
  }

  /** Whether a text was met: what follows need not be parsed. */
  get holdsText(): boolean {
    return this.#fault?.kind === 'text';
  }

  /** Adds a number as it was read, finite or not. */
  addNumber(value: number, text?: string, line?: number): void {
    if (!(Math.abs(value) <= LARGEST)) {
      this.addFault(Number.isFinite(value) ? 'too_large' : 'not_finite', text ?? String(value), line);
      return;
    }
    if (this.#nRows === this.#numbers.length) this.reserve(2 * this.#nRows);
    this.#numbers[this.#nRows++] = value;
    this.#nNumbers++;
    this.#texts?.push(text ?? String(value));
  }

  /** Adds finite numbers, none beyond ±1e150, to a column whose texts are not kept. */
  addNumbers(values: Float64Array): void {
    if (this.#nRows + values.length > this.#numbers.length) this.reserve(2 * (this.#nRows + values.length));
    this.#numbers.set(values, this.#nRows);
    this.#nRows += values.length;
    this.#nNumbers += values.length;
  }

  /** Makes room for so many rows in all. */
  reserve(nRows: number): void {
    if (nRows <= this.#numbers.length) return;
    const larger = new Float64Array(nRows);
    larger.set(this.#numbers.subarray(0, this.#nRows));
    this.#numbers = larger;
  }

  /** Adds a cell that holds no finite number. */
  addFault(kind: CellFault['kind'], text: string, line?: number): void {
    const row = this.#nRows;
    if (!this.#fault || (kind === 'text' && this.#fault.kind !== 'text')) {
      this.#fault = { kind, row, text, ...(line !== undefined && { line }) };
    }
    this.addNumber(0);
    this.#nNumbers--;
    if (this.#texts) this.#texts[row] = kind === 'missing' ? '' : text;
  }

  /** Ends the column. */
  finish(otherType?: string): TableColumn {
    const isNumeric = !this.holdsText && this.#nNumbers > 0 && otherType === undefined;
    return {
      name: this.name,
      nRows: this.#nRows,
      numbers: isNumeric ? this.#numbers.subarray(0, this.#nRows) : new Float64Array(0),
      ...(this.#fault && { fault: this.#fault }),
      ...(otherType !== undefined && { otherType }),
      ...(this.#texts && { texts: this.#texts }),
    };
  }
}
