import { cellTraits, N_TRAITS, TRAITS } from './cell-traits.ts';
import { type Cells, cellText } from './cells.ts';
import { DistinctSketch } from './distinct-sketch.ts';
import { parseLocalDate } from './local-dates.ts';
import { parseLocalNumber } from './local-numbers.ts';
import { NumberTally } from './number-tally.ts';
import { parseNumber, parseTimestamp } from './values.ts';

const encoder = new TextEncoder();

/** Distinct values of a column that are kept; fewer in wide tables, so that a table needs bounded memory. */
export const distinctLimit = (nColumns: number) =>
  Math.max(64, Math.min(65_536, Math.floor(1_000_000 / Math.max(1, nColumns))));

/** Smallest and largest of some instants, ms since the epoch. */
interface Span {
  min: number;
  max: number;
}

function widen(span: Span, ms: number): void {
  if (ms < span.min) span.min = ms;
  if (ms > span.max) span.max = ms;
}

const newSpan = (): Span => ({ min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY });

/**
 * What is counted of one column. Profiles of shards merge to the profile of the table, bit by bit, in any order. What
 * depends on how the column is written (decimal mark, order of dates) is kept for every way until all rows are seen.
 */
export class ColumnProfile {
  readonly name: string;
  nRows = 0;
  nMissing = 0;
  /** Values by the type that the file itself gives them. */
  readonly kinds = { text: 0, number: 0, time: 0, boolean: 0 };
  readonly traitCounts = new Float64Array(N_TRAITS);
  readonly sketch: DistinctSketch;
  /** Numbers that both decimal marks read alike, and those that only one of them or each in its own way reads. */
  readonly numbers: { plain: NumberTally; point: NumberTally; comma: NumberTally };
  readonly spans = { ymd: newSpan(), dmy: newSpan(), mdy: newSpan() };
  nNotFinite = 0;

  constructor(name: string, nColumns: number) {
    this.name = name;
    const limit = distinctLimit(nColumns);
    this.sketch = new DistinctSketch(limit);
    const tally = () => new NumberTally(limit);
    this.numbers = { plain: tally(), point: tally(), comma: tally() };
  }

  /** Counts the cells of a batch, and mixes the hash of each into its row's: `low` and `high` of 32 and 21 bits. */
  add(cells: Cells, nRows: number, column: number, low: Int32Array, high: Int32Array): void {
    const seed = Math.imul(column + 1, 0x9e3779b1);
    let bytes: Uint8Array = cells.kind === 'text' ? cells.bytes : new Uint8Array(64);
    for (let row = 0; row < nRows; row++) {
      let start = 0;
      let end = 0;
      if (cells.nulls === null || cells.nulls[row] === 0) {
        if (cells.kind === 'text') {
          start = cells.offsets[row]!;
          end = cells.offsets[row + 1]!;
        } else if (cells.kind === 'number' && !Number.isFinite(cells.values[row]!)) this.nNotFinite++;
        else {
          bytes = encoder.encode(cellText(cells, row));
          end = bytes.length;
        }
      }
      let h1 = 0x811c9dc5;
      let h2 = 0x1b873593;
      for (let i = start; i < end; i++) {
        const byte = bytes[i]!;
        h1 = Math.imul(h1 ^ byte, 0x01000193);
        h2 = Math.imul(h2 ^ byte, 0x85ebca6b) + 0x2545f491;
      }
      h1 = finalise(h1 ^ (end - start));
      h2 = finalise(h2 ^ h1);
      low[row] = finalise(low[row]! ^ h1 ^ seed);
      high[row] = finalise(high[row]! + h2 + seed);
      this.nRows++;
      if (end === start) {
        this.nMissing++;
        continue;
      }
      this.kinds[cells.kind]++;
      this.#count(
        this.sketch.add((h2 >>> 11) * 2 ** 32 + (h1 >>> 0), bytes, start, end, cellTraits),
        bytes,
        start,
        end,
      );
    }
  }

  /** Adds the profile of another shard. */
  merge(other: ColumnProfile): void {
    this.nRows += other.nRows;
    this.nMissing += other.nMissing;
    this.nNotFinite += other.nNotFinite;
    for (const kind of ['text', 'number', 'time', 'boolean'] as const) this.kinds[kind] += other.kinds[kind];
    for (let i = 0; i < N_TRAITS; i++) this.traitCounts[i]! += other.traitCounts[i]!;
    this.sketch.merge(other.sketch);
    for (const way of ['plain', 'point', 'comma'] as const) this.numbers[way].merge(other.numbers[way]);
    for (const order of ['ymd', 'dmy', 'mdy'] as const) {
      const [own, others] = [this.spans[order], other.spans[order]];
      own.min = Math.min(own.min, others.min);
      own.max = Math.max(own.max, others.max);
    }
  }

  /** Number of values with a trait. */
  having(trait: keyof typeof TRAITS): number {
    return this.traitCounts[BIT[trait]]!;
  }

  #count(traits: number, bytes: Uint8Array, start: number, end: number): void {
    for (let rest = traits; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      this.traitCounts[bit]! += 1;
    }
    if ((traits & VALUE_TRAITS) === 0) return;
    if ((traits & TRAITS.plain) !== 0) {
      const value = parseNumber(bytes, start, end);
      const isGrouped = Number.isNaN(value);
      this.numbers.plain.add(isGrouped ? parseLocalNumber(decode(bytes, start, end), '.') : value);
    } else if ((traits & VALUE_TRAITS) === TRAITS.point) {
      const value = parseNumber(bytes, start, end);
      this.numbers.point.add(Number.isNaN(value) ? parseLocalNumber(decode(bytes, start, end), '.') : value);
    } else if ((traits & VALUE_TRAITS) === TRAITS.ymd) {
      const iso = parseTimestamp(bytes, start, end);
      widen(this.spans.ymd, Number.isNaN(iso) ? parseLocalDate(decode(bytes, start, end), 'ymd') : iso);
    } else this.#countText(traits, decode(bytes, start, end), bytes, start, end);
  }

  #countText(traits: number, text: string, bytes: Uint8Array, start: number, end: number): void {
    if ((traits & TRAITS.point) !== 0) {
      const value = parseNumber(bytes, start, end);
      this.numbers.point.add(Number.isNaN(value) ? parseLocalNumber(text, '.') : value);
    }
    if ((traits & TRAITS.comma) !== 0) this.numbers.comma.add(parseLocalNumber(text, ','));
    for (const order of ['ymd', 'dmy', 'mdy'] as const) {
      if ((traits & TRAITS[order]) === 0) continue;
      const iso = order === 'ymd' ? parseTimestamp(bytes, start, end) : Number.NaN;
      const ms = Number.isNaN(iso) ? parseLocalDate(text, order) : iso;
      widen(this.spans[order], ms);
    }
  }
}

const BIT = Object.fromEntries(
  Object.entries(TRAITS).map(([name, bit]) => [name, 31 - Math.clz32(bit)]),
) as Readonly<Record<keyof typeof TRAITS, number>>;

const VALUE_TRAITS = TRAITS.point | TRAITS.comma | TRAITS.ymd | TRAITS.dmy | TRAITS.mdy;

const decoder = new TextDecoder();
const decode = (bytes: Uint8Array, start: number, end: number) => decoder.decode(bytes.subarray(start, end));

/** MurmurHash3's finaliser (Appleby). */
function finalise(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
