import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error.ts';
import type { Precondition, StoredObject } from './s3-store.ts';

const failed = (condition: string) =>
  new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  });

const matches = (list: string, etag: string) =>
  list
    .split(',')
    .some((item) => item.trim() === '*' || item.trim().replace(/^W\//, '').replaceAll('"', '') === etag);

/** HTTP dates have whole seconds. */
const seconds = (time: number | string) =>
  Math.floor((typeof time === 'string' ? Date.parse(time) : time) / 1000);

/**
 * Evaluates the conditions of a read (RFC 9110, section 13.2.2).
 *
 * @param prefix `x-amz-copy-source-` for the source of a copy
 * @throws S3Error PreconditionFailed or NotModified
 */
export function checkReadConditions(
  headers: IncomingHttpHeaders,
  { etag, modifiedAt }: StoredObject,
  prefix = '',
) {
  const header = (name: string) => headers[`${prefix}${name}`] as string | undefined;
  const ifMatch = header('if-match');
  const unmodifiedSince = header('if-unmodified-since');
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, etag)) throw failed('If-Match');
  } else if (unmodifiedSince !== undefined && seconds(modifiedAt) > seconds(unmodifiedSince))
    throw failed('If-Unmodified-Since');

  const ifNoneMatch = header('if-none-match');
  const modifiedSince = header('if-modified-since');
  const notModified =
    ifNoneMatch !== undefined
      ? matches(ifNoneMatch, etag)
      : modifiedSince !== undefined && seconds(modifiedAt) <= seconds(modifiedSince);
  if (notModified) throw prefix ? failed('If-None-Match') : new S3Error('NotModified', 'Not Modified');
}

/**
 * The condition of a write: `If-None-Match: *` wants no object in place, `If-Match` wants the one of that ETag.
 *
 * @throws S3Error NotImplemented for `If-None-Match` with an ETag, as S3
 */
export function writeCondition(headers: IncomingHttpHeaders, key: string): Precondition {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw new S3Error('NotImplemented', 'A write takes If-None-Match only with the value *.');
  return (present) => {
    if (ifNoneMatch === '*' && present) throw failed('If-None-Match');
    if (ifMatch === undefined) return;
    if (!present) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key });
    if (!matches(ifMatch, present.etag)) throw failed('If-Match');
  };
}

/** Bytes of an object to read, both ends included. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * The span a `Range` header asks for; undefined for the whole object: no header, one that is not understood, or several
 * ranges, which S3 does not serve.
 *
 * @throws S3Error InvalidRange when no byte of the object lies in it
 */
export function spanOf(range: string | undefined, size: number): ByteSpan | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (!match || (first === '' && last === '')) return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start > end)
    throw new S3Error('InvalidRange', 'The requested range is not satisfiable', {
      RangeRequested: range ?? '',
      ActualObjectSize: String(size),
    });
  return { start, end };
}
