const DIGIT_BITS = 11;
const DIGIT = 1 << DIGIT_BITS;

/** Rows in the order of their hashes. */
export interface HashOrder {
  readonly rows: Int32Array;
  /** Hash of each of them, to be read as unsigned. */
  readonly hashes: Int32Array;
}

/**
 * Row numbers by hash, equal ones as they came: three passes of counting sort over 11 bits each. The hashes travel with
 * the rows, so that every pass reads from front to back and writes to as many places as the caches hold.
 */
export function hashOrder(hashes: Int32Array): HashOrder {
  const n = hashes.length;
  const counts = [new Int32Array(DIGIT), new Int32Array(DIGIT), new Int32Array(DIGIT)] as const;
  const [first, second, third] = counts;
  for (let i = 0; i < n; i++) {
    const hash = hashes[i]!;
    first[hash & (DIGIT - 1)]!++;
    second[(hash >>> DIGIT_BITS) & (DIGIT - 1)]!++;
    third[hash >>> (2 * DIGIT_BITS)]!++;
  }
  const asTheyCame = new Int32Array(n);
  for (let row = 0; row < n; row++) asTheyCame[row] = row;
  let from: HashOrder = { rows: asTheyCame, hashes };
  let to: HashOrder = { rows: new Int32Array(n), hashes: new Int32Array(n) };
  for (const [pass, next] of counts.entries()) {
    let start = 0;
    for (let digit = 0; digit < DIGIT; digit++) {
      const count = next[digit]!;
      next[digit] = start;
      start += count;
    }
    sortByDigit(from, to, pass * DIGIT_BITS, next);
    const spare = pass === 0 ? { rows: from.rows, hashes: new Int32Array(n) } : from;
    from = to;
    to = spare;
  }
  return from;
}

/** @param next where the next row of each digit goes */
function sortByDigit(from: HashOrder, to: HashOrder, shift: number, next: Int32Array): void {
  const { rows, hashes } = from;
  const { rows: sortedRows, hashes: sortedHashes } = to;
  for (let i = 0; i < rows.length; i++) {
    const hash = hashes[i]!;
    const at = next[(hash >>> shift) & (DIGIT - 1)]!++;
    sortedRows[at] = rows[i]!;
    sortedHashes[at] = hash;
  }
}
