import {
  type Data,
  type DataType,
  Dictionary,
  Field,
  Float32,
  Float64,
  Int32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  Vector,
} from 'apache-arrow';
import { encodeUtf8Column, sliceUtf8, type Utf8Column } from './utf8.ts';

/** Texts by number, each different one stored once: Arrow's dictionary of Utf8. Code −1 is a null. */
export interface DictionaryColumn {
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

/** Lists of texts: those of row i are `texts` listOffsets[i] … listOffsets[i + 1]. Arrow's List of Utf8. */
export interface ListColumn {
  readonly listOffsets: Int32Array;
  readonly texts: Utf8Column;
  /** 1 = no list at all, which is a null; absent where every row has one. */
  readonly nulls?: Uint8Array | undefined;
}

/** Values of one column: text as strings or as their UTF-8 bytes, numbers as the typed array of their Arrow type. */
export type ColumnData =
  | readonly string[]
  | Utf8Column
  | DictionaryColumn
  | ListColumn
  | Float64Array
  | Float32Array
  | Int32Array;

/** Columns of equal length by name, in the order of the schema. */
export interface ArrowColumns {
  readonly [name: string]: ColumnData;
}

/** Key-value metadata of the schema and of its columns. */
export interface ArrowSchemaMetadata {
  readonly table?: Readonly<Record<string, string>>;
  readonly columns?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const sortedMap = (entries: Readonly<Record<string, string>> = {}) =>
  new Map(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));

/** @param nth column of the schema, by which its dictionary goes: the library would count up through the process */
function arrowType(data: ColumnData, nth: number): DataType {
  if (data instanceof Float64Array) return new Float64();
  if (data instanceof Float32Array) return new Float32();
  if (data instanceof Int32Array) return new Int32();
  if ('codes' in data) return new Dictionary(new Utf8(), new Int32(), nth);
  if ('listOffsets' in data) return new List(new Field('item', new Utf8(), false));
  return new Utf8();
}

/** The schema of columns. Only dictionaries and lists may hold nulls. */
export function schemaOf(columns: ArrowColumns, metadata: ArrowSchemaMetadata = {}): Schema {
  const fields = Object.entries(columns).map(([name, data], nth) => {
    const isNullable = 'codes' in data || 'listOffsets' in data;
    return new Field(name, arrowType(data, nth), isNullable, sortedMap(metadata.columns?.[name]));
  });
  return new Schema(fields, sortedMap(metadata.table));
}

function rowsOf(data: ColumnData): number {
  if ('codes' in data) return data.codes.length;
  if ('listOffsets' in data) return data.listOffsets.length - 1;
  return 'offsets' in data ? data.offsets.length - 1 : data.length;
}

/** Rows of a table. @throws RangeError for columns of unequal length */
export function lengthOf(columns: ArrowColumns): number {
  const lengths = new Set(Object.values(columns).map(rowsOf));
  if (lengths.size > 1) {
    throw new RangeError(
      `Columns of unequal length: ${Object.entries(columns).map(([name, data]) => `${name} ${rowsOf(data)}`)}`,
    );
  }
  return lengths.values().next().value ?? 0;
}

/**
 * Arrow's dictionaries of a table's columns, one for all of its batches: each is written once.
 * @returns by name, of the columns that have one
 */
export function dictionariesOf(columns: ArrowColumns): ReadonlyMap<string, Vector<Utf8>> {
  const dictionaries = new Map<string, Vector<Utf8>>();
  for (const [name, data] of Object.entries(columns)) {
    if ('codes' in data)
      dictionaries.set(name, new Vector([textData(new Utf8(), encodeUtf8Column(data.dictionary))]));
  }
  return dictionaries;
}

/** Rows [start, end) as a record batch, views of the columns where these are numbers. */
export function recordBatch(
  schema: Schema,
  columns: ArrowColumns,
  dictionaries: ReadonlyMap<string, Vector<Utf8>>,
  start: number,
  end: number,
): RecordBatch {
  const length = end - start;
  const children = schema.fields.map(({ name, type }) =>
    columnData(type, columns[name]!, dictionaries.get(name), start, end),
  );
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, children }));
}

/** Built from our own buffers: the library's builders are an order of magnitude slower. */
function columnData(
  type: DataType,
  data: ColumnData,
  dictionary: Vector<Utf8> | undefined,
  start: number,
  end: number,
): Data {
  const length = end - start;
  if (data instanceof Float64Array)
    return makeData({ type: type as Float64, length, data: data.subarray(start, end) });
  if (data instanceof Float32Array)
    return makeData({ type: type as Float32, length, data: data.subarray(start, end) });
  if (data instanceof Int32Array)
    return makeData({ type: type as Int32, length, data: data.subarray(start, end) });
  if ('codes' in data) {
    const codes = data.codes.subarray(start, end);
    const nulls = nullBits(length, (i) => codes[i]! < 0);
    return makeData({
      type: type as Dictionary<Utf8, Int32>,
      length,
      data: codes,
      dictionary: dictionary!,
      ...nulls,
    });
  }
  if ('listOffsets' in data) {
    const first = data.listOffsets[start]!;
    const valueOffsets = data.listOffsets.slice(start, end + 1);
    const texts = sliceUtf8(data.texts, first, valueOffsets[length]!);
    for (let i = 0; i <= length; i++) valueOffsets[i]! -= first;
    const list = type as List<Utf8>;
    const nulls = nullBits(length, (i) => data.nulls?.[start + i] === 1);
    return makeData({ type: list, length, valueOffsets, child: textData(list.valueType, texts), ...nulls });
  }
  const isWhole = 'length' in data && length === data.length;
  return textData(
    type as Utf8,
    'offsets' in data
      ? sliceUtf8(data, start, end)
      : encodeUtf8Column(isWhole ? data : data.slice(start, end)),
  );
}

const textData = (type: Utf8, { bytes, offsets }: Utf8Column): Data<Utf8> =>
  makeData({ type, length: offsets.length - 1, data: bytes, valueOffsets: offsets });

/** Arrow's validity of some rows, a bit each, 0 for a null; none where there is no null. */
function nullBits(length: number, isNull: (i: number) => boolean) {
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (isNull(i)) nullCount++;
    else nullBitmap[i >> 3]! |= 1 << (i & 7);
  }
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap };
}
