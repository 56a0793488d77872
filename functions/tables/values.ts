const DAY_MS = 86_400_000;
const ZERO = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const COLON = 0x3a;

/** Numbers beyond it are taken for damage, not for a price or a quantity. */
export const LARGEST_NUMBER = 1e15;

/** Those that float64 holds exactly. */
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/**
 * The decimal number in bytes [start, end), correctly rounded: sign, digits, point, exponent.
 * @returns NaN for anything else, also for an empty field and for magnitudes above 1e15
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  const negative = bytes[i] === MINUS;
  if (negative || bytes[i] === PLUS) i++;
  const first = i;
  let mantissa = 0;
  let point = -1;
  for (; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit;
    else if (bytes[i] === DOT && point < 0) point = i;
    else break;
  }
  const nDigits = i - first - (point < 0 ? 0 : 1);
  // Up to 15 digits the mantissa and the power of ten are exact, so that one division rounds correctly (Clinger 1990).
  if (i === end && nDigits > 0 && nDigits <= 15) {
    const value = point < 0 ? mantissa : mantissa / POWERS_OF_TEN[end - point - 1]!;
    return negative ? -value : value;
  }
  const long = i === end && nDigits > 15 ? longDecimal(bytes, first, end, point) : Number.NaN;
  if (long <= LARGEST_NUMBER) return negative ? -long : long;
  const text = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 400)));
  if (end - start > 400 || !NUMBER.test(text)) return Number.NaN;
  const value = Number(text);
  return Math.abs(value) <= LARGEST_NUMBER ? value : Number.NaN;
}

/** Digits of a half: with twice as many a mantissa is the sum of two numbers that float64 holds exactly. */
const HALF = 9;
/** More than the correction of a quotient may be off, relative. */
const DOUBT = 2 ** -48;
/** Splits a float64 into two halves of its bits (Veltkamp 1968). */
const SPLITTER = 2 ** 27 + 1;

/**
 * The number of the digits in bytes [start, end) but for the point, correctly rounded.
 * @returns NaN past 18 digits or 22 decimals, and where the digits come too close to the middle of two float64 numbers
 */
function longDecimal(bytes: Uint8Array, start: number, end: number, point: number): number {
  let high = 0;
  let low = 0;
  let nDigits = 0;
  for (let i = start; i < end; i++) {
    if (i === point) continue;
    const digit = bytes[i]! - ZERO;
    if (nDigits === 0 && digit === 0) continue;
    if (nDigits++ < HALF) high = high * 10 + digit;
    else low = low * 10 + digit;
  }
  const nDecimals = point < 0 ? 0 : end - point - 1;
  if (nDigits > 2 * HALF || nDecimals >= POWERS_OF_TEN.length) return Number.NaN;
  high *= POWERS_OF_TEN[Math.max(0, nDigits - HALF)]!;
  const mantissa = high + low;
  const divisor = POWERS_OF_TEN[nDecimals]!;
  const quotient = mantissa / divisor;
  const remainder = mantissa - quotient * divisor - productError(quotient, divisor);
  // What the mantissa lost in the sum, and the quotient in the division, brought after them.
  const correction = (remainder + (low - (mantissa - high))) / divisor;
  const value = quotient + correction * (1 + DOUBT);
  return value === quotient + correction * (1 - DOUBT) ? value : Number.NaN;
}

/** What rounding takes from a × b, exactly (Dekker 1971). */
function productError(a: number, b: number): number {
  const aHigh = a * SPLITTER - (a * SPLITTER - a);
  const bHigh = b * SPLITTER - (b * SPLITTER - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aLow * bLow - (a * b - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** `n` digits from `start`; NaN when one of them is none. */
function digits(bytes: Uint8Array, start: number, n: number): number {
  let value = 0;
  for (let i = start; i < start + n; i++) {
    const digit = bytes[i]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970-01-01 of a date in the proleptic Gregorian calendar; NaN when there is no such date. */
export function daysSinceEpoch(year: number, month: number, day: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  const inMonth = (DAYS_IN_MONTH[month - 1] ?? 0) + (month === 2 ? leap : 0);
  if (!(year >= 1 && day >= 1 && day <= inMonth)) return Number.NaN;
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  // 719,162 days lie before 1970-01-01.
  return past * 365 + leapDays - 719_162 + DAYS_BEFORE_MONTH[month - 1]! + (month > 2 ? leap : 0) + day - 1;
}

/** Minutes that `Z`, `±hh:mm` or `±hhmm` in [start, end) lies ahead of UTC; NaN when it is none of these. */
function zoneMinutes(bytes: Uint8Array, start: number, end: number): number {
  const sign = bytes[start]!;
  if (end - start === 1) return sign === 0x5a || sign === 0x7a ? 0 : Number.NaN;
  const colon = end - start === 6 && bytes[start + 3] === COLON ? 1 : 0;
  if (end - start !== 5 + colon || (sign !== PLUS && sign !== MINUS)) return Number.NaN;
  const hours = digits(bytes, start + 1, 2);
  const minutes = digits(bytes, start + 3 + colon, 2);
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  return (sign === MINUS ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * The instant in bytes [start, end) in ms since the epoch: `YYYY-MM-DD`, optionally with `[ T]HH:MM[:SS[.f…]]` and a
 * zone `Z` or `±hh:mm` (ISO 8601); UTC without a zone. Fractions are cut to whole ms.
 * @returns NaN for anything else
 */
export function parseTimestamp(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 10 || bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS) return Number.NaN;
  const days = daysSinceEpoch(
    digits(bytes, start, 4),
    digits(bytes, start + 5, 2),
    digits(bytes, start + 8, 2),
  );
  if (end - start === 10) return days * DAY_MS;
  const separator = bytes[start + 10];
  if (separator !== 0x20 && separator !== 0x54 && separator !== 0x74) return Number.NaN;
  if (end - start < 16 || bytes[start + 13] !== COLON) return Number.NaN;
  const hours = digits(bytes, start + 11, 2);
  const minutes = digits(bytes, start + 14, 2);
  let seconds = 0;
  let milliseconds = 0;
  let i = start + 16;
  if (i < end && bytes[i] === COLON) {
    if (end - i < 3) return Number.NaN;
    seconds = digits(bytes, i + 1, 2);
    i += 3;
    if (i < end && bytes[i] === DOT) {
      const first = ++i;
      for (; i < end && bytes[i]! >= ZERO && bytes[i]! <= ZERO + 9; i++) {
        if (i - first < 3) milliseconds += (bytes[i]! - ZERO) * 10 ** (2 - (i - first));
      }
      if (i === first) return Number.NaN;
    }
  }
  if (!(hours <= 23 && minutes <= 59 && seconds <= 59)) return Number.NaN;
  const ahead = i < end ? zoneMinutes(bytes, i, end) : 0;
  return days * DAY_MS + ((hours * 60 + minutes - ahead) * 60 + seconds) * 1000 + milliseconds;
}
