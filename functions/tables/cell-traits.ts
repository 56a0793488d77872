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
/** Whether a text is one of the words that stand for "no value", in any case. */
export const isMissingWord = (text: string) =>
  text.length <= LONGEST_WORD && MISSING_WORDS.has(text.toLowerCase());
const LONGEST_WORD = 16;

const BOOLEANS = new Set(['true', 'false', 'yes', 'no', 't', 'f', 'y', 'n', 'on', 'off']);
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/;
const PHONE = /^\+?[\d() ./-]{7,20}$/;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Bytes of the longest text that is looked at. */
const LOOKED_AT = 1000;

/** All that the UTF-8 text in bytes [start, end) may be, as bits of `TRAITS`; it depends on the text alone. */
export function cellTraits(bytes: Uint8Array, start: number, end: number): number {
  const digits = digitTraits(bytes, start, end);
  if (digits !== 0) return digits;
  const T = TRAITS;
  const text = decoder.decode(bytes.subarray(start, Math.min(end, start + LOOKED_AT)));
  let traits = 0;
  const first = text.charCodeAt(0);
  const isNumeric = first <= 0x39 || first === 0x20ac || first === 0xa3 || first === 0xa5;
  if (isNumeric) {
    const isTime = !Number.isNaN(parseTimestamp(bytes, start, end));
    if (isTime) return T.ymd | (end - start > 10 ? T.time : 0) | (text.includes(' ') ? T.words : 0);
    const plain = parseNumber(bytes, start, end);
    const point = Number.isNaN(plain) ? parseLocalNumber(text, '.') : plain;
    const comma = parseLocalNumber(text, ',');
    if (!Number.isNaN(point)) traits |= T.point | (Number.isInteger(point) ? T.wholePoint : 0);
    if (!Number.isNaN(comma)) traits |= T.comma | (Number.isInteger(comma) ? T.wholeComma : 0);
    if (point === comma) traits |= T.plain;
    if (isDate(text, 'ymd')) traits |= T.ymd;
    if (isDate(text, 'dmy')) traits |= T.dmy;
    if (isDate(text, 'mdy')) traits |= T.mdy;
    const isDated = (traits & (T.ymd | T.dmy | T.mdy)) !== 0;
    if (isDated && /\d:\d/.test(text)) traits |= T.time;
    if (!isDated && PHONE.test(text) && text.replace(/\D/g, '').length >= 7) traits |= T.phone;
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

const MINUS = 0x2d;
const DOT = 0x2e;
/** Digits up to which a number is exact, and its text is not needed. */
const MOST_DIGITS = 15;

/** Traits of the most common texts, digits with at most one point in between; 0 for all others. */
export function digitTraits(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start;
  const nDigits = end - first;
  if (nDigits < 1 || nDigits > MOST_DIGITS) return 0;
  let point = -1;
  let isWhole = true;
  for (let i = first; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === DOT && point < 0 && i > first && i + 1 < end) point = i;
    else if (byte < 0x30 || byte > 0x39) return 0;
    else if (point >= 0 && byte !== 0x30) isWhole = false;
  }
  const T = TRAITS;
  if (point < 0) {
    const isLong = first === start && nDigits >= 7;
    return T.point | T.comma | T.plain | T.wholePoint | T.wholeComma | (isLong ? T.phone : 0);
  }
  // Under a decimal comma, a point before three digits groups thousands.
  const isGroup = end - point === 4 && point - first <= 3;
  const whole = isWhole ? T.wholePoint | (first === start ? T.floatWhole : 0) : 0;
  return T.point | whole | (isGroup ? T.comma | T.wholeComma : 0);
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
