import { createHash, randomUUID } from 'node:crypto';
import type { TransferStore } from '../ports.ts';

/** Parts that were sent so far, by multipart id. */
export type MemoryUploads = Map<string, { readonly key: string; readonly parts: Map<number, Uint8Array> }>;

/** Transfers in memory: a URL says in its path and query what it is for, and `sendPart` plays the caller. */
export function memoryTransfers(objects: Map<string, Uint8Array>, uploads: MemoryUploads): TransferStore {
  const uploadOf = (key: string, multipartId: string) => {
    const upload = uploads.get(multipartId);
    return upload?.key === key ? upload : undefined;
  };
  return {
    async start(key) {
      const multipartId = randomUUID();
      uploads.set(multipartId, { key, parts: new Map() });
      return multipartId;
    },
    async partUrl(key, multipartId, partNumber, seconds) {
      return `memory://${key}?uploadId=${multipartId}&partNumber=${partNumber}&expires=${seconds}`;
    },
    async parts(key, multipartId) {
      const upload = uploadOf(key, multipartId);
      return (
        upload &&
        [...upload.parts]
          .sort(([a], [b]) => a - b)
          .map(([partNumber, body]) => ({
            partNumber,
            bytes: body.length,
            etag: createHash('md5').update(body).digest('hex'),
          }))
      );
    },
    async complete(key, multipartId, parts) {
      const upload = uploadOf(key, multipartId);
      if (!upload) return false;
      const chunks = parts.map(({ partNumber }) => upload.parts.get(partNumber) ?? new Uint8Array());
      objects.set(key, new Uint8Array(Buffer.concat(chunks)));
      uploads.delete(multipartId);
      return true;
    },
    async abort(key, multipartId) {
      if (uploadOf(key, multipartId)) uploads.delete(multipartId);
    },
    async downloadUrl(key, { seconds }) {
      return `memory://${key}?expires=${seconds}`;
    },
  };
}

/** Sends one part to a URL of `memoryTransfers`, as a caller would with PUT. @throws Error for an upload that ended */
export function sendPart(uploads: MemoryUploads, url: string, body: Uint8Array): void {
  const query = new URLSearchParams(url.split('?')[1]);
  const upload = uploads.get(query.get('uploadId') ?? '');
  if (!upload) throw new Error(`${url} leads nowhere`);
  upload.parts.set(Number(query.get('partNumber')), body.slice());
}
