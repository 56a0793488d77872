import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { listen } from './http-listener.ts';
import type { Iam } from './iam.ts';
import { BUCKET_OPERATIONS } from './s3-bucket-operations.ts';
import { operationOf, type S3Answer, type S3Call } from './s3-call.ts';
import { S3Error, type S3ErrorCode } from './s3-error.ts';
import { type CloudEvent, objectEvent } from './s3-events.ts';
import { OBJECT_OPERATIONS } from './s3-object-operations.ts';
import { S3Store } from './s3-store.ts';
import { UPLOAD_OPERATIONS } from './s3-upload-operations.ts';
import { S3Uploads } from './s3-uploads.ts';
import { toXml } from './s3-xml.ts';
import { SignatureError, verifySignature } from './sigv4.ts';
import type { Assembly } from './template.ts';

/** A bucket of the template. */
export interface S3Bucket {
  readonly name: string;
  /** Whether changes of its objects go to the event bus. */
  readonly notifies: boolean;
}

/** Settings of the store. */
export interface S3Options {
  /** Folder of the data; created when missing. One process at a time. */
  readonly folder: string;
  readonly buckets: readonly S3Bucket[];
  readonly iam: Iam;
  /** Default: any free port. */
  readonly port?: number;
  /** Told of every change in a bucket that notifies, after it happened. */
  readonly onEvent?: (event: CloudEvent) => void;
  /** Told of errors that are ours. */
  readonly log?: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A running store. */
export interface S3Server {
  /** `http://127.0.0.1:<port>`; as an address it makes the SDK put the bucket into the path. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** The buckets of an assembly. */
export function bucketsOf(assembly: Assembly): S3Bucket[] {
  return assembly.resources('AWS::S3::Bucket').map(({ name, properties }) => {
    const { EventBridgeConfiguration: bridge } = (properties.NotificationConfiguration ?? {}) as {
      EventBridgeConfiguration?: { EventBridgeEnabled?: boolean };
    };
    return { name, notifies: bridge !== undefined && bridge.EventBridgeEnabled !== false };
  });
}

// Uploads first: their marker tells them from the operations of the same method.
const OPERATIONS = [...UPLOAD_OPERATIONS, ...OBJECT_OPERATIONS, ...BUCKET_OPERATIONS];

/** How S3 words the problems of a signature. */
const SIGNATURE_CODES: Readonly<Record<SignatureError['problem'], S3ErrorCode>> = {
  MissingAuthenticationToken: 'AccessDenied',
  IncompleteSignature: 'AccessDenied',
  InvalidAccessKeyId: 'InvalidAccessKeyId',
  RequestExpired: 'AccessDenied',
  RequestTimeTooSkewed: 'RequestTimeTooSkewed',
  SignatureDoesNotMatch: 'SignatureDoesNotMatch',
};

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new S3Error('InvalidArgument', "Couldn't parse the specified URI.");
  }
}

function targetOf(url: string): { bucket: string; key: string; query: URLSearchParams } {
  const [path = '/', search = ''] = url.split(/\?(.*)/s);
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  const target = { bucket: decode(bucket), key: decode(key) };
  if (Buffer.byteLength(target.key) > 1024) throw new S3Error('KeyTooLongError', 'Your key is too long');
  return { ...target, query: new URLSearchParams(search.replaceAll('+', '%2B')) };
}

function errorAnswer(error: unknown, url: string, requestId: string, log: (line: string) => void): S3Answer {
  let answer = error;
  if (error instanceof SignatureError) answer = new S3Error(SIGNATURE_CODES[error.problem], error.message);
  if (!(answer instanceof S3Error)) {
    log(`s3: ${url}: ${(error as Error).stack ?? error}`);
    answer = new S3Error('InternalError', 'The store failed; its log holds the details.');
  }
  const { code, message, status, details } = answer as S3Error;
  const elements = {
    Code: code,
    Message: message,
    ...details,
    Resource: url.split('?')[0],
    RequestId: requestId,
  };
  return status === 304 ? { status } : { status, body: toXml('Error', elements, false) };
}

async function send(
  response: ServerResponse,
  { status, headers, body }: S3Answer,
  method: string,
): Promise<void> {
  const text = typeof body === 'string' ? body : undefined;
  response.writeHead(status, {
    ...(text && { 'content-type': 'application/xml' }),
    ...(text !== undefined && { 'content-length': Buffer.byteLength(text) }),
    ...headers,
  });
  if (body === undefined || text !== undefined || method === 'HEAD')
    response.end(method === 'HEAD' ? undefined : text);
  else await pipeline(body as Exclude<S3Answer['body'], string | undefined>, response);
}

/**
 * Starts the S3 store on 127.0.0.1: path-style requests, signed by a principal of `iam` and allowed by its policies.
 * What it implements is listed in docs/local.md; anything else is answered with NotImplemented.
 */
export async function startS3(options: S3Options): Promise<S3Server> {
  const { folder, buckets, iam, port = 0, onEvent = () => {}, log = () => {}, now = Date.now } = options;
  const store = new S3Store(
    folder,
    buckets.map(({ name }) => name),
    now,
  );
  const uploads = new S3Uploads(folder, store, now);
  const notifying = new Set(buckets.filter(({ notifies }) => notifies).map(({ name }) => name));
  let changes = 0;

  const callOf = (request: IncomingMessage, url: string): S3Call => {
    const { headers, method = '' } = request;
    const target = targetOf(url);
    const payloadHash = String(
      headers['x-amz-content-sha256'] ?? target.query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
    );
    const principal = verifySignature({ method, url, headers, payloadHash }, iam, now());
    const decide: (...args: Parameters<S3Call['may']>) => ReturnType<Iam['authorize']> = (
      action,
      name,
      key,
      context,
    ) =>
      iam.authorize(
        principal.arn,
        action,
        `arn:aws:s3:::${name}${key === undefined ? '' : `/${key}`}`,
        context,
      );
    return {
      ...target,
      headers,
      request,
      store,
      uploads,
      authorize(...args) {
        const { allowed, reason } = decide(...args);
        if (!allowed) throw new S3Error('AccessDenied', `Access Denied: ${reason}`);
      },
      may: (...args) => decide(...args).allowed,
      notify(change, object) {
        if (!notifying.has(target.bucket)) return;
        const sequencer = `${now().toString(16).padStart(12, '0')}${(changes++).toString(16).padStart(8, '0')}`;
        const event = objectEvent(change, target.bucket, object, sequencer.toUpperCase(), now());
        setImmediate(() => {
          try {
            onEvent(event);
          } catch (error) {
            log(`s3: the receiver of an event failed: ${(error as Error).stack}`);
          }
        });
      },
    };
  };

  const answer = async (request: IncomingMessage, url: string): Promise<S3Answer> => {
    const call = callOf(request, url);
    const on = call.key ? 'object' : call.bucket ? 'bucket' : 'service';
    return operationOf(OPERATIONS, request, on, call.query).run(call);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { url = '/', method = '' } = request;
    const requestId = randomUUID();
    response.setHeader('x-amz-request-id', requestId);
    try {
      const result = await answer(request, url).catch((error) => errorAnswer(error, url, requestId, log));
      // What an early refusal left unread would block the connection.
      request.resume();
      await send(response, result, method);
    } catch (error) {
      // The status is gone already: a cut connection is all that tells the client.
      if (!response.destroyed) log(`s3: ${method} ${url}: ${(error as Error).stack}`);
      response.destroy();
    }
  };
  const listener = await listen((request, response) => void handle(request, response), port);
  return { endpoint: listener.url, close: () => listener.close() };
}
