import { cellText, placeOf, type TableBatch } from './cells.ts';
import type { CsvRecord } from './csv-scanner.ts';

const encoder = new TextEncoder();
const COMMA = 0x2c;

/**
 * Shows the rows of a batch as records of text, the form in which CSV arrives, so that one set of rules reads both:
 * numbers in their shortest decimal form and instants in ISO 8601, both of which read back as the same value.
 */
export class BatchRecords implements CsvRecord {
  bytes = new Uint8Array(1024);
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly escaped: Uint8Array;
  /** Places between the first record and the row. */
  line = 0;
  readonly rowStart = 0;
  rowEnd = 0;
  readonly #firstPlace: number;

  /** @param firstPlace place of the first record, see `placeOf` */
  constructor(nColumns: number, firstPlace: number) {
    this.#firstPlace = firstPlace;
    this.starts = new Int32Array(nColumns);
    this.ends = new Int32Array(nColumns);
    this.escaped = new Uint8Array(nColumns);
  }

  /** Hands over each row in turn; a record is valid during the call only. */
  forEach(batch: TableBatch, onRecord: (record: CsvRecord) => void): void {
    for (let row = 0; row < batch.nRows; row++) {
      let length = 0;
      for (const [slot, cells] of batch.columns.entries()) {
        this.starts[slot] = length;
        if (cells.kind === 'text') {
          const isNull = cells.nulls !== null && cells.nulls[row] === 1;
          const text = isNull ? NONE : cells.bytes.subarray(cells.offsets[row], cells.offsets[row + 1]);
          this.#makeRoom(length + text.length);
          this.bytes.set(text, length);
          length += text.length;
        } else {
          const text = cellText(cells, row);
          this.#makeRoom(length + 3 * text.length);
          length += encoder.encodeInto(text, this.bytes.subarray(length)).written;
        }
        this.ends[slot] = length;
        this.#makeRoom(length + 1);
        this.bytes[length++] = COMMA;
      }
      this.rowEnd = Math.max(0, length - 1);
      this.line = placeOf(batch, row) - this.#firstPlace;
      onRecord(this);
    }
  }

  #makeRoom(size: number): void {
    if (size <= this.bytes.length) return;
    const larger = new Uint8Array(2 * size);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

const NONE = new Uint8Array(0);
