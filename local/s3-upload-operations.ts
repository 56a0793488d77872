import { uploadBody } from './s3-body.ts';
import { readText, type S3Answer, type S3Call, type S3Operation } from './s3-call.ts';
import { checksumNamed } from './s3-checksums.ts';
import { writeCondition } from './s3-conditions.ts';
import { S3Error } from './s3-error.ts';
import { checksumHeaders, describe, quoted } from './s3-object-operations.ts';
import type { StoredChecksum } from './s3-store.ts';
import type { Upload } from './s3-uploads.ts';
import { fromXml, toXml } from './s3-xml.ts';

function uploadOf({ uploads, query, bucket, key, store }: S3Call): Upload {
  store.index(bucket);
  return uploads.get(query.get('uploadId') ?? '', bucket, key);
}

function wantedChecksum({ headers }: S3Call): Pick<StoredChecksum, 'name' | 'type'> | undefined {
  const algorithm = headers['x-amz-checksum-algorithm'];
  if (algorithm === undefined) return undefined;
  const name = checksumNamed(String(algorithm));
  if (!name) throw new S3Error('InvalidRequest', `The checksum algorithm ${algorithm} is not known.`);
  const asked = headers['x-amz-checksum-type'];
  const type =
    asked === 'FULL_OBJECT' || (asked === undefined && name === 'crc64nvme') ? 'FULL_OBJECT' : 'COMPOSITE';
  return { name, type };
}

function createMultipartUpload(call: S3Call): S3Answer {
  const { bucket, key, headers, uploads, store } = call;
  call.authorize('s3:PutObject', bucket, key);
  store.index(bucket);
  const checksum = wantedChecksum(call);
  const { uploadId } = uploads.create({ bucket, key, ...describe(headers), ...(checksum && { checksum }) });
  return {
    status: 200,
    headers: checksum
      ? { 'x-amz-checksum-algorithm': checksum.name.toUpperCase(), 'x-amz-checksum-type': checksum.type }
      : {},
    body: toXml('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: uploadId }),
  };
}

async function uploadPart(call: S3Call): Promise<S3Answer> {
  const { bucket, key, headers, query, request, uploads } = call;
  call.authorize('s3:PutObject', bucket, key);
  const upload = uploadOf(call);
  const partNumber = Number(query.get('partNumber'));
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > 10_000)
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  const body = uploadBody(request.iterator({ destroyOnReturn: false }), headers);
  const { etag, checksum } = await uploads.putPart(upload, partNumber, body);
  return {
    status: 200,
    headers: { etag: quoted(etag), ...(checksum && { [`x-amz-checksum-${checksum.name}`]: checksum.value }) },
  };
}

async function completeMultipartUpload(call: S3Call): Promise<S3Answer> {
  const { bucket, key, headers, uploads } = call;
  call.authorize('s3:PutObject', bucket, key);
  const upload = uploadOf(call);
  const { Part = [] } = fromXml(await readText(call), 'CompleteMultipartUpload') as {
    Part?: { PartNumber?: string; ETag?: string }[];
  };
  const wanted = Part.map(({ PartNumber, ETag = '' }) => ({ partNumber: Number(PartNumber), etag: ETag }));
  const object = await uploads.complete(upload, wanted, writeCondition(headers, key));
  call.notify('CompleteMultipartUpload', object);
  const { checksum } = object;
  return {
    status: 200,
    headers: checksumHeaders(object),
    body: toXml('CompleteMultipartUploadResult', {
      Location: `/${bucket}/${key}`,
      Bucket: bucket,
      Key: key,
      ETag: quoted(object.etag),
      ...(checksum && {
        [`Checksum${checksum.name.toUpperCase()}`]: checksum.value,
        ChecksumType: checksum.type,
      }),
    }),
  };
}

function abortMultipartUpload(call: S3Call): S3Answer {
  call.authorize('s3:AbortMultipartUpload', call.bucket, call.key);
  call.uploads.abort(uploadOf(call));
  return { status: 204 };
}

function listParts(call: S3Call): S3Answer {
  const { bucket, key, query, uploads } = call;
  call.authorize('s3:ListMultipartUploadParts', bucket, key);
  const upload = uploadOf(call);
  const maxParts = Math.min(1000, Number(query.get('max-parts') ?? 1000));
  const after = Number(query.get('part-number-marker') ?? 0);
  const rest = uploads.parts(upload).filter(({ partNumber }) => partNumber > after);
  const page = rest.slice(0, maxParts);
  return {
    status: 200,
    body: toXml('ListPartsResult', {
      Bucket: bucket,
      Key: key,
      UploadId: upload.uploadId,
      PartNumberMarker: after,
      NextPartNumberMarker: rest.length > page.length ? page.at(-1)?.partNumber : undefined,
      MaxParts: maxParts,
      IsTruncated: rest.length > page.length,
      Part: page.map(({ partNumber, modifiedAt, etag, size }) => ({
        PartNumber: partNumber,
        LastModified: new Date(modifiedAt).toISOString(),
        ETag: quoted(etag),
        Size: size,
      })),
    }),
  };
}

/** Operations of multipart uploads. */
export const UPLOAD_OPERATIONS: readonly S3Operation[] = [
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    on: 'object',
    marker: 'uploads',
    run: createMultipartUpload,
  },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    on: 'object',
    marker: 'uploadId',
    run: completeMultipartUpload,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    on: 'object',
    marker: 'uploadId',
    query: ['partNumber'],
    run: uploadPart,
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    on: 'object',
    marker: 'uploadId',
    run: abortMultipartUpload,
  },
  {
    name: 'ListParts',
    method: 'GET',
    on: 'object',
    marker: 'uploadId',
    query: ['max-parts', 'part-number-marker'],
    run: listParts,
  },
];
