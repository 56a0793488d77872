/**
 * Walks runs of Parquet's RLE / bit-packed hybrid ("Encodings", RLE = 3), and stops where `nValues` are reached or the
 * bytes end: a reader repeats a value as often as a run says, however damaged its length is.
 * @param width bits per value, 0..32
 * @throws RangeError for a run of more than `nValues` values
 */
export function checkRuns(bytes: Uint8Array, width: number, nValues: number): void {
  if (width > 32) throw new RangeError(`a page announces values of ${width} bits`);
  let at = 0;
  for (let seen = 0; seen < nValues; ) {
    let header = 0;
    for (let unit = 1, byte = 128; byte >= 128; unit *= 128) {
      if (at >= bytes.length) return;
      if (unit > 2 ** 28) throw new RangeError('the length of a run in a page does not end');
      byte = bytes[at++]!;
      header += (byte & 127) * unit;
    }
    const isPacked = header % 2 === 1;
    const count = Math.floor(header / 2) * (isPacked ? 8 : 1);
    // Packed values take room in the page, and the last eight may be padding: repeated ones need neither.
    if (!isPacked && count > nValues - seen) {
      throw new RangeError(`a run in a page announces ${count} values of ${nValues - seen}`);
    }
    seen += count;
    at += isPacked ? (count / 8) * width : (width + 7) >> 3;
  }
}

/** The first value of checked runs of at most 8 bits a value; 0 where there is none. */
export function firstOfRuns(bytes: Uint8Array, width: number): number {
  let at = 0;
  while (at < bytes.length && bytes[at]! >= 128) at++;
  // Packed or repeated, it stands in the lowest bits behind the header.
  return (bytes[at + 1] ?? 0) & ((1 << width) - 1);
}
