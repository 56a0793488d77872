/** Texts of one column in Arrow's layout: cell i is UTF-8 in `bytes[offsets[i] … offsets[i + 1])`. */
export interface TextCells {
  readonly kind: 'text';
  readonly bytes: Uint8Array;
  /** nRows + 1 offsets. */
  readonly offsets: Int32Array;
  /** 1 where there is no value; null where every row has one. */
  readonly nulls: Uint8Array | null;
}

/** Numbers as the file's own type gives them; NaN and infinities stay as they are. */
export interface NumberCells {
  readonly kind: 'number';
  readonly values: Float64Array;
  readonly nulls: Uint8Array | null;
}

/** Instants in ms since the epoch; times without a zone are taken as UTC. */
export interface TimeCells {
  readonly kind: 'time';
  readonly values: Float64Array;
  readonly nulls: Uint8Array | null;
}

/** 0 or 1 per row. */
export interface BooleanCells {
  readonly kind: 'boolean';
  readonly values: Uint8Array;
  readonly nulls: Uint8Array | null;
}

/**
 * The cells of one column in one batch. The kind is that of the file's types and may change from batch to batch where
 * the file has none: a batch of mixed cells is one of texts.
 */
export type Cells = TextCells | NumberCells | TimeCells | BooleanCells;

/** Some successive rows of a table, column by column: the one form that every format is read into. */
export interface TableBatch {
  readonly nRows: number;
  /** In the order of the columns that were asked for. */
  readonly columns: readonly Cells[];
  /** Where row i stands in the file: 1-based lines of a text file or rows of a sheet, else row numbers from 1. */
  readonly places: Int32Array | { readonly first: number };
}

/** Rows of a batch, at most. */
export const BATCH_ROWS = 8192;

/** Where row `i` of a batch stands in its file. */
export function placeOf({ places }: TableBatch, i: number): number {
  return 'first' in places ? places.first + i : places[i]!;
}

/** Whether a cell has no value: a null of the file, or an empty text. */
export function isMissing(cells: Cells, i: number): boolean {
  if (cells.nulls !== null && cells.nulls[i] === 1) return true;
  return cells.kind === 'text' && cells.offsets[i] === cells.offsets[i + 1];
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A cell as text: shortest decimal of a number, ISO 8601 of an instant, `true` or `false`, empty for none. */
export function cellText(cells: Cells, i: number): string {
  if (cells.nulls !== null && cells.nulls[i] === 1) return '';
  if (cells.kind === 'text')
    return decoder.decode(cells.bytes.subarray(cells.offsets[i], cells.offsets[i + 1]));
  const value = cells.values[i]!;
  if (cells.kind === 'number') return String(value);
  if (cells.kind === 'boolean') return value === 1 ? 'true' : 'false';
  return timeText(value);
}

/** ISO 8601 in UTC; the date alone at midnight. */
export function timeText(ms: number): string {
  // The range of dates in JavaScript.
  if (!(Math.abs(ms) <= 8.64e15)) return String(ms);
  const text = new Date(ms).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, -14) : text;
}
