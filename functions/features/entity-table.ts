import { type ArrowColumns, encodeArrowFile } from '../arrow/ipc.ts';
import type { EntityColumn } from '../contracts/recipe.ts';

/** Values of one column of an entity table. */
export type EntityValues =
  | {
      readonly type: 'number' | 'boolean' | 'time';
      /** NaN = missing; 0/1 of a boolean, ms since the epoch of a time. */
      readonly values: Float64Array;
    }
  | {
      readonly type: 'category';
      /** Into the dictionary; −1 = missing. */
      readonly codes: Int32Array;
      readonly dictionary: readonly string[];
    }
  | {
      readonly type: 'list';
      /** Entries of row i: codes[offsets[i] … offsets[i + 1]). */
      readonly offsets: Int32Array;
      readonly codes: Int32Array;
      readonly dictionary: readonly string[];
      /** 1 = no list at all; absent where every row has one. */
      readonly nulls?: Uint8Array;
    };

/** One row per entity, in canonical order. */
export interface EntityTable {
  readonly nRows: number;
  readonly ids: readonly string[];
  readonly columns: ReadonlyMap<string, EntityValues>;
}

/** The table as an Arrow file: `id`, and each column with its unit and source; a missing text is empty, a list JSON. */
export function encodeEntityTable(
  { ids, columns }: EntityTable,
  described: readonly EntityColumn[],
): Uint8Array {
  const encoded: Record<string, ArrowColumns[string]> = { id: ids };
  for (const [name, values] of columns) encoded[name] = columnData(values);
  const metadata = described.map(({ name, unit, source }) => [name, { unit, source }] as const);
  return encodeArrowFile(encoded, { columns: Object.fromEntries(metadata) });
}

function columnData(column: EntityValues): ArrowColumns[string] {
  if ('values' in column) return column.values;
  const { codes, dictionary } = column;
  if (column.type === 'category') return Array.from(codes, (code) => dictionary[code] ?? '');
  const { offsets, nulls } = column;
  return Array.from({ length: offsets.length - 1 }, (_, i) =>
    nulls?.[i] === 1
      ? ''
      : JSON.stringify(Array.from(codes.subarray(offsets[i], offsets[i + 1]), (code) => dictionary[code])),
  );
}
