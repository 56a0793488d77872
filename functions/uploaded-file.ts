import { uploadKeys } from './contracts/keys.ts';
import type { UploadManifest } from './contracts/uploads.ts';
import { NotFoundError } from './errors.ts';
import { readJson } from './json-objects.ts';
import type { ObjectHead, Ports } from './ports.ts';

/** An upload of a tenant: what was said of it, and the file where it is there. */
export interface UploadedFile {
  readonly manifest: UploadManifest;
  readonly key: string;
  readonly isComplete: boolean;
  readonly head: ObjectHead | undefined;
}

/**
 * Looks up an upload.
 * @throws NotFoundError for an id that is unknown, expired or another tenant's
 */
export async function readUpload(
  { objects }: Pick<Ports, 'objects'>,
  tenant: string,
  uploadId: string,
): Promise<UploadedFile> {
  const keys = uploadKeys(tenant, uploadId);
  const [manifest, head] = await Promise.all([
    readJson<UploadManifest>(objects, keys.manifest).catch((error: unknown) => {
      throw error instanceof NotFoundError ? uploadNotFound(uploadId, error) : error;
    }),
    objects.head(keys.data),
  ]);
  return { manifest, key: keys.data, head, isComplete: head !== undefined };
}

/** What is thrown for an upload that is not there. */
export function uploadNotFound(uploadId: string, cause?: unknown): NotFoundError {
  return new NotFoundError(
    `There is no upload ${uploadId}: it was never begun, it was aborted, or it has expired. Begin one with POST /v1/uploads.`,
    { reason: 'no_such_upload', uploadId },
    { cause },
  );
}
