import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ObjectHead, ObjectStore } from '../functions/ports.ts';

const CHUNK_BYTES = 128 * 1024;
/** Buffers that the chunks of a stream come in, one after the other: what reads a CSV keeps at most two chunks. */
const BUFFERS = 4;

/** An object store on the files of a folder, so that objects take no memory of the process that is measured. */
export function fileObjects(folder: string): ObjectStore {
  const pathOf = (key: string) => join(folder, key);
  return {
    async head(key): Promise<ObjectHead | undefined> {
      if (!existsSync(pathOf(key))) return undefined;
      const { size, mtimeMs } = statSync(pathOf(key));
      return { key, size, etag: `${size}-${mtimeMs}` };
    },
    async read(key, { start, end } = { start: 0 }) {
      const file = await open(pathOf(key));
      try {
        const length = Math.max(0, (end ?? (await file.stat()).size) - start);
        const bytes = new Uint8Array(length);
        const { bytesRead } = await file.read(bytes, 0, length, start);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async *stream(key, { start, end } = { start: 0 }) {
      const buffers: Uint8Array[] = [];
      const file = await open(pathOf(key));
      try {
        for (let at = start, nth = 0; end === undefined || at < end; nth++) {
          if (nth < BUFFERS) buffers.push(new Uint8Array(CHUNK_BYTES));
          const buffer = buffers[nth % BUFFERS]!;
          const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, (end ?? Infinity) - at), at);
          if (bytesRead === 0) return;
          at += bytesRead;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await file.close();
      }
    },
    async write(key, body) {
      mkdirSync(dirname(pathOf(key)), { recursive: true });
      await writeFile(pathOf(key), body);
    },
    async deleteAll(keys) {
      for (const key of keys) rmSync(pathOf(key), { force: true });
    },
    async writeStream(key, chunks) {
      mkdirSync(dirname(pathOf(key)), { recursive: true });
      const hash = createHash('sha256');
      const file = await open(pathOf(key), 'w');
      let bytes = 0;
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        await file.write(chunk);
      }
      await file.close();
      return { bytes, sha256: hash.digest('hex') };
    },
    list() {
      throw new Error('The benchmark names its files.');
    },
  };
}
