import type { DateOrder } from '../contracts/table-layout.ts';
import { daysSinceEpoch } from './values.ts';

const DAY_MS = 86_400_000;
const TIME = String.raw`(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?)?`;
const DAY_FIRST = new RegExp(String.raw`^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})${TIME}$`);
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([/.-])(\d{1,2})\2(\d{1,2})${TIME}$`);

/** Two digits of a year up to this mean 20xx, above it 19xx (POSIX). */
const LAST_SHORT_YEAR = 68;

/**
 * A date of digits in a known order, with or without a time of day (24 hours, or 12 with AM and PM); UTC.
 * @returns ms since the epoch; NaN for anything else
 */
export function parseLocalDate(text: string, order: DateOrder): number {
  const match = (order === 'ymd' ? YEAR_FIRST : DAY_FIRST).exec(text);
  if (match === null) return Number.NaN;
  const [, a = '', sign, b = '', c = '', hours = '0', minutes = '0', seconds = '0', half] = match;
  // Dates with points put the day first wherever they are written.
  if (order === 'mdy' && sign === '.') return Number.NaN;
  const [year, month, day] = order === 'ymd' ? [a, b, c] : order === 'dmy' ? [c, b, a] : [c, a, b];
  const days = daysSinceEpoch(fullYear(year), Number(month), Number(day));
  const hour = hourOf(Number(hours), half);
  if (!(hour <= 23 && Number(minutes) <= 59 && Number(seconds) <= 59)) return Number.NaN;
  return days * DAY_MS + ((hour * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

function fullYear(text: string): number {
  const year = Number(text);
  if (text.length > 2) return year;
  return year + (year <= LAST_SHORT_YEAR ? 2000 : 1900);
}

function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return Number.NaN;
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
}

/** How many texts of a column are dates in each order. Counts of shards add up. */
export type DateOrderCounts = Readonly<Record<DateOrder, number>>;

/** The order in which most texts are dates; ambiguous where day and month could change places in all of them. */
export function dateOrder({ ymd, dmy, mdy }: DateOrderCounts): { order: DateOrder; isAmbiguous: boolean } {
  if (ymd >= Math.max(dmy, mdy)) return { order: 'ymd', isAmbiguous: false };
  return { order: mdy > dmy ? 'mdy' : 'dmy', isAmbiguous: dmy === mdy };
}
