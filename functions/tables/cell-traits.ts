import { parseLocalDate } from './local-dates.ts';
import { parseLocalNumber } from './local-numbers.ts';
import { parseNumber, parseTimestamp } from './values.ts';

/** What a text may be, all at once: bits of `cellTraits`. */
export const TRAITS = {
  /** A number under a decimal point, or under a decimal comma. */
  point: 1 << 0,
  comma: 1 << 1,
  /** A number that both marks read alike, of digits alone. */
  plain: 1 << 2,
  /** Whole under a point (1 or 1.0), or under a comma. */
  wholePoint: 1 << 3,
  wholeComma: 1 << 4,
  /** A whole number with zeros behind the point, as `17850.0`: an integer that went through a float column. */
  floatWhole: 1 << 5,
  boolean: 1 << 6,
  ymd: 1 << 7,
  dmy: 1 << 8,
  mdy: 1 << 9,
  /** A date with a time of day. */
  time: 1 << 10,
  jsonList: 1 << 11,
  barList: 1 << 12,
  email: 1 << 13,
  phone: 1 << 14,
  /** A word for "no value". */
  missingWord: 1 << 15,
  /** Holds a blank. */
  words: 1 << 16,
  /** Begins as a formula of a spreadsheet would. */
  formula: 1 << 17,
} as const;

/** Number of bits in use. */
export const N_TRAITS = Object.keys(TRAITS).length;

const MISSING_WORDS = new Set(
  'select|?|??|-|--|.|null|none|nan|na|n/a|#n/a|n.a.|nil|undefined|unknown|unspecified|missing|(not set)|not set|(none)|(null)|\\n|not available|not specified'.split(
    '|',
  ),
);
const BOOLEANS = new Set(['true', 'false', 'yes', 'no', 't', 'f', 'y', 'n', 'on', 'off']);
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/;
const PHONE = /^\+?[\d() ./-]{7,20}$/;
const encoder = new TextEncoder();

/** All that a text may be, as bits of `TRAITS`; it depends on the text alone. */
export function cellTraits(text: string): number {
  const T = TRAITS;
  let traits = 0;
  const first = text.charCodeAt(0);
  const isNumeric = first <= 0x39 || first === 0x20ac || first === 0xa3 || first === 0xa5;
  if (isNumeric) {
    const bytes = encoder.encode(text);
    const plain = parseNumber(bytes, 0, bytes.length);
    const point = Number.isNaN(plain) ? parseLocalNumber(text, '.') : plain;
    const comma = parseLocalNumber(text, ',');
    if (!Number.isNaN(point)) traits |= T.point | (Number.isInteger(point) ? T.wholePoint : 0);
    if (!Number.isNaN(comma)) traits |= T.comma | (Number.isInteger(comma) ? T.wholeComma : 0);
    if (point === comma) traits |= T.plain;
    if (/^\d+\.0+$/.test(text)) traits |= T.floatWhole;
    if (!Number.isNaN(parseTimestamp(bytes, 0, bytes.length)) || isDate(text, 'ymd')) traits |= T.ymd;
    if (isDate(text, 'dmy')) traits |= T.dmy;
    if (isDate(text, 'mdy')) traits |= T.mdy;
    if ((traits & (T.ymd | T.dmy | T.mdy)) !== 0 && /\d:\d/.test(text)) traits |= T.time;
    if ((traits & (T.ymd | T.dmy | T.mdy)) === 0 && PHONE.test(text) && text.replace(/\D/g, '').length >= 7) {
      traits |= T.phone;
    }
  }
  const lower = text.length <= 16 ? text.toLowerCase() : '';
  if (BOOLEANS.has(lower)) traits |= T.boolean;
  if (MISSING_WORDS.has(lower)) traits |= T.missingWord;
  if (text.includes('|') && /[^|\s]\s*\|/.test(text)) traits |= T.barList;
  if (text.startsWith('[') && isJsonList(text)) traits |= T.jsonList;
  if (text.includes('@') && EMAIL.test(text)) traits |= T.email;
  if (text.includes(' ')) traits |= T.words;
  // Of a number the sign is no formula.
  if (/^[=+\-@]/.test(text) && (traits & (T.point | T.comma | T.phone)) === 0 && text.length > 1)
    traits |= T.formula;
  return traits;
}

const isDate = (text: string, order: 'ymd' | 'dmy' | 'mdy') => !Number.isNaN(parseLocalDate(text, order));

function isJsonList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    // Python prints lists with single quotes.
    return /^\[\s*'.*'\s*\]$/.test(text);
  }
}
