import type { CsvRecord } from './csv-scanner.ts';

/** Where fields lie in bytes: what reading a field needs of a record or of a block of them. */
export type Fields = Pick<CsvRecord, 'bytes' | 'starts' | 'ends' | 'escaped'>;

/** Rows of a block: its bytes and the places of its fields stay in the near caches. */
const BLOCK_ROWS = 256;

/**
 * Some successive records of one piece of text, turned on their side: field `slot` of row `i` stands at `slot ×
 * BLOCK_ROWS + i`, so that each column is read in one loop of one kind. Valid as long as the bytes of the records are.
 */
export class RecordBlock implements Fields {
  bytes: Uint8Array = new Uint8Array(0);
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly escaped: Uint8Array;
  readonly lines = new Int32Array(BLOCK_ROWS);
  /** The whole records. */
  readonly rowStarts = new Int32Array(BLOCK_ROWS);
  readonly rowEnds = new Int32Array(BLOCK_ROWS);
  nRows = 0;
  /** The rows that columns are to take, and how many of them there are. */
  readonly kept = new Int32Array(BLOCK_ROWS);
  nKept = 0;
  readonly #nSlots: number;

  constructor(nSlots: number) {
    this.#nSlots = nSlots;
    this.starts = new Int32Array(nSlots * BLOCK_ROWS);
    this.ends = new Int32Array(nSlots * BLOCK_ROWS);
    this.escaped = new Uint8Array(nSlots * BLOCK_ROWS);
  }

  /** Where the fields of a slot begin. */
  firstOf(slot: number): number {
    return slot * BLOCK_ROWS;
  }

  /** Takes a record of the same bytes as those before; returns whether the block is full. */
  add(record: CsvRecord): boolean {
    const row = this.nRows++;
    this.bytes = record.bytes;
    this.lines[row] = record.line;
    this.rowStarts[row] = record.rowStart;
    this.rowEnds[row] = record.rowEnd;
    const { starts, ends, escaped } = record;
    for (let slot = 0, at = row; slot < this.#nSlots; slot++, at += BLOCK_ROWS) {
      this.starts[at] = starts[slot]!;
      this.ends[at] = ends[slot]!;
      this.escaped[at] = escaped[slot]!;
    }
    return this.nRows === BLOCK_ROWS;
  }

  clear(): void {
    this.nRows = 0;
    this.nKept = 0;
  }
}
