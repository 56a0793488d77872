import type { DecodedArrow } from '../arrow/ipc.ts';
import { decodeUtf8Column, joinUtf8, type Utf8Column } from '../arrow/utf8.ts';
import type { EntityColumnPlan, EntityPlan } from '../contracts/artifacts.ts';
import { listEntries } from '../tables/list-entries.ts';
import { partialColumn, textsAt } from './entity-collector.ts';
import type { EntityTable, EntityValues } from './entity-table.ts';
import { RejectedRows } from './rejected-rows.ts';

/** The entities of one bucket, and the rows that were left out. */
export interface MergedEntities {
  readonly table: EntityTable;
  /** By rule: `duplicate_id`, `outside_window`, `missing_time`. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly leftOut: RejectedRows;
}

/** A part of a column, as one shard holds it. */
type Part = Float64Array | Coded;

interface Coded {
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

/** Merges what all shards hold of one bucket, added in their order, into one row per entity. */
export class EntityMerger {
  readonly #plan: EntityPlan;
  readonly #ids: Utf8Column[] = [];
  readonly #hashes: Int32Array[] = [];
  readonly #places: Float64Array[] = [];
  readonly #files: { readonly file: number; readonly nRows: number }[] = [];
  readonly #parts: Part[][];

  constructor(plan: EntityPlan) {
    this.#plan = plan;
    this.#parts = plan.columns.map(() => []);
  }

  /**
   * Adds the stream that a shard's `EntityCollector` wrote for this bucket.
   * @param placesBefore places of the file before the shard's first one
   */
  add(partial: DecodedArrow, file: number, placesBefore: number): void {
    this.#ids.push(partial.utf8('id'));
    this.#hashes.push(partial.int32('hash'));
    const places = new Float64Array(partial.int32('place'));
    for (let i = 0; i < places.length; i++) places[i]! += placesBefore + 1;
    this.#places.push(places);
    this.#files.push({ file, nRows: partial.nRows });
    for (const [c, { type }] of this.#plan.columns.entries()) {
      const name = partialColumn(c);
      const isCoded = type === 'category' || type === 'list';
      this.#parts[c]!.push(
        isCoded
          ? { codes: partial.int32(name), dictionary: dictionaryOf(partial, name) }
          : partial.float64(name),
      );
    }
  }

  /**
   * Of rows with one id the one with the latest time stays, of equally late ones (or without times) the last in the
   * order of files and rows; rows without a time or before the window are left out. Rows come in canonical order.
   * @param windowStartMs null keeps rows of any time
   */
  finish(windowStartMs: number | null): MergedEntities {
    if (this.#ids.length === 0)
      return { table: emptyTable(this.#plan), dropped: {}, leftOut: new RejectedRows() };
    const ids = joinUtf8(this.#ids);
    const hashes = joined(this.#hashes, (n) => new Int32Array(n));
    const places = joined(this.#places, (n) => new Float64Array(n));
    const columns = this.#parts.map((parts) => joinedColumn(parts));
    const files = joined(
      this.#files.map(({ file, nRows }) => new Int32Array(nRows).fill(file)),
      (n) => new Int32Array(n),
    );
    const { timeColumn, columns: plans } = this.#plan;
    const timeSlot = plans.findIndex(({ name }) => name === timeColumn);
    const times = timeSlot < 0 ? undefined : (columns[timeSlot] as Float64Array);

    const leftOut = new RejectedRows();
    const dropped: Record<string, number> = {};
    const drop = (row: number, rule: string) => {
      dropped[rule] = (dropped[rule] ?? 0) + 1;
      leftOut.add(files[row]!, places[row]!, rule, cellsAsJson(textAt(ids, row), plans, columns, row));
    };
    const kept = new Int32Array(hashes.length);
    let nKept = 0;
    const keep = (row: number) => {
      if (windowStartMs !== null && times) {
        if (Number.isNaN(times[row]!)) return drop(row, 'missing_time');
        if (times[row]! < windowStartMs) return drop(row, 'outside_window');
      }
      kept[nKept++] = row;
    };
    for (const group of groupsOfOneId(ids, hashes)) {
      if (typeof group === 'number') keep(group);
      else {
        const winner = latestOf(group, times);
        for (const row of group) if (row !== winner) drop(row, 'duplicate_id');
        keep(winner);
      }
    }
    const rows = kept.subarray(0, nKept);
    const table: EntityTable = {
      nRows: nKept,
      ids: decodeUtf8Column(textsAt(ids, rows), nKept),
      columns: new Map(plans.map((plan, c) => [plan.name, valuesAt(plan, columns[c]!, rows)])),
    };
    return { table, dropped, leftOut };
  }
}

const dictionaryOf = (partial: DecodedArrow, name: string) =>
  JSON.parse(partial.metadata.columns[name]?.dictionary ?? '[]') as string[];

function joined<T extends Int32Array | Float64Array>(parts: readonly T[], allocate: (n: number) => T): T {
  if (parts.length === 1) return parts[0]!;
  const whole = allocate(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function joinedColumn(parts: readonly Part[]): Part {
  const numbers = parts.filter((part) => part instanceof Float64Array);
  if (numbers.length === parts.length) return joined(numbers, (n) => new Float64Array(n));
  const numberOf = new Map<string, number>();
  const coded = parts.filter((part): part is Coded => !(part instanceof Float64Array));
  const codes = coded.map(({ codes, dictionary }) => {
    const own = dictionary.map((text) => {
      const known = numberOf.get(text) ?? numberOf.size;
      numberOf.set(text, known);
      return known;
    });
    return codes.map((code) => (code < 0 ? -1 : own[code]!));
  });
  return { codes: joined(codes, (n) => new Int32Array(n)), dictionary: [...numberOf.keys()] };
}

/** Row numbers by hash, equal ones as they came: two passes of counting sort over 16 bits each. */
function sortedByHash(hashes: Int32Array): Int32Array {
  let rows = new Int32Array(hashes.length);
  for (let row = 0; row < rows.length; row++) rows[row] = row;
  for (const shift of [0, 16]) {
    const next = new Int32Array(65_537);
    for (const hash of hashes) next[((hash >>> shift) & 0xffff) + 1]!++;
    for (let i = 0; i < 65_536; i++) next[i + 1]! += next[i]!;
    const sorted = new Int32Array(rows.length);
    for (const row of rows) sorted[next[(hashes[row]! >>> shift) & 0xffff]!++] = row;
    rows = sorted;
  }
  return rows;
}

/** The rows of each id in canonical order: one number, or where there are more, these in their order. */
function* groupsOfOneId(ids: Utf8Column, hashes: Int32Array): Generator<number | number[]> {
  const rows = sortedByHash(hashes);
  for (let start = 0, end: number; start < rows.length; start = end) {
    const hash = hashes[rows[start]!];
    for (end = start + 1; end < rows.length && hashes[rows[end]!] === hash; ) end++;
    if (end === start + 1) {
      yield rows[start]!;
      continue;
    }
    const group = Array.from(rows.subarray(start, end)).sort((a, b) => compareIds(ids, a, b) || a - b);
    for (let first = 0, last: number; first < group.length; first = last) {
      for (last = first + 1; last < group.length && compareIds(ids, group[first]!, group[last]!) === 0; )
        last++;
      yield last === first + 1 ? group[first]! : group.slice(first, last);
    }
  }
}

function compareIds({ bytes, offsets }: Utf8Column, a: number, b: number): number {
  let [i, j] = [offsets[a]!, offsets[b]!];
  const [endA, endB] = [offsets[a + 1]!, offsets[b + 1]!];
  for (; i < endA && j < endB; i++, j++) if (bytes[i] !== bytes[j]) return bytes[i]! - bytes[j]!;
  return endA - i - (endB - j);
}

function latestOf(rows: readonly number[], times: Float64Array | undefined): number {
  const timeOf = (row: number) => {
    const time = times?.[row] ?? Number.NaN;
    return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
  };
  return rows.reduce((latest, row) => (timeOf(row) >= timeOf(latest) ? row : latest));
}

/** The cells of some rows. Dictionaries hold the texts that these rows use, sorted: rows and shards elsewhere change nothing. */
function valuesAt({ type, separator }: EntityColumnPlan, column: Part, rows: Int32Array): EntityValues {
  if (column instanceof Float64Array) {
    const values = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) values[i] = column[rows[i]!]!;
    return { type: type === 'time' || type === 'boolean' ? type : 'number', values };
  }
  const { codes, dictionary } = column;
  if (type === 'list') {
    const lists = dictionary.map((text) => listEntries(text, separator) ?? []);
    return listValues(rows, codes, lists);
  }
  const used = new Uint8Array(dictionary.length);
  for (let i = 0; i < rows.length; i++) if (codes[rows[i]!]! >= 0) used[codes[rows[i]!]!] = 1;
  const { sorted, numbers } = numbered(dictionary.filter((_, code) => used[code] === 1));
  const renumbered = Int32Array.from(dictionary, (text) => numbers.get(text) ?? -1);
  const own = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) own[i] = codes[rows[i]!]! < 0 ? -1 : renumbered[codes[rows[i]!]!]!;
  return { type: 'category', codes: own, dictionary: sorted };
}

function listValues(
  rows: Int32Array,
  codes: Int32Array,
  lists: readonly (readonly string[])[],
): EntityValues {
  const own = Array.from(rows, (row) => codes[row]!);
  const used = [...new Set(own)].filter((code) => code >= 0);
  const { sorted, numbers } = numbered([...new Set(used.flatMap((code) => lists[code]!))]);
  const offsets = new Int32Array(rows.length + 1);
  for (const [i, code] of own.entries()) offsets[i + 1] = offsets[i]! + (code < 0 ? 0 : lists[code]!.length);
  const entries = new Int32Array(offsets[rows.length]!);
  const nulls = new Uint8Array(rows.length);
  for (const [i, code] of own.entries()) {
    if (code < 0) nulls[i] = 1;
    else for (const [e, entry] of lists[code]!.entries()) entries[offsets[i]! + e] = numbers.get(entry)!;
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

function emptyTable({ columns }: EntityPlan): EntityTable {
  const none = new Int32Array(0);
  const empty = (plan: EntityColumnPlan): EntityValues =>
    plan.type === 'category' || plan.type === 'list'
      ? valuesAt(plan, { codes: none, dictionary: [] }, none)
      : valuesAt(plan, new Float64Array(0), none);
  return { nRows: 0, ids: [], columns: new Map(columns.map((plan) => [plan.name, empty(plan)])) };
}

const decoder = new TextDecoder();
const textAt = ({ bytes, offsets }: Utf8Column, row: number) =>
  decoder.decode(bytes.subarray(offsets[row], offsets[row + 1]));

/** The cells that were read of a row; instants in ISO 8601, null for none. */
function cellsAsJson(
  id: string,
  plans: readonly EntityColumnPlan[],
  columns: readonly Part[],
  row: number,
): string {
  const cells: [string, unknown][] = plans.map(({ name, type }, c) => {
    const column = columns[c]!;
    if (!(column instanceof Float64Array)) {
      return [name, column.codes[row]! < 0 ? null : column.dictionary[column.codes[row]!]];
    }
    const value = column[row]!;
    if (Number.isNaN(value)) return [name, null];
    return [name, type === 'time' ? new Date(value).toISOString() : value];
  });
  return JSON.stringify({ id, ...Object.fromEntries(cells) });
}
