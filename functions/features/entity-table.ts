import type { ArrowColumns } from '../arrow/columns.ts';
import { type DecodedArrow, encodeArrowBatch } from '../arrow/ipc.ts';
import { decodeUtf8Column, type Utf8Column } from '../arrow/utf8.ts';
import type { EntityColumn, FittedRecipe } from '../contracts/recipe.ts';
import { InvalidDatasetError } from '../errors.ts';
import { ByteDictionary } from '../tables/byte-dictionary.ts';

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
  /** The same as UTF-8, where that is at hand: most steps hand ids on and look at none. */
  readonly idBytes?: Utf8Column;
  readonly columns: ReadonlyMap<string, EntityValues>;
  /** Of orders: instant of each customer's latest, ms since the epoch. Recency is counted from it, so no column holds it. */
  readonly latestMs?: Float64Array;
}

/** A table whose ids become strings when they are first asked for. @throws TypeError then, for bytes that are not UTF-8 */
export function tableOfBytes(
  table: Omit<EntityTable, 'ids'> & { readonly idBytes: Utf8Column },
): EntityTable {
  let texts: readonly string[] | undefined;
  return {
    ...table,
    get ids() {
      texts ??= decodeUtf8Column(table.idBytes, table.nRows);
      return texts;
    },
  };
}

/** Name of the Arrow column of `latestMs`. */
const LATEST_MS = 'latest_ms';

/** Name of the id's column in the Arrow file of each kind of entity table. */
export const ID_COLUMNS: Readonly<Record<FittedRecipe['recipe'], string>> = {
  rfm: 'customer_id',
  table: 'id',
};

/** The parts of the table's Arrow file: its id, and each column with its unit and source; categories by dictionary. */
export function encodeEntityTable(
  table: EntityTable,
  described: readonly EntityColumn[],
  idColumn = ID_COLUMNS.table,
): Uint8Array[] {
  const { columns, latestMs } = table;
  const encoded: Record<string, ArrowColumns[string]> = { [idColumn]: table.idBytes ?? table.ids };
  for (const [name, values] of columns) {
    // The codes as they are: texts would be laid out here and looked up again by whoever reads the table.
    encoded[name] = values.type === 'category' ? values : columnData(values);
  }
  if (latestMs) encoded[LATEST_MS] = latestMs;
  const metadata = described.map(({ name, unit, source }) => [name, { unit, source }] as const);
  return encodeArrowBatch(encoded, { columns: Object.fromEntries(metadata) });
}

/** A column as an Arrow file of many tables holds it: numbers, texts with an empty one for none, or lists of texts. */
export function columnData(column: EntityValues): ArrowColumns[string] {
  if ('values' in column) return column.values;
  const { codes, dictionary } = column;
  if (column.type === 'category') return textsOfCodes(codes, dictionary);
  return { listOffsets: column.offsets, texts: textsOfCodes(codes, dictionary), nulls: column.nulls };
}

/**
 * Reads what `encodeEntityTable` wrote.
 * @throws InvalidDatasetError for a file that lacks a column or holds another type
 */
export function decodeEntityTable(
  file: DecodedArrow,
  described: readonly EntityColumn[],
  idColumn = ID_COLUMNS.table,
): EntityTable {
  return tableOfBytes({
    nRows: file.nRows,
    idBytes: file.utf8(idColumn),
    columns: new Map(described.map((column) => [column.name, columnValues(file, column)])),
    ...(idColumn === ID_COLUMNS.rfm && { latestMs: file.float64(LATEST_MS) }),
  });
}

function columnValues(file: DecodedArrow, { name, type }: EntityColumn): EntityValues {
  if (type !== 'category' && type !== 'list') return { type, values: file.float64(name) };
  if (type === 'category') return { type, ...file.dictionary(name) };
  const { listOffsets, texts, nulls } = file.lists(name);
  return { type, offsets: listOffsets, ...codesOfTexts(texts), ...(nulls && { nulls }) };
}

/** The texts of codes as bytes, each text of the dictionary encoded once; −1 is empty. */
function textsOfCodes(codes: Int32Array, dictionary: readonly string[]): Utf8Column {
  const texts = dictionary.map((text) => encoder.encode(text));
  const offsets = new Int32Array(codes.length + 1);
  for (let i = 0; i < codes.length; i++) {
    offsets[i + 1] = offsets[i]! + (codes[i]! < 0 ? 0 : texts[codes[i]!]!.length);
  }
  const bytes = new Uint8Array(offsets[codes.length]!);
  for (let i = 0, at = 0; i < codes.length; i++) {
    if (codes[i]! < 0) continue;
    const text = texts[codes[i]!]!;
    for (let j = 0; j < text.length; j++) bytes[at++] = text[j]!;
  }
  return { bytes, offsets };
}

/** The inverse, without a string per cell. @throws InvalidDatasetError for bytes that are not UTF-8 */
function codesOfTexts({ bytes, offsets }: Utf8Column): { codes: Int32Array; dictionary: readonly string[] } {
  const seen = new ByteDictionary();
  const codes = new Int32Array(offsets.length - 1);
  for (let i = 0; i < codes.length; i++) {
    codes[i] = seen.code(bytes, offsets[i]!, offsets[i + 1]!);
  }
  const dictionary = seen.texts().map((text) => {
    if (text !== undefined) return text;
    throw new InvalidDatasetError('A text of the entity table is not UTF-8. Write the file again.', {
      reason: 'corrupt_arrow',
    });
  });
  return { codes, dictionary };
}

const encoder = new TextEncoder();

/** The first rows of a table, at most `n`. */
export function headOf(table: EntityTable, n: number): EntityTable {
  if (table.nRows <= n) return table;
  const head = (column: EntityValues): EntityValues => {
    if ('values' in column) return { ...column, values: column.values.subarray(0, n) };
    if (column.type === 'category') return { ...column, codes: column.codes.subarray(0, n) };
    const { offsets, codes, nulls } = column;
    return {
      ...column,
      offsets: offsets.subarray(0, n + 1),
      codes: codes.subarray(0, offsets[n]),
      ...(nulls && { nulls: nulls.subarray(0, n) }),
    };
  };
  return {
    nRows: n,
    ids: table.ids.slice(0, n),
    columns: new Map([...table.columns].map(([name, column]) => [name, head(column)])),
  };
}
