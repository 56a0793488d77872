import type { DecodedArrow } from '../arrow/ipc.ts';
import type { Utf8Column } from '../arrow/utf8.ts';
import type { EntityColumnPlan, EntityPlan } from '../contracts/artifacts.ts';
import { listEntries } from '../tables/list-entries.ts';
import { partialColumn } from './entity-collector.ts';
import { type EntityTable, type EntityValues, tableOfBytes } from './entity-table.ts';
import { hashOrder } from './hash-order.ts';
import { RejectedRows } from './rejected-rows.ts';

/** The entities of one bucket, and the rows that were left out. */
export interface MergedEntities {
  readonly table: EntityTable;
  /** By rule: `duplicate_id`, `outside_window`, `missing_time`. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly leftOut: RejectedRows;
}

/** A part of a column, as one shard holds it: numbers batch by batch, or codes. */
type Column = readonly Float64Array[] | Coded;

interface Coded {
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

/** What one shard holds of the bucket. */
interface Part {
  readonly file: number;
  /** Rows of the parts before it. */
  readonly firstRow: number;
  readonly nRows: number;
  readonly ids: Utf8Column;
  readonly hashes: Int32Array;
  readonly places: Int32Array;
  readonly placesBefore: number;
  readonly columns: readonly Column[];
}

/** Where a row that is left out goes: its position among the entities. */
const LEFT_OUT = -1;

/** Merges what all shards hold of one bucket, added in their order, into one row per entity. */
export class EntityMerger {
  readonly #plan: EntityPlan;
  readonly #parts: Part[] = [];
  #nRows = 0;

  constructor(plan: EntityPlan) {
    this.#plan = plan;
  }

  /**
   * Adds the stream that a shard's `EntityCollector` wrote for this bucket.
   * @param placesBefore places of the file before the shard's first one
   */
  add(partial: DecodedArrow, file: number, placesBefore: number): void {
    const columns = this.#plan.columns.map(({ type }, c): Column => {
      const name = partialColumn(c);
      if (type !== 'category' && type !== 'list') return partial.float64Parts(name);
      return { codes: partial.int32(name), dictionary: dictionaryOf(partial, name) };
    });
    const { nRows } = partial;
    const [ids, hashes, places] = [partial.utf8('id'), partial.int32('hash'), partial.int32('place')];
    this.#parts.push({ file, firstRow: this.#nRows, nRows, ids, hashes, places, placesBefore, columns });
    this.#nRows += nRows;
  }

  /**
   * Of rows with one id the one with the latest time stays, of equally late ones (or without times) the last in the
   * order of files and rows; rows without a time or before the window are left out. Rows come in canonical order.
   * @param windowStartMs null keeps rows of any time
   */
  finish(windowStartMs: number | null): MergedEntities {
    const { timeColumn, columns: plans } = this.#plan;
    const timeSlot = plans.findIndex(({ name }) => name === timeColumn);
    const leftOut = new RejectedRows();
    const dropped: Record<string, number> = {};
    const positions = new Int32Array(this.#nRows).fill(LEFT_OUT);
    let nKept = 0;
    const timeOf = (row: number) => {
      const { columns, firstRow } = this.#partOf(row);
      return numberAt(columns[timeSlot] as readonly Float64Array[], row - firstRow);
    };
    const drop = (row: number, rule: string) => {
      dropped[rule] = (dropped[rule] ?? 0) + 1;
      const { file, places, placesBefore, firstRow, ids, columns } = this.#partOf(row);
      const own = row - firstRow;
      const cells = cellsAsJson(textAt(ids, own), plans, columns, own);
      leftOut.add(file, places[own]! + placesBefore + 1, rule, cells);
    };
    const hasWindow = windowStartMs !== null && timeSlot >= 0;
    const keep = (row: number) => {
      if (hasWindow) {
        const time = timeOf(row);
        if (Number.isNaN(time)) return drop(row, 'missing_time');
        if (time < windowStartMs) return drop(row, 'outside_window');
      }
      positions[row] = nKept++;
    };
    const { rows, hashes } = hashOrder(joined(this.#parts.map((part) => part.hashes)));
    for (let start = 0, end: number; start < rows.length; start = end) {
      for (end = start + 1; end < rows.length && hashes[end] === hashes[start]; ) end++;
      if (end === start + 1) {
        keep(rows[start]!);
        continue;
      }
      for (const group of this.#groupsOfOneId(rows.subarray(start, end))) {
        const winner = group.length === 1 ? group[0]! : latestOf(group, timeSlot < 0 ? undefined : timeOf);
        for (const row of group) if (row !== winner) drop(row, 'duplicate_id');
        keep(winner);
      }
    }
    const table = tableOfBytes({
      nRows: nKept,
      idBytes: this.#idsAt(positions, nKept),
      columns: new Map(plans.map((plan, c) => [plan.name, this.#valuesAt(c, plan, positions, nKept)])),
    });
    return { table, dropped, leftOut };
  }

  #partOf(row: number): Part {
    let part = this.#parts.length - 1;
    while (this.#parts[part]!.firstRow > row) part--;
    return this.#parts[part]!;
  }

  /** Rows of one hash in canonical order by id, those of each id as they came. */
  #groupsOfOneId(rows: Int32Array): number[][] {
    const compare = (a: number, b: number) => {
      const [partA, partB] = [this.#partOf(a), this.#partOf(b)];
      return compareIds(partA.ids, a - partA.firstRow, partB.ids, b - partB.firstRow);
    };
    const sorted = Array.from(rows).sort((a, b) => compare(a, b) || a - b);
    const groups: number[][] = [];
    for (const row of sorted) {
      const last = groups.at(-1);
      if (last !== undefined && compare(last[0]!, row) === 0) last.push(row);
      else groups.push([row]);
    }
    return groups;
  }

  /** The ids by position. Parts are read from front to back: there are many rows, and memory is slow at random. */
  #idsAt(positions: Int32Array, nKept: number): Utf8Column {
    const taken = new Int32Array(nKept + 1);
    for (const { firstRow, nRows, ids } of this.#parts) {
      for (let i = 0; i < nRows; i++) {
        const position = positions[firstRow + i]!;
        if (position >= 0) taken[position + 1] = ids.offsets[i + 1]! - ids.offsets[i]!;
      }
    }
    for (let i = 0; i < nKept; i++) taken[i + 1]! += taken[i]!;
    const bytes = new Uint8Array(taken[nKept]!);
    for (const { firstRow, nRows, ids } of this.#parts) {
      const { bytes: source, offsets } = ids;
      for (let i = 0; i < nRows; i++) {
        const position = positions[firstRow + i]!;
        if (position < 0) continue;
        const end = offsets[i + 1]!;
        for (let from = offsets[i]!, to = taken[position]!; from < end; from++, to++)
          bytes[to] = source[from]!;
      }
    }
    return { bytes, offsets: taken };
  }

  /** The cells of column `c` by position. Dictionaries hold the texts that the entities use, sorted: rows and shards elsewhere change nothing. */
  #valuesAt(
    c: number,
    { type, separator }: EntityColumnPlan,
    positions: Int32Array,
    nKept: number,
  ): EntityValues {
    if (type !== 'category' && type !== 'list') {
      const values = new Float64Array(nKept);
      for (const { columns, firstRow } of this.#parts) {
        let first = firstRow;
        for (const own of columns[c] as readonly Float64Array[]) {
          for (let i = 0; i < own.length; i++) {
            const position = positions[first + i]!;
            if (position >= 0) values[position] = own[i]!;
          }
          first += own.length;
        }
      }
      return { type: type === 'time' || type === 'boolean' ? type : 'number', values };
    }
    // Codes into the dictionaries of all parts end to end; the same text may have several.
    const texts = this.#parts.flatMap(({ columns }) => (columns[c] as Coded).dictionary);
    const codes = new Int32Array(nKept);
    const used = new Uint8Array(texts.length);
    let firstCode = 0;
    for (const { columns, firstRow } of this.#parts) {
      const own = columns[c] as Coded;
      for (let i = 0; i < own.codes.length; i++) {
        const position = positions[firstRow + i]!;
        if (position < 0) continue;
        const code = own.codes[i]! < 0 ? -1 : own.codes[i]! + firstCode;
        codes[position] = code;
        if (code >= 0) used[code] = 1;
      }
      firstCode += own.dictionary.length;
    }
    return type === 'list'
      ? listValues(
          codes,
          texts.map((text, code) => (used[code] ? (listEntries(text, separator) ?? []) : [])),
        )
      : categoryValues(codes, texts, used);
  }
}

const dictionaryOf = (partial: DecodedArrow, name: string) =>
  JSON.parse(partial.metadata.columns[name]?.dictionary ?? '[]') as string[];

function joined(parts: readonly Int32Array[]): Int32Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function compareIds(a: Utf8Column, rowA: number, b: Utf8Column, rowB: number): number {
  let [i, j] = [a.offsets[rowA]!, b.offsets[rowB]!];
  const [endA, endB] = [a.offsets[rowA + 1]!, b.offsets[rowB + 1]!];
  for (; i < endA && j < endB; i++, j++) if (a.bytes[i] !== b.bytes[j]) return a.bytes[i]! - b.bytes[j]!;
  return endA - i - (endB - j);
}

function latestOf(rows: readonly number[], timeOf: ((row: number) => number) | undefined): number {
  const comparable = (row: number) => {
    const time = timeOf?.(row) ?? Number.NaN;
    return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
  };
  return rows.reduce((latest, row) => (comparable(row) >= comparable(latest) ? row : latest));
}

/** @param used 1 for the texts that some code stands for */
function categoryValues(codes: Int32Array, texts: readonly string[], used: Uint8Array): EntityValues {
  const { sorted, numbers } = numbered([...new Set(texts.filter((_, code) => used[code] === 1))]);
  const renumbered = Int32Array.from(texts, (text) => numbers.get(text) ?? -1);
  for (let i = 0; i < codes.length; i++) codes[i] = codes[i]! < 0 ? -1 : renumbered[codes[i]!]!;
  return { type: 'category', codes, dictionary: sorted };
}

/** @param lists entries by code; empty for codes that no row has */
function listValues(codes: Int32Array, lists: readonly (readonly string[])[]): EntityValues {
  const { sorted, numbers } = numbered([...new Set(lists.flat())]);
  const coded = lists.map((list) => list.map((entry) => numbers.get(entry)!));
  const offsets = new Int32Array(codes.length + 1);
  for (const [i, code] of codes.entries())
    offsets[i + 1] = offsets[i]! + (code < 0 ? 0 : coded[code]!.length);
  const entries = new Int32Array(offsets[codes.length]!);
  const nulls = new Uint8Array(codes.length);
  for (const [i, code] of codes.entries()) {
    if (code < 0) nulls[i] = 1;
    else for (const [e, entry] of coded[code]!.entries()) entries[offsets[i]! + e] = entry;
  }
  return { type: 'list', offsets, codes: entries, dictionary: sorted, nulls };
}

function numbered(texts: readonly string[]): {
  sorted: readonly string[];
  numbers: ReadonlyMap<string, number>;
} {
  const sorted = texts.toSorted((a, b) => (a < b ? -1 : 1));
  return { sorted, numbers: new Map(sorted.map((text, number) => [text, number])) };
}

function numberAt(batches: readonly Float64Array[], row: number): number {
  let left = row;
  for (const batch of batches) {
    if (left < batch.length) return batch[left]!;
    left -= batch.length;
  }
  throw new RangeError(`There is no row ${row}.`);
}

const decoder = new TextDecoder();
const textAt = ({ bytes, offsets }: Utf8Column, row: number) =>
  decoder.decode(bytes.subarray(offsets[row], offsets[row + 1]));

/** The cells that were read of a row; instants in ISO 8601, null for none. */
function cellsAsJson(
  id: string,
  plans: readonly EntityColumnPlan[],
  columns: readonly Column[],
  row: number,
): string {
  const cells: Record<string, unknown> = { id };
  for (const [c, { name, type }] of plans.entries()) {
    const column = columns[c]!;
    if ('codes' in column) cells[name] = column.dictionary[column.codes[row]!] ?? null;
    else {
      const value = numberAt(column, row);
      if (Number.isNaN(value)) cells[name] = null;
      else cells[name] = type === 'time' ? new Date(value).toISOString() : value;
    }
  }
  return JSON.stringify(cells);
}
