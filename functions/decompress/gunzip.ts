import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { InvalidDatasetError } from '../errors.ts';

const CHUNK_BYTES = 256 * 1024;

/** Whether the first bytes of a file are those of gzip (RFC 1952); what the file is called does not matter. */
export function isGzip(first: Uint8Array): boolean {
  return first[0] === 0x1f && first[1] === 0x8b;
}

/**
 * Decompresses a gzip stream of any number of members, chunk by chunk.
 * @param file name for the error
 * @throws InvalidDatasetError when the stream is truncated or corrupt
 */
export async function* gunzip(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const decompressed = createGunzip({ chunkSize: CHUNK_BYTES });
  // Also carries an error of the source over to the reader, and stops the source when the reader leaves early.
  const done = pipeline(chunks, decompressed);
  done.catch(() => {});
  try {
    yield* decompressed as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (!code.startsWith('Z_')) throw cause;
    const truncated = code === 'Z_BUF_ERROR';
    throw new InvalidDatasetError(
      truncated
        ? `${file}: the gzip file ends too early. Upload the whole file again.`
        : `${file}: the gzip file is corrupt (${(cause as Error).message}). Compress and upload it again.`,
      { file, reason: truncated ? 'truncated_gzip' : 'corrupt_gzip' },
      { cause },
    );
  }
}
