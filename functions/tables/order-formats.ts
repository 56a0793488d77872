import type { OrderColumns, OrderFormats } from '../contracts/artifacts.ts';
import { InvalidDatasetError } from '../errors.ts';
import { digitTraits, TRAITS } from './cell-traits.ts';
import { type Cells, cellText, isMissing, type TableBatch } from './cells.ts';
import { dateOrder, parseLocalDate } from './local-dates.ts';
import { decimalMark, parseLocalNumber } from './local-numbers.ts';
import { ORDER_ROLES } from './order-columns.ts';
import { parseTimestamp } from './values.ts';

const ORDERED_AT = ORDER_ROLES.indexOf('orderedAt');
const QUANTITY = ORDER_ROLES.indexOf('quantity');
const UNIT_PRICE = ORDER_ROLES.indexOf('unitPrice');
const encoder = new TextEncoder();

/**
 * How the numbers and dates of an order file are written, from a sample of its rows.
 * @param batches columns in the order of `ORDER_ROLES`
 * @throws InvalidDatasetError when days and months of the dates cannot be told apart: guessing would be wrong half the time
 */
export async function orderFormats(
  batches: AsyncIterable<TableBatch>,
  file: string,
  { orderedAt }: OrderColumns,
): Promise<OrderFormats> {
  const quantity = { point: 0, comma: 0 };
  const unitPrice = { ...quantity };
  const dates = { ymd: 0, dmy: 0, mdy: 0 };
  let example = '';
  for await (const { nRows, columns } of batches) {
    countNumbers(columns[QUANTITY]!, nRows, quantity);
    countNumbers(columns[UNIT_PRICE]!, nRows, unitPrice);
    const cells = columns[ORDERED_AT]!;
    for (let i = 0; i < nRows; i++) {
      if (isMissing(cells, i)) continue;
      if (isTimestamp(cells, i)) {
        // What begins with four digits and a dash is no date of another order.
        dates.ymd++;
        continue;
      }
      const text = cellText(cells, i);
      if (isDate(text, 'ymd')) dates.ymd++;
      const [isDmy, isMdy] = [isDate(text, 'dmy'), isDate(text, 'mdy')];
      if (isDmy) dates.dmy++;
      if (isMdy) dates.mdy++;
      if (example === '' && isDmy && isMdy) example = text;
    }
  }
  const { order, isAmbiguous } = dateOrder(dates);
  if (isAmbiguous) {
    throw new InvalidDatasetError(
      `${file}: the dates in column "${orderedAt}", such as "${example}", may be day/month or month/day, and no row ` +
        'looked at tells which. Write them as YYYY-MM-DD HH:MM:SS.',
      { file, reason: 'ambiguous_dates', column: orderedAt },
    );
  }
  return { quantity: decimalMark(quantity), unitPrice: decimalMark(unitPrice), orderedAt: order };
}

const isDate = (text: string, order: 'ymd' | 'dmy' | 'mdy') => !Number.isNaN(parseLocalDate(text, order));

function isTimestamp(cells: Cells, i: number): boolean {
  if (cells.kind === 'text')
    return !Number.isNaN(parseTimestamp(cells.bytes, cells.offsets[i]!, cells.offsets[i + 1]!));
  const bytes = encoder.encode(cellText(cells, i));
  return !Number.isNaN(parseTimestamp(bytes, 0, bytes.length));
}

function countNumbers(cells: Cells, nRows: number, counts: { point: number; comma: number }): void {
  if (cells.kind !== 'text') return;
  for (let i = 0; i < nRows; i++) {
    if (isMissing(cells, i)) continue;
    const digits = digitTraits(cells.bytes, cells.offsets[i]!, cells.offsets[i + 1]!);
    if (digits !== 0) {
      if ((digits & TRAITS.point) !== 0) counts.point++;
      if ((digits & TRAITS.comma) !== 0) counts.comma++;
      continue;
    }
    const text = cellText(cells, i);
    if (!Number.isNaN(parseLocalNumber(text, '.'))) counts.point++;
    if (!Number.isNaN(parseLocalNumber(text, ','))) counts.comma++;
  }
}
