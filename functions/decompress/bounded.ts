import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';

/** Decompresses gzip to at most `size` bytes. @throws Error for damaged data, or more of it */
export const inflateGzip = (bytes: Uint8Array, size: number): Uint8Array =>
  gunzipSync(bytes, { maxOutputLength: Math.max(1, size) });

/** Decompresses Zstandard to at most `size` bytes. @throws Error for damaged data, or more of it */
export const inflateZstd = (bytes: Uint8Array, size: number): Uint8Array =>
  zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, size) });

/** Decompresses Brotli to at most `size` bytes. @throws Error for damaged data, or more of it */
export const inflateBrotli = (bytes: Uint8Array, size: number): Uint8Array =>
  brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) });
