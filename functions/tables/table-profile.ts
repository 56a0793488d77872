import type { TableBatch } from './cells.ts';
import { BATCH_ROWS } from './cells.ts';
import { ColumnProfile } from './column-profile.ts';
import { DistinctSketch } from './distinct-sketch.ts';
import { maskText } from './mask-text.ts';
import { EXAMPLE_CHARACTERS, type RejectedRow } from './rejected-row.ts';

/** Rows that are told apart exactly; beyond it duplicates are estimated from a sample. */
const ROW_LIMIT = 1 << 20;

/** Examples kept of each reason for a rejection. */
const EXAMPLES = 3;

/** Rejected rows of one reason. */
export interface Rejections {
  count: number;
  /** The first ones, masked. */
  readonly examples: { readonly line: number; readonly message: string; readonly masked: string }[];
}

/** What is counted of a table, or of a shard of it; profiles of shards merge in shard order. */
export class TableProfile {
  readonly columns: readonly ColumnProfile[];
  readonly rows = new DistinctSketch(ROW_LIMIT, false);
  readonly rejections = new Map<string, Rejections>();
  nRows = 0;
  #low = new Int32Array(BATCH_ROWS);
  #high = new Int32Array(BATCH_ROWS);

  constructor(names: readonly string[]) {
    this.columns = names.map((name) => new ColumnProfile(name, names.length));
  }

  /** Counts the rows of a batch that holds all columns. */
  add({ nRows, columns }: TableBatch): void {
    if (nRows > this.#low.length) {
      this.#low = new Int32Array(nRows);
      this.#high = new Int32Array(nRows);
    }
    this.#low.fill(0);
    this.#high.fill(0);
    for (const [i, profile] of this.columns.entries())
      profile.add(columns[i]!, nRows, i, this.#low, this.#high);
    for (let row = 0; row < nRows; row++) {
      this.rows.addHash((this.#high[row]! >>> 11) * 2 ** 32 + (this.#low[row]! >>> 0));
    }
    this.nRows += nRows;
  }

  /** Counts a row that could not be read. */
  reject({ line, reason, message, text }: RejectedRow): void {
    const found = this.rejections.get(reason) ?? { count: 0, examples: [] };
    this.rejections.set(reason, found);
    found.count++;
    if (found.examples.length < EXAMPLES)
      found.examples.push({ line, message, masked: maskText(text.slice(0, EXAMPLE_CHARACTERS)) });
  }

  /** Adds the profile of the shard that follows. */
  merge(other: TableProfile): void {
    this.nRows += other.nRows;
    for (const [i, profile] of this.columns.entries()) profile.merge(other.columns[i]!);
    this.rows.merge(other.rows);
    for (const [reason, { count, examples }] of other.rejections) {
      const own = this.rejections.get(reason) ?? { count: 0, examples: [] };
      own.count += count;
      own.examples.push(...examples.slice(0, EXAMPLES - own.examples.length));
      this.rejections.set(reason, own);
    }
  }
}
