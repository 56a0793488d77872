import { type DecodedArray, parquetMetadata, parquetRead, parquetSchema, type SchemaTree } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { InvalidDatasetError } from '../functions/errors.ts';
import { ColumnCollector, type TableColumn } from './numeric-table-column.ts';

/**
 * Columns of a Parquet file. Integers, floats and decimals are numbers; other types, booleans and times among them,
 * are not, nor are lists and structs.
 * @throws InvalidDatasetError for bytes that are no Parquet file, truncated or damaged
 */
export async function readParquetColumns(bytes: Uint8Array, file: string): Promise<TableColumn[]> {
  try {
    const buffer = new Uint8Array(bytes).buffer;
    const metadata = parquetMetadata(buffer);
    const fields = parquetSchema(metadata).children;
    const collectors = new Map(
      fields.filter(isReadable).map(({ element }) => [element.name, new ColumnCollector(element.name)]),
    );
    if (collectors.size > 0 && metadata.num_rows > 0n) {
      await parquetRead({
        file: { byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) },
        metadata,
        columns: [...collectors.keys()],
        compressors,
        onChunk: ({ columnName, columnData }) => collect(collectors.get(columnName)!, columnData),
      });
    }
    return fields.map((field) => finished(field, collectors, Number(metadata.num_rows)));
  } catch (cause) {
    if (cause instanceof InvalidDatasetError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidDatasetError(
      `${file} cannot be read as Parquet: ${reason}. Write it again.`,
      { file, reason: 'corrupt_parquet' },
      { cause },
    );
  }
}

const NUMBERS = new Set(['INT32', 'INT64', 'FLOAT', 'DOUBLE']);
const NUMBER_KINDS = /^(INTEGER|INT_\d+|UINT_\d+|DECIMAL|FLOAT16)$/;
const TEXT_KINDS = /^(STRING|UTF8|ENUM)$/;

const kindOf = ({ element }: SchemaTree) => element.logical_type?.type ?? element.converted_type;

function isReadable(field: SchemaTree): boolean {
  const { children, element } = field;
  if (children.length > 0 || element.repetition_type === 'REPEATED') return false;
  const kind = kindOf(field);
  if (kind !== undefined) return NUMBER_KINDS.test(kind) || TEXT_KINDS.test(kind);
  return NUMBERS.has(element.type ?? '');
}

function collect(collector: ColumnCollector, cells: DecodedArray): void {
  for (let i = 0; i < cells.length; i++) {
    const cell: unknown = cells[i];
    if (cell === null || cell === undefined) collector.addFault('missing', '');
    else if (typeof cell === 'number' || typeof cell === 'bigint') {
      collector.addNumber(Number(cell), collector.keepsTexts ? String(cell) : undefined);
    } else collector.addFault('text', String(cell));
  }
}

function finished(
  field: SchemaTree,
  collectors: ReadonlyMap<string, ColumnCollector>,
  nRows: number,
): TableColumn {
  const collector = collectors.get(field.element.name);
  if (!collector) {
    const type =
      field.children.length > 0 ? 'nested values' : `values of type ${kindOf(field) ?? field.element.type}`;
    return { name: field.element.name, nRows, numbers: new Float64Array(0), otherType: type };
  }
  const column = collector.finish();
  if (column.nRows !== nRows) {
    throw new Error(`column "${column.name}" holds ${column.nRows} rows of ${nRows}`);
  }
  return column;
}
