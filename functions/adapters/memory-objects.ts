import { createHash } from 'node:crypto';
import type { ByteRange, ObjectHead, ObjectStore } from '../ports.ts';
import { objectNotFound } from './store-errors.ts';

const CHUNK_BYTES = 64 * 1024;

/** Object store in memory. `contents` is the store itself, for tests to look into and to fill. */
export function memoryObjects(contents: Map<string, Uint8Array> = new Map()): ObjectStore {
  const headOf = (key: string, body: Uint8Array): ObjectHead => ({
    key,
    size: body.length,
    etag: createHash('md5').update(body).digest('hex'),
  });

  const bytesOf = (key: string, range: ByteRange = { start: 0 }): Uint8Array => {
    const body = contents.get(key);
    if (!body) throw objectNotFound(key);
    return body.slice(range.start, Math.max(range.start, range.end ?? body.length));
  };

  return {
    async head(key) {
      const body = contents.get(key);
      return body && headOf(key, body);
    },
    async read(key, range) {
      return bytesOf(key, range);
    },
    async *stream(key, range) {
      const bytes = bytesOf(key, range);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.slice(at, at + CHUNK_BYTES);
    },
    async write(key, body) {
      contents.set(key, body.slice());
    },
    async writeStream(key, chunks) {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk.slice());
      const body = new Uint8Array(Buffer.concat(parts));
      contents.set(key, body);
      return { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
    },
    async deleteAll(keys) {
      for (const key of keys) contents.delete(key);
    },
    async *list(prefix) {
      const keys = [...contents.keys()].filter((key) => key.startsWith(prefix));
      keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      for (const key of keys) {
        const body = contents.get(key);
        if (body) yield headOf(key, body);
      }
    },
  };
}
