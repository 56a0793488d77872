import type { TableFormat } from '../functions/contracts/table-layout.ts';
import { InsufficientDataError, InvalidDatasetError, InvalidRequestError } from '../functions/errors.ts';
import { type CellFault, isIdName, type TableColumn } from './numeric-table-column.ts';
import { readColumns } from './numeric-table-file.ts';

/** The numeric columns of a file, and what names its rows. */
export interface NumericTable {
  readonly file: string;
  readonly format: TableFormat;
  readonly nSamples: number;
  readonly columns: readonly { readonly name: string; readonly values: Float64Array }[];
  /** The column that names the rows, values unique; rows are numbered from 1 where there is none. */
  readonly ids?: { readonly name: string; readonly values: readonly string[] };
  /** Columns that are not clustered, and why. */
  readonly leftOut: readonly { readonly column: string; readonly reason: string }[];
}

/**
 * Reads CSV, TSV and blank-separated text, JSON Lines, Arrow and Feather files and streams, Parquet and spreadsheets,
 * each plain or gzipped; the content decides which it is.
 * @param wanted columns to cluster, in this order; by default every numeric column but ids
 * @throws InvalidRequestError when there is no such file or column
 * @throws InvalidDatasetError for a file that cannot be read, and for a cell at fault in a column to cluster
 * @throws InsufficientDataError for a table without rows
 */
export async function readNumericTable(file: string, wanted?: readonly string[]): Promise<NumericTable> {
  const { format, columns } = await readColumns(file);
  const nSamples = columns[0]?.nRows ?? 0;
  if (nSamples === 0) {
    throw new InsufficientDataError(
      `${file} has ${columns.length} columns but no row. Add rows, one line or record each.`,
      { file, reason: 'no_rows' },
    );
  }
  const chosen = wanted ? columnsNamed(wanted, columns, file) : columns.filter(isMeantToBeClustered);
  for (const column of chosen) requireNumbers(column, file);
  const ids = columns.find((column) => !chosen.includes(column) && holdsIds(column));
  const leftOut = columns
    .filter((column) => !chosen.includes(column))
    .map((column) => ({ column: column.name, reason: reasonToLeaveOut(column, ids, wanted !== undefined) }));
  if (chosen.length === 0) {
    const reasons = leftOut.map(({ column, reason }) => `${column} (${reason})`).join(', ');
    throw new InvalidDatasetError(
      `${file} has no numeric column to cluster: ${reasons}. Numbers are written as 12.5 or 1.25e1.`,
      { file, reason: 'no_numeric_column' },
    );
  }
  return {
    file,
    format,
    nSamples,
    columns: chosen.map(({ name, numbers }) => ({ name, values: numbers })),
    ...(ids?.texts && { ids: { name: ids.name, values: ids.texts } }),
    leftOut,
  };
}

const isMeantToBeClustered = (column: TableColumn) => column.numbers.length > 0 && !looksLikeId(column);

/** Whole numbers or texts under the name of an id: to cluster them never makes sense, to name rows may. */
function looksLikeId({ name, numbers, otherType }: TableColumn): boolean {
  return isIdName(name) && otherType === undefined && numbers.every(Number.isInteger);
}

function holdsIds(column: TableColumn): boolean {
  const { texts = [] } = column;
  return looksLikeId(column) && new Set(texts).size === column.nRows && !texts.includes('');
}

function columnsNamed(
  names: readonly string[],
  columns: readonly TableColumn[],
  file: string,
): readonly TableColumn[] {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new InvalidRequestError(`--columns names "${twice}" twice: name each column once.`, { file });
  }
  return names.map((name) => {
    const found = columns.find((column) => column.name === name);
    if (found) return found;
    throw new InvalidRequestError(
      `There is no column "${name}" in ${file}; it has ${columns.map((column) => column.name).join(', ')}.`,
      { file, reason: 'unknown_column', column: name },
    );
  });
}

function requireNumbers({ name, numbers, fault, otherType }: TableColumn, file: string): void {
  if (otherType !== undefined || (numbers.length === 0 && fault?.kind !== 'text')) {
    throw new InvalidDatasetError(
      `Column "${name}" holds ${otherType ?? 'no value'}, and clustering needs numbers. ` +
        'Convert it, or leave it out of --columns.',
      { file, reason: 'not_numeric', column: name },
    );
  }
  if (!fault) return;
  throw new InvalidDatasetError(`Column "${name}", ${faultText(fault)}. ${ADVICE[fault.kind]}`, {
    file,
    ...(fault.line !== undefined && { line: fault.line }),
    reason: fault.kind,
    row: fault.row + 1,
    column: name,
  });
}

const ADVICE = {
  text: 'Correct the cell (numbers are written as 12.5 or 1.25e1), or leave the column out of --columns.',
  missing: 'Fill the cell, drop its row, or pick other columns with --columns.',
  not_finite:
    'Clustering needs finite numbers: correct the cell, drop its row, or pick other columns with --columns.',
  too_large:
    'Numbers beyond ±1e150 cannot be squared: divide the column, or pick other columns with --columns.',
} as const;

function faultText({ kind, row, line, text }: CellFault): string {
  const place = line === undefined ? `row ${row + 1}` : `row ${row + 1} (line ${line})`;
  if (kind === 'missing') return `${place}: there is no value`;
  return `${place}: found ${JSON.stringify(text)}${kind === 'text' ? ', which is no number' : ''}`;
}

function reasonToLeaveOut(column: TableColumn, ids: TableColumn | undefined, isPicked: boolean): string {
  const { fault, otherType } = column;
  if (column === ids) return 'names the rows';
  if (isPicked) return 'not in --columns';
  if (otherType !== undefined) return otherType;
  if (looksLikeId(column)) return holdsIds(column) ? 'an id' : 'named like an id, but not unique';
  if (fault?.kind === 'text') return `no numbers: ${faultText(fault)}`;
  return 'no value in any row';
}
