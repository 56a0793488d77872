import { createHash } from 'node:crypto';
import { readText, type S3Answer, type S3Call, type S3Operation } from './s3-call.ts';
import { S3Error } from './s3-error.ts';
import { quoted } from './s3-object-operations.ts';
import { fromXml, toXml } from './s3-xml.ts';
import { REGION } from './template-names.ts';

/** Percent-encoding of keys in listings with `encoding-type=url`: slashes stay. */
const encodeKey = (key: string) => encodeURIComponent(key).replaceAll('%2F', '/');

function listObjectsV2(call: S3Call): S3Answer {
  const { bucket, query, store } = call;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  call.authorize('s3:ListBucket', bucket, undefined, { 's3:prefix': prefix, 's3:delimiter': delimiter });
  if (query.get('list-type') !== '2')
    throw new S3Error('NotImplemented', 'Only version 2 of ListObjects is implemented on this machine.');
  const asked = Number(query.get('max-keys') ?? 1000);
  if (!Number.isInteger(asked) || asked < 0)
    throw new S3Error('InvalidArgument', 'max-keys must be an integer between 0 and 2147483647.');
  const maxKeys = Math.min(1000, asked);
  const token = query.get('continuation-token');
  const after =
    token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  if (token !== null && Buffer.from(after).toString('base64url') !== token)
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  const page = store.index(bucket).list({ prefix, delimiter, after, maxKeys });
  const encode = query.get('encoding-type') === 'url' ? encodeKey : (key: string) => key;
  return {
    status: 200,
    body: toXml('ListBucketResult', {
      Name: bucket,
      Prefix: encode(prefix),
      Delimiter: delimiter ? encode(delimiter) : undefined,
      StartAfter: query.has('start-after') ? encode(query.get('start-after')!) : undefined,
      MaxKeys: maxKeys,
      KeyCount: page.entries.length + page.commonPrefixes.length,
      EncodingType: query.get('encoding-type') ?? undefined,
      IsTruncated: page.isTruncated,
      ContinuationToken: token ?? undefined,
      NextContinuationToken: page.isTruncated ? Buffer.from(page.last).toString('base64url') : undefined,
      Contents: page.entries.map(([key, { modifiedAt, etag, size }]) => ({
        Key: encode(key),
        LastModified: new Date(modifiedAt).toISOString(),
        ETag: quoted(etag),
        Size: size,
        StorageClass: 'STANDARD',
      })),
      CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: encode(common) })),
    }),
  };
}

async function deleteObjects(call: S3Call): Promise<S3Answer> {
  const { bucket, headers, store } = call;
  const text = await readText(call);
  const md5 = headers['content-md5'];
  if (md5 !== undefined && createHash('md5').update(text).digest('base64') !== md5)
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  const request = fromXml(text, 'Delete') as {
    Object?: { Key?: string; VersionId?: string }[];
    Quiet?: string;
  };
  const objects = request.Object ?? [];
  if (objects.length === 0 || objects.length > 1000)
    throw new S3Error('MalformedXML', `Name 1 to 1000 objects to delete; found ${objects.length}.`);
  store.index(bucket);
  const deleted: { Key: string }[] = [];
  const errors: { Key: string; Code: string; Message: string }[] = [];
  for (const { Key = '', VersionId } of objects) {
    if (VersionId !== undefined)
      errors.push({ Key, Code: 'NoSuchVersion', Message: 'The store on this machine keeps one version.' });
    else if (!call.may('s3:DeleteObject', bucket, Key))
      errors.push({ Key, Code: 'AccessDenied', Message: 'Access Denied' });
    else {
      const object = store.delete(bucket, Key);
      if (object) call.notify('DeleteObject', object);
      deleted.push({ Key });
    }
  }
  return {
    status: 200,
    body: toXml('DeleteResult', { Deleted: request.Quiet === 'true' ? [] : deleted, Error: errors }),
  };
}

function headBucket(call: S3Call): S3Answer {
  call.authorize('s3:ListBucket', call.bucket);
  call.store.index(call.bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': REGION } };
}

function getBucketLocation(call: S3Call): S3Answer {
  call.authorize('s3:GetBucketLocation', call.bucket);
  call.store.index(call.bucket);
  return { status: 200, body: toXml('LocationConstraint', { '#text': REGION }) };
}

function listBuckets(call: S3Call): S3Answer {
  call.authorize('s3:ListAllMyBuckets', '*');
  const buckets = call.store.bucketNames.map((Name) => ({ Name, CreationDate: new Date(0).toISOString() }));
  return { status: 200, body: toXml('ListAllMyBucketsResult', { Buckets: { Bucket: buckets } }) };
}

/** Operations on a bucket, and the one on all of them. Buckets themselves come from the template. */
export const BUCKET_OPERATIONS: readonly S3Operation[] = [
  { name: 'ListBuckets', method: 'GET', on: 'service', run: listBuckets },
  { name: 'HeadBucket', method: 'HEAD', on: 'bucket', run: headBucket },
  { name: 'GetBucketLocation', method: 'GET', on: 'bucket', marker: 'location', run: getBucketLocation },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    on: 'bucket',
    marker: 'list-type',
    query: [
      'prefix',
      'delimiter',
      'max-keys',
      'start-after',
      'continuation-token',
      'encoding-type',
      'fetch-owner',
    ],
    run: listObjectsV2,
  },
  { name: 'DeleteObjects', method: 'POST', on: 'bucket', marker: 'delete', run: deleteObjects },
];
