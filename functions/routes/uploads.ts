import { randomUUID } from 'node:crypto';
import { uploadKeys } from '../contracts/keys.ts';
import {
  MOST_UPLOAD_BYTES,
  startedUploadSchema,
  startUploadBodySchema,
  UPLOAD_PART_BYTES,
  type UploadManifest,
  URL_SECONDS,
  uploadPathSchema,
  uploadStateSchema,
} from '../contracts/uploads.ts';
import { ConflictError } from '../errors.ts';
import { writeJson } from '../json-objects.ts';
import type { TransferredPart } from '../ports.ts';
import { readUpload, uploadNotFound } from '../uploaded-file.ts';
import { defineRoute } from './route.ts';

const GIB = MOST_UPLOAD_BYTES / 1024 ** 3;
const shared = { scope: 'drilldown', credentials: 'either' } as const;

/** Begins an upload: the caller sends the parts to the store itself. */
export const startUpload = defineRoute({
  ...shared,
  method: 'POST',
  path: '/v1/uploads',
  summary: 'Begin the upload of a file',
  description: `For what no request body holds: up to ${GIB} GiB. PUT every part to its URL within the hour, in any order and as often as need be, then POST to \`complete\`. Parts of an upload that is never completed are removed after a day, a completed one after a week.`,
  body: startUploadBodySchema,
  status: 201,
  answer: startedUploadSchema,
  async handle({ tenant, body }, ports) {
    const uploadId = randomUUID();
    const keys = uploadKeys(tenant, uploadId);
    const { bytes, contentType, contentEncoding, fileName } = body;
    const multipartId = await ports.transfers.start(keys.data, {
      contentType,
      contentEncoding: contentEncoding === 'identity' ? undefined : contentEncoding,
    });
    const now = ports.clock.now();
    const manifest: UploadManifest = {
      uploadId,
      multipartId,
      bytes,
      contentType,
      contentEncoding,
      fileName,
      startedAt: now.toISOString(),
    };
    await writeJson(ports.objects, keys.manifest, manifest);
    const parts = partsOf(bytes).map(async (part) => ({
      ...part,
      url: await ports.transfers.partUrl(keys.data, multipartId, part.partNumber, URL_SECONDS),
    }));
    const path = `/v1/uploads/${uploadId}`;
    return {
      body: {
        uploadId,
        key: keys.data,
        bytes,
        partBytes: UPLOAD_PART_BYTES,
        parts: await Promise.all(parts),
        urlsExpireAt: new Date(now.getTime() + URL_SECONDS * 1000).toISOString(),
        complete: `${path}/complete`,
        abort: path,
      },
    };
  },
});

/** Puts the parts together. */
export const completeUpload = defineRoute({
  ...shared,
  method: 'POST',
  path: '/v1/uploads/{uploadId}/complete',
  summary: 'End an upload: all its parts have been sent',
  description:
    'Takes no body. May be called again; the parts are checked against the size that was announced.',
  params: uploadPathSchema,
  status: 200,
  answer: uploadStateSchema,
  problems: {
    404: 'There is no such upload, or it was aborted or has expired.',
    409: 'Parts are missing or of another size; `parts` lists their numbers.',
  },
  async handle({ tenant, params: { uploadId } }, ports) {
    const { manifest, key, isComplete } = await readUpload(ports, tenant, uploadId);
    const { multipartId, bytes } = manifest;
    if (!isComplete) {
      const arrived = await ports.transfers.parts(key, multipartId);
      if (arrived) checkParts(arrived, bytes);
      // Of two calls at once one completes it, and the other finds it completed.
      const done = arrived !== undefined && (await ports.transfers.complete(key, multipartId, arrived));
      if (!done && !(await ports.objects.head(key))) throw uploadNotFound(uploadId);
    }
    return { body: { uploadId, key, bytes, status: 'complete' as const } };
  },
});

/** Gives an upload up. */
export const abortUpload = defineRoute({
  ...shared,
  method: 'DELETE',
  path: '/v1/uploads/{uploadId}',
  summary: 'Give an upload up',
  params: uploadPathSchema,
  status: 200,
  answer: uploadStateSchema,
  problems: { 404: 'There is no such upload.', 409: 'It is complete; it is removed after a week.' },
  async handle({ tenant, params: { uploadId } }, ports) {
    const { manifest, key, isComplete } = await readUpload(ports, tenant, uploadId);
    if (isComplete) {
      throw new ConflictError(
        'The upload is complete and can no longer be aborted. It is removed after a week by itself.',
        { reason: 'upload_complete', uploadId },
      );
    }
    await ports.transfers.abort(key, manifest.multipartId);
    return { body: { uploadId, key, bytes: manifest.bytes, status: 'aborted' as const } };
  },
});

/** The parts of a file: 16 MiB each, the last one what is left. */
function partsOf(bytes: number): { partNumber: number; offset: number; bytes: number }[] {
  return Array.from({ length: Math.ceil(bytes / UPLOAD_PART_BYTES) }, (_, i) => {
    const offset = i * UPLOAD_PART_BYTES;
    return { partNumber: i + 1, offset, bytes: Math.min(UPLOAD_PART_BYTES, bytes - offset) };
  });
}

function checkParts(arrived: readonly TransferredPart[], bytes: number): void {
  const sizes = new Map(arrived.map((part) => [part.partNumber, part.bytes]));
  const expected = partsOf(bytes);
  const wrong = expected.filter((part) => sizes.get(part.partNumber) !== part.bytes);
  const extra = arrived.filter(({ partNumber }) => partNumber > expected.length);
  const parts = [...wrong, ...extra].map(({ partNumber }) => partNumber);
  if (parts.length === 0) return;
  const shown = parts.length > 20 ? `${parts.slice(0, 20).join(', ')}, …` : parts.join(', ');
  throw new ConflictError(
    `The upload of ${bytes} bytes is not whole: ${parts.length} of ${expected.length} parts are missing or not of the size that was asked for (${shown}). PUT these parts again, then complete the upload.`,
    { reason: 'parts_missing', parts: parts.slice(0, 100) },
  );
}
