import type { RecordBatch, Schema } from 'apache-arrow';
import { type ArrowColumns, type ListColumn, recordBatch } from './columns.ts';
import { decodeUtf8Column, encodeUtf8Column } from './utf8.ts';

type TextList = readonly string[] | null;
type Numbers = Float64Array | Float32Array | Int32Array;
/** Of texts and lists the rows so far, of numbers room for a whole batch. */
type Room = string[] | { readonly lists: TextList[] } | Numbers;

/** Fixed-size room for one batch: pieces of any size go in, whole batches come out. */
export class BatchRoom {
  readonly #columns: Record<string, Room> = {};
  readonly size: number;
  #nRows = 0;

  /**
   * @param size rows of a whole batch
   * @throws RangeError for a column by dictionary: that of the next piece may be another
   */
  constructor(like: ArrowColumns, size: number) {
    this.size = size;
    for (const [name, data] of Object.entries(like)) {
      if (data instanceof Float64Array) this.#columns[name] = new Float64Array(size);
      else if (data instanceof Float32Array) this.#columns[name] = new Float32Array(size);
      else if (data instanceof Int32Array) this.#columns[name] = new Int32Array(size);
      else if ('listOffsets' in data) this.#columns[name] = { lists: [] };
      else if ('codes' in data)
        throw new RangeError(`Column ${name}: texts are streamed without a dictionary.`);
      else this.#columns[name] = [];
    }
  }

  get nRows() {
    return this.#nRows;
  }

  /** Copies rows from `start` on until the piece or the room ends; returns where it stopped. */
  fill(piece: RoomPiece, start: number, nRows: number): number {
    const end = Math.min(nRows, start + this.size - this.#nRows);
    for (const [name, room] of Object.entries(this.#columns)) {
      const data = piece[name]!;
      if (Array.isArray(room)) copyRows(data as readonly string[], start, end, room, this.#nRows);
      else if ('lists' in room) copyRows(data as readonly TextList[], start, end, room.lists, this.#nRows);
      else room.set((data as Numbers).subarray(start, end), this.#nRows);
    }
    this.#nRows += end - start;
    return end;
  }

  /** The batch so far; empties the room. */
  take(schema: Schema): RecordBatch {
    const columns = Object.fromEntries(
      Object.entries(this.#columns).map(([name, room]) => [
        name,
        'lists' in room ? laidOut(room.lists) : room,
      ]),
    );
    const batch = recordBatch(schema, columns, new Map(), 0, this.#nRows);
    for (const room of Object.values(this.#columns)) {
      if (Array.isArray(room)) room.length = 0;
      else if ('lists' in room) room.lists.length = 0;
    }
    this.#nRows = 0;
    return batch;
  }
}

/** A piece whose rows can be taken one by one. */
export type RoomPiece = Readonly<Record<string, readonly string[] | readonly TextList[] | Numbers>>;

/** The piece with texts as strings: rows of different pieces join one by one. */
export function rowByRow(columns: ArrowColumns): RoomPiece {
  return Object.fromEntries(
    Object.entries(columns).map(([name, data]) => {
      if ('listOffsets' in data) return [name, listsOf(data)];
      if ('codes' in data) return [name, Array.from(data.codes, (code) => data.dictionary[code] ?? '')];
      return [name, 'offsets' in data ? decodeUtf8Column(data, data.offsets.length - 1) : data];
    }),
  );
}

function copyRows<T>(from: readonly T[], start: number, end: number, to: T[], at: number): void {
  for (let i = start; i < end; i++) to[at + i - start] = from[i]!;
}

function listsOf({ listOffsets, texts, nulls }: ListColumn): TextList[] {
  const strings = decodeUtf8Column(texts, texts.offsets.length - 1);
  return Array.from({ length: listOffsets.length - 1 }, (_, i) =>
    nulls?.[i] === 1 ? null : strings.slice(listOffsets[i], listOffsets[i + 1]),
  );
}

function laidOut(lists: readonly TextList[]): ListColumn {
  const listOffsets = new Int32Array(lists.length + 1);
  for (const [i, list] of lists.entries()) listOffsets[i + 1] = listOffsets[i]! + (list?.length ?? 0);
  const texts = encodeUtf8Column(lists.flatMap((list) => list ?? []));
  return { listOffsets, texts, nulls: Uint8Array.from(lists, (list) => (list === null ? 1 : 0)) };
}
