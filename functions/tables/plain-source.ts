import { gunzip } from '../decompress/gunzip.ts';
import { InvalidDatasetError } from '../errors.ts';
import { memorySource, type TableSource } from './table-source.ts';

/** Most bytes that a compressed file may hold when its format has to be read at any place. */
export const MAX_BUFFERED_BYTES = 512 * 1024 * 1024;

/**
 * A source of the decompressed bytes: the source itself, or the whole of a gzip file in memory.
 * @throws InvalidDatasetError for a gzip file that is damaged or holds more than `MAX_BUFFERED_BYTES`
 */
export async function plainSource(source: TableSource, compression: 'none' | 'gzip'): Promise<TableSource> {
  if (compression === 'none') return source;
  const { file } = source;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of gunzip(source.stream(), file)) {
    size += part.length;
    if (size > MAX_BUFFERED_BYTES) {
      throw new InvalidDatasetError(
        `${file} holds more than ${MAX_BUFFERED_BYTES} bytes inside gzip, and its format cannot be read as a stream. ` +
          'Upload it without gzip; the format compresses by itself.',
        { file, reason: 'too_large' },
      );
    }
    parts.push(part);
  }
  const whole = new Uint8Array(size);
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return memorySource(file, whole);
}
