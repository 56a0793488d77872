import { bytesIn, joinBytes } from './arrow/join-bytes.ts';
import type { ObjectStore } from './ports.ts';

const NONE = new Uint8Array(0);
/** More than the object at hand takes: the next one is about as large, and may be larger. */
const SPARE = 1.125;

/** Room that the last object was written from, unless another is being written from it. */
let free: Uint8Array = NONE;

/** Writes an object that is made in parts. They are laid end to end in one room of the process: fresh memory is dear. */
export async function writeParts(
  objects: ObjectStore,
  key: string,
  parts: readonly Uint8Array[],
  contentType: string,
): Promise<void> {
  const size = bytesIn(parts);
  const room = free.length >= size ? free : new Uint8Array(Math.ceil(size * SPARE));
  free = NONE;
  try {
    await objects.write(key, joinBytes(parts, room), contentType);
  } finally {
    if (room.length > free.length) free = room;
  }
}
