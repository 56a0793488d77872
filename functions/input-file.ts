import type { InputFile } from './contracts/artifacts.ts';
import { ConflictError } from './errors.ts';
import type { ObjectHead, ObjectStore } from './ports.ts';
import type { TableSource } from './tables/table-source.ts';

/** An object of the store as a file that tables are read from. */
export function objectSource(
  objects: ObjectStore,
  { key, size }: Pick<ObjectHead, 'key' | 'size'>,
): TableSource {
  return {
    file: key,
    size,
    read: (start, end) =>
      end > start ? objects.read(key, { start, end }) : Promise.resolve(new Uint8Array(0)),
    stream: (start = 0, end) => objects.stream(key, end === undefined ? { start } : { start, end }),
  };
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
