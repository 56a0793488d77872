import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { InvalidRequestError } from '../functions/errors.ts';
import type { TableSource } from '../functions/tables/table-source.ts';

const CHUNK_BYTES = 1 << 18;

/** A source over an open file; whoever opens it closes it. */
export interface FileSource extends TableSource, AsyncDisposable {}

/**
 * Opens a file of this machine to read a table from. Reads block: nothing else waits, and memory stays in use that a
 * stream would touch anew for every chunk.
 * @param onBytes told how many bytes have been read, for a display
 * @throws InvalidRequestError when the file is not there or not readable
 */
export async function openFile(
  file: string,
  onBytes: (bytes: number) => void = () => {},
): Promise<FileSource> {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) throw new InvalidRequestError(`There is no file ${file}: check the path.`, { file });
  if (stats.isDirectory()) throw new InvalidRequestError(`${file} is a folder: name a file in it.`, { file });
  const descriptor = opened(file);
  let bytesRead = 0;
  const read = (bytes: Uint8Array, position: number): number => {
    const length = readSync(descriptor, bytes, 0, bytes.length, position);
    bytesRead += length;
    if (length > 0) onBytes(bytesRead);
    return length;
  };
  return {
    file,
    size: stats.size,
    async read(start, end) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      let length = 0;
      while (length < bytes.length) {
        const more = read(bytes.subarray(length), start + length);
        if (more === 0) break;
        length += more;
      }
      return bytes.subarray(0, length);
    },
    async *stream(start = 0, end = Number.POSITIVE_INFINITY) {
      for (let at = start; at < end; ) {
        const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - at));
        const length = read(chunk, at);
        if (length === 0) return;
        yield chunk.subarray(0, length);
        at += length;
      }
    },
    [Symbol.asyncDispose]: async () => closeSync(descriptor),
  };
}

function opened(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidRequestError(`${file} cannot be read: ${reason}.`, { file }, { cause });
  }
}
