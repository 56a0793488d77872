import { streamXlsxRows } from 'hucre/xlsx';
import { InvalidDatasetError } from '../errors.ts';
import { BATCH_ROWS, type TableBatch } from './cells.ts';
import { cellsOfValues } from './cells-of-values.ts';
import { refuseZipBomb } from './zip-bomb.ts';

/** A row of a sheet; `index` from 0. */
interface SheetRow {
  readonly index: number;
  readonly values: readonly unknown[];
}

/** The rows of a sheet that hold a value, one after the other. @throws InvalidDatasetError */
async function* sheetRows(file: string, bytes: Uint8Array, sheet: string | null): AsyncGenerator<SheetRow> {
  refuseZipBomb(file, bytes);
  try {
    for await (const row of streamXlsxRows(bytes, sheet === null ? {} : { sheet })) {
      if (row.values.some((value) => value !== null && value !== '')) yield row;
    }
  } catch (cause) {
    if (cause instanceof InvalidDatasetError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidDatasetError(
      `${file} cannot be read as a spreadsheet: ${reason.replace(/\.$/, '')}. Save it again as .xlsx, or as CSV.`,
      { file, reason: 'corrupt_xlsx' },
      { cause },
    );
  }
}

/** The first row of a sheet that holds a value, which is its header, and the number (from 1) of the row below it. */
export async function readSheetHeader(
  file: string,
  bytes: Uint8Array,
  sheet: string | null,
): Promise<{ header: string[]; firstPlace: number }> {
  for await (const { index, values } of sheetRows(file, bytes, sheet)) {
    return {
      header: values.map((value) => (value === null ? '' : String(value).trim())),
      firstPlace: index + 2,
    };
  }
  throw new InvalidDatasetError(
    `${file} is empty: no cell holds a value. Expected a header row and rows below it.`,
    {
      file,
      reason: 'empty_file',
    },
  );
}

/**
 * The rows of a sheet below its header. Dates are instants; cells beyond the header are left out.
 * @param columns indexes into the header
 * @param firstPlace number (from 1) of the first row to read
 */
export async function* readSheetBatches(
  file: string,
  bytes: Uint8Array,
  sheet: string | null,
  columns: readonly number[],
  firstPlace: number,
): AsyncGenerator<TableBatch> {
  const values = columns.map(() => [] as unknown[]);
  let places: number[] = [];
  const batch = (): TableBatch => {
    const taken = {
      nRows: places.length,
      columns: values.map((column) => cellsOfValues(column)),
      places: Int32Array.from(places),
    };
    for (const column of values) column.length = 0;
    places = [];
    return taken;
  };
  for await (const { index, values: row } of sheetRows(file, bytes, sheet)) {
    if (index + 1 < firstPlace) continue;
    for (const [slot, column] of columns.entries()) {
      const value = row[column] ?? null;
      values[slot]!.push(typeof value === 'string' ? value.trim() : value);
    }
    places.push(index + 1);
    if (places.length === BATCH_ROWS) yield batch();
  }
  if (places.length > 0) yield batch();
}
