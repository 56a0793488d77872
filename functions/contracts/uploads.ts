import { z } from 'zod';
import { count, isoTime } from './api-fields.ts';

/** Wire shapes of presigned uploads (`/v1/uploads…`). */

/** Largest file of an upload, bytes: 5 GiB. */
export const MOST_UPLOAD_BYTES = 5 * 1024 ** 3;

/** Bytes of every part but the last: 16 MiB make at most 320 parts. */
export const UPLOAD_PART_BYTES = 16 * 1024 ** 2;

/** Seconds for which the URLs of an upload, and of a result, are good. */
export const URL_SECONDS = 3600;

/** How an uploaded file of customers is written: one JSON document, or one customer a line. */
export const UPLOAD_TYPES = ['application/json', 'application/x-ndjson'] as const;

/** Body of `POST /v1/uploads`. */
export const startUploadBodySchema = z
  .strictObject({
    fileName: z.string().trim().min(1).max(255).optional().meta({ description: 'For your own records.' }),
    bytes: z
      .int()
      .min(1)
      .max(MOST_UPLOAD_BYTES)
      .meta({ description: 'Size of the file as it is sent, packed where it is packed.' }),
    contentType: z.enum(UPLOAD_TYPES).default('application/json').meta({
      description:
        '`application/json`: `{ "customers": […], "labels": {…} }`, as the body of the drill-down; `application/x-ndjson`: one customer a line, with its parent under `label`.',
    }),
    contentEncoding: z.enum(['identity', 'gzip']).default('identity'),
  })
  .meta({
    id: 'StartUploadRequest',
    examples: [
      {
        fileName: 'customers.ndjson.gz',
        bytes: 73_400_320,
        contentType: 'application/x-ndjson',
        contentEncoding: 'gzip',
      },
    ],
  });
export type StartUploadBody = z.output<typeof startUploadBodySchema>;

const uploadId = z.uuid().meta({ description: 'Names the upload, as `upload_id` of the drill-down.' });

/** Path of the routes of one upload. */
export const uploadPathSchema = z.object({ uploadId });

/** A part to be sent: `bytes` bytes of the file from `offset` on, by PUT to `url`. */
export const uploadPartSchema = z
  .object({
    partNumber: z.int().min(1).max(10_000),
    offset: count,
    bytes: z.int().min(1),
    url: z.string().meta({ description: 'Takes one PUT without further headers.' }),
  })
  .meta({ id: 'UploadPart' });
export type UploadPart = z.output<typeof uploadPartSchema>;

/** Answer of `POST /v1/uploads`. */
export const startedUploadSchema = z
  .object({
    uploadId,
    key: z.string().meta({ description: 'Where the file will lie, below the prefix of your tenant.' }),
    bytes: count,
    partBytes: count,
    parts: z.array(uploadPartSchema),
    urlsExpireAt: isoTime,
    complete: z.string().meta({ description: 'POST here when all parts are sent.' }),
    abort: z.string().meta({ description: 'DELETE this to give the upload up.' }),
  })
  .meta({ id: 'StartedUpload' });

/** Answer of the routes of one upload. */
export const uploadStateSchema = z
  .object({
    uploadId,
    key: z.string(),
    bytes: count,
    status: z.enum(['complete', 'aborted']),
  })
  .meta({
    id: 'UploadState',
    examples: [
      {
        uploadId: '0b0f5b0e-6a51-4c8f-9d0e-0f6f6d1f2a3b',
        key: 'uploads/acme/0b0f5b0e-6a51-4c8f-9d0e-0f6f6d1f2a3b/data',
        bytes: 73_400_320,
        status: 'complete',
      },
    ],
  });

/** `uploads/{tenant}/{uploadId}/upload.json`: what was said of the file, and the multipart upload that takes it. */
export interface UploadManifest {
  readonly uploadId: string;
  readonly multipartId: string;
  readonly bytes: number;
  readonly contentType: StartUploadBody['contentType'];
  readonly contentEncoding: StartUploadBody['contentEncoding'];
  readonly fileName?: string | undefined;
  readonly startedAt: string;
}
