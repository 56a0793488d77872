import type { ArrowColumns } from '../arrow/columns.ts';
import { grown } from '../arrow/grown.ts';
import { encodeArrowStreams } from '../arrow/ipc.ts';
import type { Utf8Column } from '../arrow/utf8.ts';
import type { CellFormat, EntityPlan, PartialManifest, UnreadableCells } from '../contracts/artifacts.ts';
import { type CellColumn, cellColumn, type TypedCells } from '../tables/cell-columns.ts';
import type { CsvRecord, MalformedRecord } from '../tables/csv-scanner.ts';
import { RecordBlock } from '../tables/record-block.ts';
import { EntityIds } from './entity-ids.ts';
import { RejectedRows } from './rejected-rows.ts';

const FIRST_ROWS = 4096;

/** Name of the stream's column that holds column `c` of the plan. */
export const partialColumn = (c: number) => `c${c}`;

/** What one shard holds, ready to be stored: `PartialManifest` tells of the fields. */
export interface EntityShard extends Pick<PartialManifest, 'rows' | 'firstLines' | 'latestMs' | 'buckets'> {
  /** One Arrow stream per bucket, end to end. */
  readonly parts: readonly Uint8Array[];
  readonly unreadable: Readonly<Record<string, UnreadableCells>>;
  readonly rejected: RejectedRows;
}

/** Where a shard stands in the input. */
export interface ShardPlace {
  /** Index into the files of the plan. */
  readonly file: number;
  /** 1-based place of its first line or row, where rows are numbered; ids are made of it. */
  readonly firstPlace: number;
}

/**
 * Collects the rows of one shard as typed cells, column by column, and parts them into buckets by the hash of their id.
 * Memory: 8 bytes a cell of numbers, 4 of categories, the ids, and twice that while the streams are written.
 */
export class EntityCollector {
  readonly #plan: EntityPlan;
  readonly #columns: readonly CellColumn[];
  readonly #timeSlot: number;
  readonly #firstSlot: number;
  readonly #place: ShardPlace;
  readonly #ids = new EntityIds();
  readonly #block: RecordBlock;
  #lines = new Int32Array(FIRST_ROWS);
  readonly #rejected = new RejectedRows();
  readonly #byRule = new Map<string, { count: number; readonly line: number }>();

  /** @param formats in the order of the plan's columns */
  constructor(plan: EntityPlan, formats: readonly CellFormat[], place: ShardPlace) {
    this.#plan = plan;
    this.#columns = plan.columns.map((column, c) => cellColumn(column, formats[c]!));
    this.#timeSlot = plan.columns.findIndex(({ name }) => name === plan.timeColumn);
    this.#firstSlot = plan.idColumn === null ? 0 : 1;
    this.#place = place;
    this.#block = new RecordBlock(plan.columns.length + this.#firstSlot);
  }

  /** Rows taken, but for those of a block that waits. */
  get nRead(): number {
    return this.#ids.nRows + this.#rejected.size;
  }

  /** Takes one record: the id column first, where there is one, then the columns of the plan. */
  add(record: CsvRecord): void {
    this.flush();
    this.#block.add(record);
    this.flush();
  }

  /** As `add`, of a record whose bytes stay as they are until the next `flush`: several are read at once. */
  addLater(record: CsvRecord): void {
    if (this.#block.add(record)) this.flush();
  }

  /** Reads the records that wait, column by column. */
  flush(): void {
    const block = this.#block;
    for (let row = 0; row < block.nRows; row++) if (this.#takeId(row)) block.kept[block.nKept++] = row;
    const columns = this.#columns;
    for (let c = 0; c < columns.length; c++) columns[c]!.addRows(block, c + this.#firstSlot);
    block.clear();
  }

  /** Takes the id of a row of the block, or rejects the row. */
  #takeId(row: number): boolean {
    const { bytes, lines, rowStarts, rowEnds } = this.#block;
    const line = lines[row]!;
    const nth = this.#ids.nRows;
    if (this.#firstSlot === 1) {
      const broken = this.#ids.add(this.#block, row);
      if (broken !== undefined) {
        this.#reject(broken, line, bytes.subarray(rowStarts[row], rowEnds[row]));
        return false;
      }
    } else this.#ids.addText(rowId(this.#place, line));
    if (nth === this.#lines.length) this.#lines = grown(this.#lines);
    this.#lines[nth] = line;
    return true;
  }

  /** Takes a record that breaks the grammar. */
  fault({ reason, line }: MalformedRecord, row: Uint8Array | string): void {
    this.reject(reason, line, row);
  }

  /** Takes a row that is not used. */
  reject(rule: string, line: number, row: Uint8Array | string): void {
    // Rejected rows stand in the order of the file.
    this.flush();
    this.#reject(rule, line, row);
  }

  #reject(rule: string, line: number, row: Uint8Array | string): void {
    const found = this.#byRule.get(rule) ?? { count: 0, line };
    found.count++;
    this.#byRule.set(rule, found);
    const { file } = this.#place;
    if (typeof row === 'string') this.#rejected.add(file, line, rule, row);
    else this.#rejected.addBytes(file, line, rule, row);
  }

  finish(nBuckets: number): EntityShard {
    this.flush();
    const read = this.nRead;
    const latestMs = this.#columns[this.#timeSlot]?.largest ?? Number.NEGATIVE_INFINITY;
    const used = this.#ids.nRows;
    const unreadable = this.#columns.map((column) => column.unreadable());
    const { parts, buckets } = this.#encode(nBuckets);
    return {
      parts,
      buckets,
      rows: {
        read,
        used,
        rejected: read - used,
        byRule: Object.fromEntries([...this.#byRule].map(([rule, { count }]) => [rule, count])),
      },
      firstLines: Object.fromEntries([...this.#byRule].map(([rule, { line }]) => [rule, line])),
      latestMs: latestMs === Number.NEGATIVE_INFINITY ? null : latestMs,
      // Counted with the readable ones, so that shares add up over shards.
      unreadable: Object.fromEntries(this.#plan.columns.map(({ name }, c) => [name, unreadable[c]!])),
      rejected: this.#rejected,
    };
  }

  #encode(nBuckets: number): Pick<EntityShard, 'parts' | 'buckets'> {
    const { ids, hashes } = this.#ids.finish();
    const cells = this.#columns.map((column) => column.finish());
    const lines = this.#lines.subarray(0, this.#ids.nRows);
    const { rows, ends } = rowsByBucket(hashes, nBuckets);
    const tables = ends.map((end, bucket) => {
      const own = rows.subarray(bucket === 0 ? 0 : ends[bucket - 1], end);
      const columns: Record<string, ArrowColumns[string]> = {
        id: textsAt(ids, own),
        hash: valuesAt(hashes, own),
        place: valuesAt(lines, own),
      };
      const metadata: Record<string, Record<string, string>> = {};
      for (const [c, column] of cells.entries()) {
        const { data, dictionary } = cellsAt(column, own);
        columns[partialColumn(c)] = data;
        if (dictionary) metadata[partialColumn(c)] = { dictionary: JSON.stringify(dictionary) };
      }
      return { columns, metadata: { columns: metadata } };
    });
    const { parts, ranges } = encodeArrowStreams(tables);
    return { parts, buckets: ranges };
  }
}

/** Id of a row that has none: the line (or row) of its file; from the second file on with the number of the file. */
function rowId({ file, firstPlace }: ShardPlace, line: number): string {
  return file === 0 ? `row-${firstPlace + line}` : `row-${file + 1}-${firstPlace + line}`;
}

/** Row numbers by bucket, in the order of the rows; bucket b ends at `ends[b]`. */
function rowsByBucket(hashes: Int32Array, nBuckets: number): { rows: Int32Array; ends: number[] } {
  const bucketAt = (row: number) => Math.floor(((hashes[row]! >>> 0) * nBuckets) / 2 ** 32);
  const next = new Int32Array(nBuckets + 1);
  for (let row = 0; row < hashes.length; row++) next[bucketAt(row) + 1]!++;
  for (let bucket = 0; bucket < nBuckets; bucket++) next[bucket + 1]! += next[bucket]!;
  const ends = Array.from(next.subarray(1));
  const rows = new Int32Array(hashes.length);
  for (let row = 0; row < hashes.length; row++) rows[next[bucketAt(row)]!++] = row;
  return { rows, ends };
}

/** Some texts of a column, laid end to end. */
export function textsAt({ bytes, offsets }: Utf8Column, rows: Int32Array): Utf8Column {
  const own = new Int32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) own[i + 1] = own[i]! + offsets[rows[i]! + 1]! - offsets[rows[i]!]!;
  const taken = new Uint8Array(own[rows.length]!);
  for (let i = 0; i < rows.length; i++) {
    const end = offsets[rows[i]! + 1]!;
    for (let from = offsets[rows[i]!]!, to = own[i]!; from < end; from++, to++) taken[to] = bytes[from]!;
  }
  return { bytes: taken, offsets: own };
}

function valuesAt(values: Int32Array, rows: Int32Array): Int32Array {
  const taken = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) taken[i] = values[rows[i]!]!;
  return taken;
}

/** Some cells of a column; of a dictionary only the texts that they use. */
function cellsAt(column: TypedCells, rows: Int32Array) {
  if ('values' in column) return { data: column.values.take(rows) };
  const renumbered = new Int32Array(column.dictionary.length).fill(-1);
  const dictionary: string[] = [];
  const data = column.codes.take(rows);
  for (let i = 0; i < rows.length; i++) {
    const code = data[i]!;
    if (code >= 0 && renumbered[code]! < 0) renumbered[code] = dictionary.push(column.dictionary[code]!) - 1;
    data[i] = code < 0 ? -1 : renumbered[code]!;
  }
  return { data, dictionary };
}
