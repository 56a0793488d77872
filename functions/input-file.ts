import type { InputFile, RowShard } from './contracts/artifacts.ts';
import { ConflictError } from './errors.ts';
import { gunzip, isGzip } from './gunzip.ts';
import type { ObjectHead, ObjectStore } from './ports.ts';
import { HEADER_SAMPLE_BYTES } from './tables/csv-header.ts';

/** The beginning of an input file, decompressed. */
export interface FileSample {
  readonly compression: InputFile['compression'];
  readonly bytes: Uint8Array;
  /** Whether the file ends with these bytes. */
  readonly isWhole: boolean;
}

/**
 * Reads the first `HEADER_SAMPLE_BYTES` of an input file.
 * @throws InvalidDatasetError for a gzip file that is corrupt or truncated within them
 */
export async function readSample(objects: ObjectStore, { key, size }: ObjectHead): Promise<FileSample> {
  const first = await objects.read(key, { start: 0, end: Math.min(size, HEADER_SAMPLE_BYTES) });
  if (!isGzip(first)) return { compression: 'none', bytes: first, isWhole: first.length >= size };
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of gunzip(objects.stream(key), key)) {
    parts.push(part);
    length += part.length;
    if (length > HEADER_SAMPLE_BYTES) break;
  }
  const bytes = new Uint8Array(Buffer.concat(parts));
  const isWhole = length <= HEADER_SAMPLE_BYTES;
  return { compression: 'gzip', bytes: bytes.subarray(0, HEADER_SAMPLE_BYTES), isWhole };
}

/**
 * The decompressed bytes of one shard, as they arrive. A gzip file cannot be entered in the middle: it is read from
 * the beginning and what lies before `start` is dropped.
 */
export async function* shardBytes(
  objects: ObjectStore,
  { key, compression }: InputFile,
  { start, end }: Pick<RowShard, 'start' | 'end'>,
): AsyncGenerator<Uint8Array> {
  if (compression === 'none') {
    yield* objects.stream(key, end === null ? { start } : { start, end });
    return;
  }
  let skip = start;
  for await (const chunk of gunzip(objects.stream(key), key)) {
    if (skip < chunk.length) yield chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
  }
}

/** Number of line breaks before a byte of an uncompressed file. Reads all of them: for the texts of errors only. */
export async function lineBreaksBefore(objects: ObjectStore, key: string, end: number): Promise<number> {
  let count = 0;
  for await (const chunk of objects.stream(key, { start: 0, end })) {
    for (let i = chunk.indexOf(0x0a); i >= 0; i = chunk.indexOf(0x0a, i + 1)) count++;
  }
  return count;
}

/**
 * Checks that an input file is still the one that was planned: its shards must be cut from one content.
 * @throws ConflictError when it was replaced or deleted
 */
export async function checkUnchanged(objects: ObjectStore, { key, etag }: InputFile): Promise<void> {
  const head = await objects.head(key);
  if (head?.etag === etag) return;
  throw new ConflictError(
    `The input file "${key}" was ${head ? 'replaced' : 'deleted'} while the run was reading it. ` +
      'Start a run on the new content.',
    { file: key, reason: 'file_changed' },
  );
}
