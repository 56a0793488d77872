import { gunzipSync } from 'node:zlib';
import { PREFIX } from '../contracts/env.ts';
import { InvalidRequestError, PayloadTooLargeError } from '../errors.ts';
import type { HttpEvent } from './http-event.ts';

/** Largest body of a route that names no other, bytes after unpacking. */
export const BODY_BYTES = 1024 * 1024;

/**
 * The JSON value of a request's body, which may be Base64 (API Gateway's doing) and gzip (the caller's).
 * @throws InvalidRequestError for a body that is missing or not JSON, PayloadTooLargeError above `limit` bytes
 */
export function readBody({ body, isBase64Encoded, headers }: HttpEvent, limit = BODY_BYTES): unknown {
  if (!body) throw invalid('the body is empty', 'empty_body');
  const packed = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const encoding = headers?.['content-encoding']?.trim().toLowerCase() ?? 'identity';
  const bytes = unpacked(packed, encoding, limit);
  if (bytes.length > limit) throw tooLarge(limit);
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

function unpacked(bytes: Uint8Array, encoding: string, limit: number): Uint8Array {
  if (encoding === 'identity' || encoding === '') return bytes;
  if (encoding !== 'gzip') throw invalid(`the content encoding ${encoding} is not known`, 'content_encoding');
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(limit, cause);
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

function tooLarge(limit: number, cause?: unknown): PayloadTooLargeError {
  return new PayloadTooLargeError(
    `The body is larger than ${limit} bytes. Send less, or upload the data as a file to ${PREFIX.drop}{tenant}/{dataset}/ in the data bucket: that starts a run of any size.`,
    { reason: 'body_too_large', limitBytes: limit },
    { cause },
  );
}
