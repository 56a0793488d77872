import { grown } from '../arrow/grown.ts';
import type { CellFormat, EntityColumnPlan, UnreadableCells } from '../contracts/artifacts.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import { isMissingWord } from './cell-traits.ts';
import type { CsvRecord } from './csv-scanner.ts';
import { listEntries } from './list-entries.ts';
import { parseLocalDate } from './local-dates.ts';
import { parseLocalNumber } from './local-numbers.ts';
import { Pieces } from './pieces.ts';
import type { Fields, RecordBlock } from './record-block.ts';
import { parseNumber, parseTimestamp } from './values.ts';

/** Typed cells of one column. Numbers, instants (ms) and 0/1 with NaN for none; or codes with −1 for none, and their texts. */
export type TypedCells =
  | { readonly values: Pieces<Float64Array> }
  | { readonly codes: Pieces<Int32Array>; readonly dictionary: readonly string[] };

/** Collects one column of some rows, read off the bytes of their records. */
export interface CellColumn {
  add(record: CsvRecord, slot: number): void;
  /** Takes the kept rows of a block. */
  addRows(block: RecordBlock, slot: number): void;
  /** The largest value so far, for columns of numbers and instants; −∞ before there is one. */
  readonly largest: number;
  unreadable(): UnreadableCells;
  finish(): TypedCells;
}

/** A collector for a column of the plan, written as its file writes it. */
export function cellColumn(plan: EntityColumnPlan, format: CellFormat): CellColumn {
  if (plan.type === 'number' || plan.type === 'time') return new NumericColumn(plan, format);
  return new DictionaryColumn(plan);
}

/** Different texts that there is room for at first. */
const FIRST_TEXTS = 256;
/** Bytes of the longest number or instant. */
const LONGEST_VALUE = 64;
const COMMA = 0x2c;
const DOT = 0x2e;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Counts the cells that are no value of their column's type: such a cell is missing. */
class UnreadableTally {
  count = 0;
  values = 0;
  first: number | null = null;

  add(line: number): void {
    if (this.count++ === 0) this.first = line;
  }

  finish(): UnreadableCells {
    return { count: this.count, values: this.values, first: this.first };
  }
}

/** Numbers and instants: as programs write them they are read off the bytes; only others are worth a string. */
class NumericColumn implements CellColumn {
  largest = Number.NEGATIVE_INFINITY;
  readonly #values = new Pieces((rows) => new Float64Array(rows));
  readonly #tally = new UnreadableTally();
  readonly #isTime: boolean;
  readonly #hasComma: boolean;
  readonly #parseText: (text: string) => number;
  readonly #missing: ReadonlySet<string>;
  /** Numbers that stand for none, however they are written. */
  readonly #sentinels: readonly number[];

  constructor({ type, missing }: EntityColumnPlan, { decimal, order }: CellFormat) {
    this.#missing = new Set(missing);
    const isTime = type === 'time';
    this.#isTime = isTime;
    this.#hasComma = decimal === ',';
    this.#parseText = isTime
      ? (text) => parseLocalDate(text, order)
      : (text) => parseLocalNumber(text, decimal);
    this.#sentinels = isTime ? [] : missing.map(Number).filter((value) => !Number.isNaN(value));
  }

  add({ bytes, starts, ends, line }: CsvRecord, slot: number): void {
    this.#values.push(this.#read(bytes, starts[slot]!, ends[slot]!, line));
  }

  addRows(block: RecordBlock, slot: number): void {
    const { bytes, starts, ends, lines, kept, nKept } = block;
    const first = block.firstOf(slot);
    const values = this.#values;
    for (let i = 0; i < nKept; i++) {
      const row = kept[i]!;
      values.push(this.#read(bytes, starts[first + row]!, ends[first + row]!, lines[row]!));
    }
  }

  #read(bytes: Uint8Array, start: number, end: number, line: number): number {
    if (end === start) return Number.NaN;
    this.#tally.values++;
    let value = this.#isTime
      ? parseTimestamp(bytes, start, end)
      : this.#hasComma
        ? parseCommaNumber(bytes, start, end)
        : parseNumber(bytes, start, end);
    if (Number.isNaN(value)) value = this.#slowly(bytes, start, end, line);
    if (this.#sentinels.length > 0 && this.#sentinels.includes(value)) value = this.#missed();
    if (value > this.largest) this.largest = value;
    return value;
  }

  unreadable(): UnreadableCells {
    return this.#tally.finish();
  }

  finish(): TypedCells {
    return { values: this.#values };
  }

  #slowly(bytes: Uint8Array, start: number, end: number, line: number): number {
    const text = decoder.decode(bytes.subarray(start, Math.min(end, start + LONGEST_VALUE)));
    if (this.#missing.has(text) || isMissingWord(text)) return this.#missed();
    const value = this.#parseText(text);
    if (Number.isNaN(value)) this.#tally.add(line);
    return value;
  }

  #missed(): number {
    this.#tally.values--;
    return Number.NaN;
  }
}

const scratch = new Uint8Array(LONGEST_VALUE);

/** A number under a decimal comma; NaN for one with groups of thousands, which is left to `parseLocalNumber`. */
function parseCommaNumber(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > LONGEST_VALUE) return Number.NaN;
  for (let i = start; i < end; i++) {
    if (bytes[i] === DOT) return Number.NaN;
    scratch[i - start] = bytes[i] === COMMA ? DOT : bytes[i]!;
  }
  return parseNumber(scratch, 0, end - start);
}

const TRUE = new Set(['true', 't', 'yes', 'y', 'on', '1', '1.0']);
const FALSE = new Set(['false', 'f', 'no', 'n', 'off', '0', '0.0']);

/** What a text of a dictionary comes to. */
const MISSING = -1;
const UNREADABLE = -2;

/** Categories, lists (as the text of the cell) and booleans: each different text is looked at once. */
class DictionaryColumn implements CellColumn {
  readonly largest = Number.NEGATIVE_INFINITY;
  readonly #plan: EntityColumnPlan;
  readonly #texts = new ByteDictionary();
  /** Text number of every row; −1 for an empty cell. */
  readonly #codes = new Pieces((rows) => new Int32Array(rows));
  #counts = new Float64Array(FIRST_TEXTS);
  #firsts = new Float64Array(FIRST_TEXTS);

  constructor(plan: EntityColumnPlan) {
    this.#plan = plan;
  }

  add(record: CsvRecord, slot: number): void {
    this.#codes.push(this.#codeOf(record, slot, record.line));
  }

  addRows(block: RecordBlock, slot: number): void {
    const { lines, kept, nKept } = block;
    const first = block.firstOf(slot);
    const codes = this.#codes;
    for (let i = 0; i < nKept; i++) codes.push(this.#codeOf(block, first + kept[i]!, lines[kept[i]!]!));
  }

  #codeOf({ bytes, starts, ends, escaped }: Fields, field: number, line: number): number {
    const start = starts[field]!;
    const end = ends[field]!;
    if (end === start) return MISSING;
    const isEscaped = escaped[field] === 1;
    const code = isEscaped
      ? this.#texts.codeOfEscaped(bytes, start, end)
      : this.#texts.code(bytes, start, end);
    if (code >= this.#counts.length) {
      this.#counts = grown(this.#counts);
      this.#firsts = grown(this.#firsts);
    }
    if (this.#counts[code]!++ === 0) this.#firsts[code] = line;
    return code;
  }

  unreadable(): UnreadableCells {
    const tally = new UnreadableTally();
    for (const [code, value] of this.#values().entries()) {
      if (value === MISSING) continue;
      const count = this.#counts[code]!;
      tally.values += count;
      if (value !== UNREADABLE) continue;
      if (tally.first === null) tally.first = this.#firsts[code]!;
      tally.count += count;
    }
    return tally.finish();
  }

  finish(): TypedCells {
    const found = this.#values();
    const codes = this.#codes;
    if (this.#plan.type === 'boolean') {
      const flags = found.map((value) => (typeof value === 'number' ? Number.NaN : Number(value)));
      const values = new Pieces((rows) => new Float64Array(rows));
      for (let row = 0; row < codes.length; row++) values.push(flags[codes.at(row)] ?? Number.NaN);
      return { values };
    }
    const dictionary: string[] = [];
    const renumbered = found.map((value) =>
      typeof value === 'number' ? MISSING : dictionary.push(value) - 1,
    );
    const numbers = new Pieces((rows) => new Int32Array(rows));
    for (let row = 0; row < codes.length; row++) numbers.push(renumbered[codes.at(row)] ?? MISSING);
    return { codes: numbers, dictionary };
  }

  /** Of each different text: itself (`0` or `1` of a boolean), or why it is none. */
  #values(): (string | typeof MISSING | typeof UNREADABLE)[] {
    const { type, separator, missing } = this.#plan;
    const none = new Set(missing);
    return this.#texts.texts().map((text) => {
      if (text === undefined) return UNREADABLE;
      if (none.has(text) || isMissingWord(text)) return MISSING;
      if (type === 'list') return listEntries(text, separator) === undefined ? UNREADABLE : text;
      if (type !== 'boolean') return text;
      const lower = text.toLowerCase();
      return TRUE.has(lower) ? '1' : FALSE.has(lower) ? '0' : UNREADABLE;
    });
  }
}
