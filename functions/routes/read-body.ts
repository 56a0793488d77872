import { gunzipSync } from 'node:zlib';
import { PREFIX } from '../contracts/env.ts';
import { InvalidRequestError, PayloadTooLargeError } from '../errors.ts';
import type { HttpEvent } from './http-event.ts';
import type { Route } from './route.ts';

/** Largest body of a route that names no other, bytes after unpacking. */
export const BODY_BYTES = 1024 * 1024;

/** Where larger files go, and what to do there: part of what a caller is told who sends too much. */
export const UPLOAD_ROUTE = 'POST /v1/uploads';
export const UPLOAD_ADVICE = `Send the file in parts to ${UPLOAD_ROUTE}, and its upload_id here.`;

/**
 * The JSON value of a request's body, which may be Base64 (API Gateway's doing) and gzip (the caller's).
 * @throws InvalidRequestError for a body that is missing or not JSON, PayloadTooLargeError above the route's limit
 */
export function readBody(
  { body, isBase64Encoded, headers }: HttpEvent,
  { bodyBytes: limit = BODY_BYTES, byUpload }: Pick<Route, 'bodyBytes' | 'byUpload'> = {},
): unknown {
  const tooLarge = (cause?: unknown) => tooLargeBody(limit, byUpload !== undefined, cause);
  if (!body) throw invalid('the body is empty', 'empty_body');
  const packed = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const encoding = headers?.['content-encoding']?.trim().toLowerCase() ?? 'identity';
  const bytes = unpacked(packed, encoding, limit, tooLarge);
  if (bytes.length > limit) throw tooLarge();
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid('the body is not UTF-8 text', 'not_utf8', cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid('the body is not valid JSON', 'not_json', cause);
  }
}

function unpacked(
  bytes: Uint8Array,
  encoding: string,
  limit: number,
  tooLarge: (cause: unknown) => Error,
): Uint8Array {
  if (encoding === 'identity' || encoding === '') return bytes;
  if (encoding !== 'gzip') throw invalid(`the content encoding ${encoding} is not known`, 'content_encoding');
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(cause);
    throw invalid('the body is not the gzip stream that its content-encoding says', 'not_gzip', cause);
  }
}

function invalid(what: string, reason: string, cause?: unknown): InvalidRequestError {
  return new InvalidRequestError(
    `Invalid input: ${what}. Send one JSON object in UTF-8, plain or gzip.`,
    { reason },
    { cause },
  );
}

function tooLargeBody(limit: number, canUpload: boolean, cause?: unknown): PayloadTooLargeError {
  const advice = canUpload
    ? UPLOAD_ADVICE
    : `Send less, or upload the data as a file to ${PREFIX.drop}{tenant}/{dataset}/ in the data bucket: that starts a run of any size.`;
  return new PayloadTooLargeError(
    `The body is larger than ${limit} bytes. ${advice}`,
    { reason: 'body_too_large', limitBytes: limit, ...(canUpload && { uploadRoute: UPLOAD_ROUTE }) },
    { cause },
  );
}
