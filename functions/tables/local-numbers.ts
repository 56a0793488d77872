import type { DecimalMark } from '../contracts/table-layout.ts';
import { LARGEST_NUMBER } from './values.ts';

/** Thousands in groups of three, parted by one and the same sign; blanks may be of any width. */
const GROUPED = {
  '.': /^[+-]?(?:\d{1,3}(?:([,'’ \u00a0\u202f])\d{3})(?:\1\d{3})*|\d+)(?:\.\d*)?$/,
  ',': /^[+-]?(?:\d{1,3}(?:([.'’ \u00a0\u202f])\d{3})(?:\1\d{3})*|\d+)(?:,\d*)?(?:[eE][+-]?\d{1,3})?$/,
} as const;
const GROUPING = { '.': /[,'’ \u00a0\u202f]/g, ',': /[.'’ \u00a0\u202f]/g } as const;
const CURRENCY = /^([+-]?)[€$£¥]\s?|\s?[€$£¥]$/g;

/**
 * A number as people write it: thousands grouped, either decimal mark, a currency sign before or behind; under a decimal
 * comma also an exponent, which under a point is left to `parseNumber`.
 * @returns NaN for anything else
 */
export function parseLocalNumber(text: string, mark: DecimalMark): number {
  const plain = text.replace(CURRENCY, '$1');
  if (!GROUPED[mark].test(plain)) return Number.NaN;
  const digits = plain.replace(GROUPING[mark], '');
  const value = Number(mark === ',' ? digits.replace(',', '.') : digits);
  return /e/i.test(digits) && Math.abs(value) > LARGEST_NUMBER ? Number.NaN : value;
}

/** How many texts of a column read as numbers under either decimal mark. Counts of shards add up. */
export interface NumberFormatCounts {
  readonly point: number;
  readonly comma: number;
}

/** The mark under which more texts are numbers; a point where both do as well. */
export function decimalMark({ point, comma }: NumberFormatCounts): DecimalMark {
  return comma > point ? ',' : '.';
}
