import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * A sealed file holds content and its description in one: content, description (JSON, UTF-8), length of the
 * description (4 bytes, big-endian), mark. One rename thus swaps both at once, and whoever has the file open keeps
 * reading the version he opened, description included.
 */
const MARK = Buffer.from('TESSELLA');
const FOOTER = 4 + MARK.length;

/** A sealed file opened for reading. */
export interface SealedFile<D> {
  readonly handle: FileHandle;
  /** Bytes of content, from the start of the file. */
  readonly size: number;
  readonly description: D;
}

/** Writes a new sealed file; `describe` is called once all content is written. */
export async function writeSealed<D>(
  file: string,
  content: AsyncIterable<Uint8Array>,
  describe: () => D,
): Promise<D> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(content);
    const description = describe();
    const json = Buffer.from(JSON.stringify(description));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(json.length);
    await handle.writeFile(Buffer.concat([json, length, MARK]));
    return description;
  } finally {
    await handle.close();
  }
}

function checkFooter(footer: Buffer, fileSize: number, file: string): number {
  const length = footer.length === FOOTER ? footer.readUInt32BE(0) : Number.POSITIVE_INFINITY;
  if (!footer.subarray(4).equals(MARK) || length + FOOTER > fileSize)
    throw new Error(
      `${file} is not an object of this store, or is damaged; remove it and write the object again`,
    );
  return length;
}

/** Opens a sealed file; the caller closes the handle. */
export async function openSealed<D>(file: string): Promise<SealedFile<D>> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const read = async (length: number, position: number) => {
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
      return buffer;
    };
    const footerAt = Math.max(0, size - FOOTER);
    const length = checkFooter(await read(size - footerAt, footerAt), size, file);
    const json = await read(length, footerAt - length);
    return { handle, size: footerAt - length, description: JSON.parse(json.toString()) as D };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads the description of a sealed file at once, for the start of the store. */
export function readDescription<D>(file: string): D {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const read = (length: number, position: number) => {
      const buffer = Buffer.alloc(length);
      readSync(descriptor, buffer, 0, length, position);
      return buffer;
    };
    const footerAt = Math.max(0, size - FOOTER);
    const length = checkFooter(read(size - footerAt, footerAt), size, file);
    return JSON.parse(read(length, footerAt - length).toString()) as D;
  } finally {
    closeSync(descriptor);
  }
}
