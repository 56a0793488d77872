import { zstdDecompressSync } from 'node:zlib';

/** Most bytes that one compressed buffer may hold: a buffer is a column of one record batch. */
const MAX_BYTES = 512 * 1024 * 1024;

/**
 * Decompresses Zstandard frames (RFC 8878).
 * @throws RangeError for more than 512 MiB, Error for damaged data
 */
export function decodeZstd(bytes: Uint8Array): Uint8Array {
  return zstdDecompressSync(bytes, { maxOutputLength: MAX_BYTES });
}
