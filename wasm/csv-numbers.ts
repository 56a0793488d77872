const QUOTE: u32 = 0x22;
const LF: u32 = 0x0a;
const CR: u32 = 0x0d;
const SPACE: u32 = 0x20;
const TAB: u32 = 0x09;
const PLUS: u32 = 0x2b;
const MINUS: u32 = 0x2d;
const DOT: u32 = 0x2e;
const ZERO: u32 = 0x30;
/** Mantissas below it take another digit, and stay below 10¹⁸. */
const ROOM_FOR_A_DIGIT: u64 = 100_000_000_000_000_000;
/** Mantissas up to it are float64 numbers. */
const EXACT: u64 = 1 << 53;
/** Decimals whose power of ten is a float64 number. */
const MOST_DECIMALS: i32 = 22;
/** More than the correction of a quotient may be off, relative: 2⁻⁴⁸. */
const DOUBT: f64 = 3.552713678800501e-15;
/** Splits a float64 into two halves of its bits (Veltkamp 1968). */
const SPLITTER: f64 = 134217729;

/**
 * Reads records of CSV: fields that are plain decimal numbers, correctly rounded, and the places of all others. Ends before a
 * record that is not whole, and before one that takes a full reader of CSV: with a field that begins with a quote, with a
 * NUL, or with another number of fields than there are columns.
 *
 * @param bytes IN u8 [length]
 * @param texts IN u8 [nColumns] 1 where a column's fields are wanted as texts, whatever they hold
 * @param powers IN f64 [23] the powers of ten from 0
 * @param values OUT f64 [nColumns][capacity] by column, then by record; undefined for fields that are no number
 * @param others OUT i32 [otherCapacity][4] record, column, start and end of fields that are no number, without blanks around
 * @param otherCapacity from nColumns
 * @param counts OUT i32 [3] records, others, and 1 where the next record takes a full reader
 * @returns bytes of the records read
 * Cost: one read of the bytes.
 */
export function csv_numbers_f64(
  bytes: usize, length: i32, delimiter: u32, nColumns: i32, texts: usize, powers: usize, values: usize, capacity: i32,
  others: usize, otherCapacity: i32, counts: usize,
): i32 {
  const end = bytes + <usize>length;
  let at = bytes;
  let recordStart = at;
  let nRecords = 0;
  let nOthers = 0;
  let isOdd = false;
  let column = 0;
  let othersBefore = 0;
  while (nRecords < capacity && otherCapacity - nOthers >= nColumns) {
    if (at >= end) break;
    const first = at;
    let c = <u32>load<u8>(at);
    if (c == QUOTE || column == nColumns) {
      isOdd = true;
      break;
    }
    while (isBlank(c, delimiter) && ++at < end) c = <u32>load<u8>(at);
    const start = at;
    const isNegative = c == MINUS;
    if (isNegative || c == PLUS) c = ++at < end ? <u32>load<u8>(at) : 0;
    let mantissa: u64 = 0;
    let nDigits = 0;
    let nDecimals = 0;
    let hasPoint = false;
    for (;;) {
      const digit = c - ZERO;
      if (digit <= 9) {
        if (mantissa >= ROOM_FOR_A_DIGIT) break;
        mantissa = mantissa * 10 + digit;
        nDigits++;
        nDecimals += i32(hasPoint);
      } else if (c == DOT && !hasPoint) hasPoint = true;
      else break;
      if (++at >= end) break;
      c = <u32>load<u8>(at);
    }
    while (at < end && isBlank(c, delimiter)) if (++at < end) c = <u32>load<u8>(at);
    if (at + 1 < end && c == CR && <u32>load<u8>(at, 1) == LF) {
      at++;
      c = LF;
    }
    if (at >= end) break;
    let value: f64 = NaN;
    if ((c == delimiter || c == LF) && nDigits > 0 && nDecimals <= MOST_DECIMALS && load<u8>(texts + column) == 0) {
      value = quotient(mantissa, load<f64>(powers + (<usize>nDecimals << 3)));
    }
    if (value == value) {
      store<f64>(values + (<usize>(column * capacity + nRecords) << 3), isNegative ? -value : value);
    } else {
      while (c != delimiter && c != LF && c != 0 && ++at < end) c = <u32>load<u8>(at);
      if (at >= end) break;
      if (c == 0) {
        isOdd = true;
        break;
      }
      let last = at;
      if (c == LF && last > first && <u32>load<u8>(last - 1) == CR) last--;
      while (last > start && isBlank(<u32>load<u8>(last - 1), delimiter)) last--;
      const other = others + (<usize>nOthers << 4);
      store<i32>(other, nRecords);
      store<i32>(other, column, 4);
      store<i32>(other, <i32>(min(start, last) - bytes), 8);
      store<i32>(other, <i32>(last - bytes), 12);
      nOthers++;
    }
    at++;
    column++;
    if (c != LF) continue;
    if (column != nColumns) {
      isOdd = true;
      break;
    }
    nRecords++;
    column = 0;
    recordStart = at;
    othersBefore = nOthers;
  }
  store<i32>(counts, nRecords);
  store<i32>(counts, othersBefore, 4);
  store<i32>(counts, i32(isOdd), 8);
  return <i32>(recordStart - bytes);
}

@inline
function isBlank(c: u32, delimiter: u32): bool {
  return (c == SPACE || c == TAB) && c != delimiter;
}

/** mantissa ÷ divisor, correctly rounded; NaN where it comes too close to the middle of two float64 numbers. */
function quotient(mantissa: u64, divisor: f64): f64 {
  const rounded = <f64>mantissa;
  const first = rounded / divisor;
  // One rounding of two exact numbers (Clinger 1990).
  if (mantissa <= EXACT) return first;
  const remainder = rounded - first * divisor - productError(first, divisor);
  // What the mantissa lost when it was rounded, and the quotient in the division, brought after them.
  const correction = (remainder + <f64>(<i64>mantissa - <i64>rounded)) / divisor;
  const value = first + correction * (1 + DOUBT);
  return value == first + correction * (1 - DOUBT) ? value : NaN;
}

/** What rounding takes from a × b, exactly (Dekker 1971). */
function productError(a: f64, b: f64): f64 {
  const aHigh = a * SPLITTER - (a * SPLITTER - a);
  const bHigh = b * SPLITTER - (b * SPLITTER - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aLow * bLow - (a * b - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}
