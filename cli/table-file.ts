import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { InvalidRequestError } from '../functions/errors.ts';
import type { TableSource } from '../functions/tables/table-source.ts';

const CHUNK_BYTES = 1 << 20;

/** A source over an open file; whoever opens it closes it. */
export interface FileSource extends TableSource, AsyncDisposable {}

/**
 * Opens a file of this machine to read a table from.
 * @param onBytes told how many bytes have been read, for a display
 * @throws InvalidRequestError when the file is not there or not readable
 */
export async function openFile(
  file: string,
  onBytes: (bytes: number) => void = () => {},
): Promise<FileSource> {
  const stats = await stat(file).catch(() => undefined);
  if (!stats) throw new InvalidRequestError(`There is no file ${file}: check the path.`, { file });
  if (stats.isDirectory()) throw new InvalidRequestError(`${file} is a folder: name a file in it.`, { file });
  const handle = await open(file).catch((cause: Error) => {
    throw new InvalidRequestError(`${file} cannot be read: ${cause.message}.`, { file }, { cause });
  });
  let bytesRead = 0;
  const report = (bytes: number) => {
    bytesRead += bytes;
    onBytes(bytesRead);
  };
  return {
    file,
    size: stats.size,
    async read(start, end) {
      const bytes = await readRange(handle, start, end);
      report(bytes.length);
      return bytes;
    },
    async *stream(start = 0, end) {
      if (end !== undefined && end <= start) return;
      const stream = createReadStream(file, {
        start,
        highWaterMark: CHUNK_BYTES,
        ...(end !== undefined && { end: end - 1 }),
      });
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        report(chunk.length);
        yield chunk;
      }
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function readRange(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, start + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}
