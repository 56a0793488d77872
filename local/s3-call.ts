import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { S3Error } from './s3-error.ts';
import type { ObjectChange } from './s3-events.ts';
import type { S3Store, StoredObject } from './s3-store.ts';
import type { S3Uploads } from './s3-uploads.ts';

/** One authenticated request to the store. */
export interface S3Call {
  readonly bucket: string;
  /** Empty for a request on the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly request: IncomingMessage;
  readonly store: S3Store;
  readonly uploads: S3Uploads;
  /** @throws S3Error AccessDenied unless the caller may do `action` on the bucket, or on the object of that key */
  authorize(action: string, bucket: string, key?: string, context?: Readonly<Record<string, string>>): void;
  may(action: string, bucket: string, key?: string, context?: Readonly<Record<string, string>>): boolean;
  notify(change: ObjectChange, object: StoredObject): void;
}

/** An answer of the store. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

/** An operation of the S3 API: when it is meant, which parameters it knows, and what it does. */
export interface S3Operation {
  /** Its name in the S3 API reference. */
  readonly name: string;
  readonly method: string;
  readonly on: 'service' | 'bucket' | 'object';
  /** Query parameter that tells it from others of the same method. */
  readonly marker?: string;
  /** Header that tells it from others of the same method. */
  readonly header?: string;
  /** Further query parameters it honours; any other is refused. */
  readonly query?: readonly string[];
  run(call: S3Call): Promise<S3Answer> | S3Answer;
}

/** Parameters of any operation: the signature's, and the SDK's name of the operation. */
const ALWAYS =
  /^(X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Content-Sha256|Security-Token|User-Agent)|x-id)$/i;

/** Headers whose meaning this store does not have. */
const REFUSED_HEADERS =
  /^x-amz-(tagging$|grant-|object-lock-|website-|server-side-encryption-customer|copy-source-server)/;

/**
 * The operation a request means.
 *
 * @throws S3Error NotImplemented when there is none, or for a parameter or header that would not be honoured
 */
export function operationOf(
  operations: readonly S3Operation[],
  { method = '', headers }: IncomingMessage,
  on: S3Operation['on'],
  query: URLSearchParams,
): S3Operation {
  const candidates = operations.filter((operation) => operation.method === method && operation.on === on);
  const meant = candidates.find(
    ({ marker, header }) =>
      (marker === undefined || query.has(marker)) && (header === undefined || headers[header] !== undefined),
  );
  const known = new Set([meant?.marker, ...(meant?.query ?? [])]);
  const parameters = [...query.keys()].filter((name) => !known.has(name) && !ALWAYS.test(name));
  const refused = Object.keys(headers).filter((name) => REFUSED_HEADERS.test(name));
  if (!meant || parameters.length > 0 || refused.length > 0) {
    const what = [`${method} on a ${on}`, ...parameters.map((name) => `?${name}`), ...refused].join(', ');
    throw new S3Error(
      'NotImplemented',
      `The store on this machine does not implement ${what}; see docs/local.md.`,
    );
  }
  return meant;
}

/** Collects a small body, such as an XML request. @throws S3Error MalformedXML beyond 4 MiB */
export async function readText({ request }: S3Call): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > 4 * 1024 * 1024) throw new S3Error('MalformedXML', 'The XML of a request takes up to 4 MiB.');
  }
  return Buffer.concat(chunks).toString('utf8');
}
