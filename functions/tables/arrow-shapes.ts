import type { FieldShape, TableShape } from './flatbuffer-check.ts';

const scalar = (bytes: 1 | 2 | 4 | 8): FieldShape => ({ kind: 'scalar', bytes });
const structs = (bytes: number): FieldShape => ({ kind: 'structs', bytes });
const text: FieldShape = { kind: 'string' };
const table = (of: () => TableShape): FieldShape => ({ kind: 'table', of });
const tables = (of: () => TableShape): FieldShape => ({ kind: 'tables', of });

const KEY_VALUE: TableShape = [text, text];
const INT: TableShape = [scalar(4), scalar(1)];
const NOTHING: TableShape = [];
/** The types of Schema.fbs in the order of their union, from 1. */
const TYPES: readonly TableShape[] = [
  NOTHING, // Null
  INT,
  [scalar(2)], // FloatingPoint
  NOTHING, // Binary
  NOTHING, // Utf8
  NOTHING, // Bool
  [scalar(4), scalar(4), scalar(4)], // Decimal
  [scalar(2)], // Date
  [scalar(2), scalar(4)], // Time
  [scalar(2), text], // Timestamp
  [scalar(2)], // Interval
  NOTHING, // List
  NOTHING, // Struct
  [scalar(2), structs(4)], // Union
  [scalar(4)], // FixedSizeBinary
  [scalar(4)], // FixedSizeList
  [scalar(1)], // Map
  [scalar(2)], // Duration
  NOTHING, // LargeBinary
  NOTHING, // LargeUtf8
  NOTHING, // LargeList
  NOTHING, // RunEndEncoded
  NOTHING, // BinaryView
  NOTHING, // Utf8View
  NOTHING, // ListView
  NOTHING, // LargeListView
];
const FIELD: TableShape = [
  text,
  scalar(1),
  scalar(1),
  { kind: 'union', of: (tag) => TYPES[tag - 1] },
  table(() => [scalar(8), table(() => INT), scalar(1), scalar(2)]), // DictionaryEncoding
  tables(() => FIELD),
  tables(() => KEY_VALUE),
];
const SCHEMA: TableShape = [scalar(2), tables(() => FIELD), tables(() => KEY_VALUE), structs(8)];
const RECORD_BATCH: TableShape = [
  scalar(8),
  structs(16),
  structs(16),
  table(() => [scalar(1), scalar(1)]), // BodyCompression
  structs(8),
];
const HEADERS: readonly TableShape[] = [
  SCHEMA,
  [scalar(8), table(() => RECORD_BATCH), scalar(1)],
  RECORD_BATCH,
];

/** A message of Arrow's IPC format (Message.fbs): a schema, a dictionary or a record batch. */
export const MESSAGE: TableShape = [
  scalar(2),
  scalar(1),
  { kind: 'union', of: (tag) => HEADERS[tag - 1] },
  scalar(8),
  tables(() => KEY_VALUE),
];

/** The footer of an Arrow file (File.fbs). */
export const FOOTER: TableShape = [
  scalar(2),
  table(() => SCHEMA),
  structs(24),
  structs(24),
  tables(() => KEY_VALUE),
];
