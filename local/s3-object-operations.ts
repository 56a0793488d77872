import type { IncomingHttpHeaders } from 'node:http';
import { uploadBody } from './s3-body.ts';
import type { S3Answer, S3Call, S3Operation } from './s3-call.ts';
import { startChecksum } from './s3-checksums.ts';
import { type ByteSpan, checkReadConditions, spanOf, writeCondition } from './s3-conditions.ts';
import { S3Error } from './s3-error.ts';
import type { ObjectDescription, StoredObject } from './s3-store.ts';
import { toXml } from './s3-xml.ts';

const STANDARD_HEADERS = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];

/** Headers and metadata that the writer of an object gave. */
export function describe(headers: IncomingHttpHeaders): ObjectDescription {
  const kept: Record<string, string> = {};
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('x-amz-meta-')) metadata[name.slice('x-amz-meta-'.length)] = String(value);
    else if (STANDARD_HEADERS.includes(name)) kept[name] = String(value);
  }
  const encoding = (kept['content-encoding'] ?? '').split(',').map((part) => part.trim());
  // The framing of the upload is not an encoding of the object.
  kept['content-encoding'] = encoding.filter((part) => part && part !== 'aws-chunked').join(',');
  if (!kept['content-encoding']) delete kept['content-encoding'];
  kept['content-type'] ||= 'binary/octet-stream';
  return { headers: kept, metadata };
}

/** An ETag as it stands in headers and XML: in quotes. */
/** An ETag as it stands in headers and XML. */
export const quoted = (etag: string) => `"${etag}"`;

/** Headers that tell the checksum of an object. */
export const checksumHeaders = ({ checksum }: Pick<StoredObject, 'checksum'>): Record<string, string> =>
  checksum
    ? { [`x-amz-checksum-${checksum.name}`]: checksum.value, 'x-amz-checksum-type': checksum.type }
    : {};

/** The object's state, once the caller may know it: who may not list learns nothing of missing keys, as in S3. */
export function headFor(call: S3Call, bucket = call.bucket, key = call.key): StoredObject {
  call.authorize('s3:GetObject', bucket, key);
  const object = call.store.index(bucket).get(key);
  if (!object) call.authorize('s3:ListBucket', bucket);
  return object ?? call.store.head(bucket, key);
}

function readAnswer({ headers, query }: S3Call, object: StoredObject, span: ByteSpan | undefined): S3Answer {
  const overrides = STANDARD_HEADERS.flatMap((name) => {
    const value = query.get(`response-${name}`);
    return value === null ? [] : [[name, value] as const];
  });
  const withChecksum = headers['x-amz-checksum-mode']?.toString().toUpperCase() === 'ENABLED' && !span;
  return {
    status: span ? 206 : 200,
    headers: {
      ...object.headers,
      ...Object.fromEntries(overrides),
      ...Object.fromEntries(
        Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
      ),
      ...(withChecksum && checksumHeaders(object)),
      ...(span && { 'content-range': `bytes ${span.start}-${span.end}/${object.size}` }),
      'content-length': String(span ? span.end - span.start + 1 : object.size),
      etag: quoted(object.etag),
      'last-modified': new Date(object.modifiedAt).toUTCString(),
      'accept-ranges': 'bytes',
    },
  };
}

async function getObject(call: S3Call): Promise<S3Answer> {
  headFor(call);
  const { handle, size, description } = await call.store.open(call.bucket, call.key);
  try {
    checkReadConditions(call.headers, description);
    const span = spanOf(call.headers.range, size);
    const answer = readAnswer(call, description, span);
    if (size === 0) {
      await handle.close();
      return { ...answer, body: '' };
    }
    return { ...answer, body: handle.createReadStream(span ?? { start: 0, end: size - 1 }) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function headObject(call: S3Call): S3Answer {
  const object = headFor(call);
  checkReadConditions(call.headers, object);
  return readAnswer(call, object, spanOf(call.headers.range, object.size));
}

async function putObject(call: S3Call): Promise<S3Answer> {
  const { bucket, key, headers, request, store } = call;
  call.authorize('s3:PutObject', bucket, key);
  store.index(bucket);
  const precondition = writeCondition(headers, key);
  const body = uploadBody(request.iterator({ destroyOnReturn: false }), headers);
  const object = await store.put(bucket, key, body, describe(headers), precondition);
  call.notify('PutObject', object);
  return { status: 200, headers: { etag: quoted(object.etag), ...checksumHeaders(object) } };
}

function copySource(header: string): { bucket: string; key: string } {
  const [, bucket, key, version] = /^\/?([^/]+)\/([^?]+)(\?.*)?$/.exec(header) ?? [];
  if (!bucket || !key)
    throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key');
  if (version)
    throw new S3Error('NotImplemented', 'The store on this machine keeps one version of an object.');
  return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key) };
}

async function copyObject(call: S3Call): Promise<S3Answer> {
  const { bucket, key, headers, store } = call;
  const source = copySource(String(headers['x-amz-copy-source']));
  const replace = headers['x-amz-metadata-directive'] === 'REPLACE';
  if (source.bucket === bucket && source.key === key && !replace)
    throw new S3Error(
      'InvalidRequest',
      'A copy onto itself must replace the metadata (x-amz-metadata-directive).',
    );
  call.authorize('s3:PutObject', bucket, key);
  headFor(call, source.bucket, source.key);
  const precondition = writeCondition(headers, key);
  const { handle, size, description } = await store.open(source.bucket, source.key);
  try {
    checkReadConditions(headers, description, 'x-amz-copy-source-');
    const md5 = startChecksum('md5');
    const content = size > 0 ? handle.createReadStream({ start: 0, end: size - 1, autoClose: false }) : [];
    async function* counted() {
      for await (const chunk of content) {
        md5.update(chunk as Uint8Array);
        yield chunk as Uint8Array;
      }
    }
    const { checksum } = description;
    const staged = await store.stage(key, counted(), replace ? describe(headers) : description, () => ({
      size,
      etag: md5.digest().toString('hex'),
      // One over the parts' checksums does not hold for a copy in one piece.
      ...(checksum?.type === 'FULL_OBJECT' && { checksum }),
    }));
    const object = store.commit(bucket, staged, precondition);
    call.notify('CopyObject', object);
    const result = { ETag: quoted(object.etag), LastModified: new Date(object.modifiedAt).toISOString() };
    return { status: 200, body: toXml('CopyObjectResult', result) };
  } finally {
    await handle.close();
  }
}

function deleteObject(call: S3Call): S3Answer {
  const { bucket, key, headers, store } = call;
  call.authorize('s3:DeleteObject', bucket, key);
  const object = store.delete(bucket, key, writeCondition(headers, key));
  if (object) call.notify('DeleteObject', object);
  return { status: 204 };
}

function getObjectAttributes(call: S3Call): S3Answer {
  const object = headFor(call);
  const { checksum } = object;
  const wanted = String(call.headers['x-amz-object-attributes'] ?? '').split(/\s*,\s*/);
  if (wanted.includes('ObjectParts'))
    throw new S3Error('NotImplemented', 'The parts of a completed object are not kept on this machine.');
  const want = <T>(name: string, value: T) => (wanted.includes(name) ? value : undefined);
  return {
    status: 200,
    headers: { 'last-modified': new Date(object.modifiedAt).toUTCString() },
    body: toXml('GetObjectAttributesResponse', {
      ETag: want('ETag', object.etag),
      Checksum:
        checksum &&
        want('Checksum', {
          [`Checksum${checksum.name.toUpperCase()}`]: checksum.value,
          ChecksumType: checksum.type,
        }),
      ObjectSize: want('ObjectSize', object.size),
      StorageClass: want('StorageClass', 'STANDARD'),
    }),
  };
}

/** Operations on one object in one request. */
export const OBJECT_OPERATIONS: readonly S3Operation[] = [
  {
    name: 'GetObjectAttributes',
    method: 'GET',
    on: 'object',
    marker: 'attributes',
    run: getObjectAttributes,
  },
  {
    name: 'GetObject',
    method: 'GET',
    on: 'object',
    query: STANDARD_HEADERS.map((name) => `response-${name}`),
    run: getObject,
  },
  { name: 'HeadObject', method: 'HEAD', on: 'object', run: headObject },
  { name: 'CopyObject', method: 'PUT', on: 'object', header: 'x-amz-copy-source', run: copyObject },
  { name: 'PutObject', method: 'PUT', on: 'object', run: putObject },
  { name: 'DeleteObject', method: 'DELETE', on: 'object', run: deleteObject },
];
