import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUCKET, type RunningStore, runStore } from './support/s3-fixture.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tessella-s3-'));
const data = randomBytes(1 << 20);
let store: RunningStore;

beforeAll(async () => {
  store = await runStore(folder);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const put = (Key: string, Body: string | Uint8Array | Readable, more: Partial<PutObjectCommandInput> = {}) =>
  store.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));
const get = (Key: string, more = {}) => store.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...more }));
const head = (Key: string, more = {}) =>
  store.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key, ...more }));

/** The error a request ends with: its name and HTTP status. */
async function errorOf(request: Promise<unknown>): Promise<string> {
  const error = await request.then(
    () => new Error('it succeeded'),
    (reason: Error & { $metadata?: { httpStatusCode?: number } }) => reason,
  );
  return `${error.name} ${'$metadata' in error ? error.$metadata?.httpStatusCode : error.message}`;
}

describe('buckets', () => {
  it('are those of the template', async () => {
    await store.s3.send(new HeadBucketCommand({ Bucket: BUCKET }));
    const { Buckets } = await store.s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['quiet-bucket', BUCKET]);
  });

  it('fails with NoSuchBucket for any other', async () => {
    expect(await errorOf(store.s3.send(new HeadBucketCommand({ Bucket: 'other' })))).toBe('NotFound 404');
    const request = store.s3.send(new PutObjectCommand({ Bucket: 'other', Key: 'k', Body: 'x' }));
    expect(await errorOf(request)).toBe('NoSuchBucket 404');
  });
});

describe('writing and reading', () => {
  it('keeps bytes, content type, metadata and the MD5 as ETag', async () => {
    const written = await put('a/x.bin', data, {
      ContentType: 'application/vnd.apache.arrow.file',
      Metadata: { rows: '42' },
    });
    const md5 = createHash('md5').update(data).digest('hex');
    expect(written.ETag).toBe(`"${md5}"`);
    const read = await get('a/x.bin');
    expect(Buffer.from(await read.Body!.transformToByteArray()).equals(data)).toBe(true);
    expect(read).toMatchObject({
      ContentType: 'application/vnd.apache.arrow.file',
      Metadata: { rows: '42' },
      ContentLength: data.length,
      ETag: `"${md5}"`,
    });
  });

  it('gives the CRC32 that the SDK sent by default back', async () => {
    const { ChecksumCRC32 } = await put('a/crc', '123456789');
    // CRC-32 of "123456789" is 0xcbf43926.
    expect(ChecksumCRC32).toBe(Buffer.from('cbf43926', 'hex').toString('base64'));
    expect((await get('a/crc', { ChecksumMode: 'ENABLED' })).ChecksumCRC32).toBe(ChecksumCRC32);
  });

  it('takes a stream as an aws-chunked body with a trailer', async () => {
    const Body = Readable.from([data.subarray(0, 500_000), data.subarray(500_000)]);
    await put('a/stream', Body, { ContentLength: data.length });
    const read = await get('a/stream');
    expect(Buffer.from(await read.Body!.transformToByteArray()).equals(data)).toBe(true);
    expect(read.ContentEncoding).toBeUndefined();
  });

  it.each(['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const)(
    'verifies and keeps a %s trailer',
    async (algorithm) => {
      const key = `a/${algorithm}`;
      await put(key, Readable.from([data]), { ContentLength: data.length, ChecksumAlgorithm: algorithm });
      const read = await get(key, { ChecksumMode: 'ENABLED' });
      // Reading to the end makes the SDK verify the checksum it was given.
      expect(Buffer.from(await read.Body!.transformToByteArray()).equals(data)).toBe(true);
      expect(read[`Checksum${algorithm}`]).toMatch(/^[\w+/=]{8,}$/);
    },
  );

  it('keeps gzip but not aws-chunked as the encoding of a streamed object', async () => {
    await put('a/gz', Readable.from([data]), { ContentLength: data.length, ContentEncoding: 'gzip' });
    expect((await head('a/gz')).ContentEncoding).toBe('gzip');
  });

  it('keeps an object of zero bytes', async () => {
    await put('zero', '');
    expect(await store.read('zero')).toHaveLength(0);
    expect((await head('zero')).ContentLength).toBe(0);
  });

  it('lets a read rename its headers', async () => {
    const read = await get('a/x.bin', {
      ResponseContentType: 'text/csv',
      ResponseContentDisposition: 'inline',
    });
    expect([read.ContentType, read.ContentDisposition]).toEqual(['text/csv', 'inline']);
    await read.Body!.transformToByteArray();
  });

  it('tells size, ETag and time of change in a head', async () => {
    const { ContentLength, ETag, LastModified } = await head('a/x.bin');
    expect(ContentLength).toBe(data.length);
    expect(ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(Math.abs(LastModified!.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    'in/2024-01/000 a.arrow',
    'in/2024-01/äö+&=.arrow',
    "in/it's (1)!*.arrow",
    'in/😀/日本',
    'in//double//slash/',
    'in/<&"\'>.xml',
    'in/../dots/./x',
    `in/${'k'.repeat(1000)}`,
  ])('keeps the key %s', async (key) => {
    await put(key, key);
    expect((await store.read(key)).toString()).toBe(key);
  });

  it('keeps a key beside one that it is a folder of', async () => {
    await put('pp/x', '1');
    await put('pp/x/y', '2');
    expect([(await store.read('pp/x')).toString(), (await store.read('pp/x/y')).toString()]).toEqual([
      '1',
      '2',
    ]);
  });

  it('fails with NoSuchKey or NotFound for a missing object', async () => {
    expect(await errorOf(get('nope'))).toBe('NoSuchKey 404');
    expect(await errorOf(head('nope'))).toBe('NotFound 404');
  });

  it('fails for a wrong checksum and stores nothing', async () => {
    const md5 = Buffer.alloc(16).toString('base64');
    expect(await errorOf(put('bad', 'abc', { ContentMD5: md5 }))).toBe('BadDigest 400');
    expect(await errorOf(put('bad', 'abc', { ChecksumCRC32: 'AAAAAA==' }))).toBe('BadDigest 400');
    expect(await errorOf(put('bad', 'abc', { ChecksumSHA256: Buffer.alloc(32).toString('base64') }))).toBe(
      'BadDigest 400',
    );
    expect(await errorOf(head('bad'))).toBe('NotFound 404');
  });

  it('fails for a key of more than 1024 bytes', async () => {
    expect(await errorOf(put('k'.repeat(1025), ''))).toBe('KeyTooLongError 400');
  });
});

describe('ranges', () => {
  it.each([
    ['bytes=10-19', 10, 20],
    ['bytes=0-0', 0, 1],
    ['bytes=1000000-', 1_000_000, 1 << 20],
    ['bytes=-100', (1 << 20) - 100, 1 << 20],
    ['bytes=-9999999', 0, 1 << 20],
    ['bytes=1048570-9999999', 1_048_570, 1 << 20],
  ])('serves %s', async (Range, start, end) => {
    const read = await get('a/x.bin', { Range });
    expect(Buffer.from(await read.Body!.transformToByteArray()).equals(data.subarray(start, end))).toBe(true);
    expect(read.ContentRange).toBe(`bytes ${start}-${end - 1}/${1 << 20}`);
    expect(read.$metadata.httpStatusCode).toBe(206);
  });

  it('fails with InvalidRange beyond the end', async () => {
    expect(await errorOf(get('a/x.bin', { Range: 'bytes=99999999-' }))).toBe('InvalidRange 416');
    expect(await errorOf(get('zero', { Range: 'bytes=-1' }))).toBe('InvalidRange 416');
  });
});

describe('conditions', () => {
  it('answers a read with 412 or 304', async () => {
    const { ETag, LastModified } = await head('a/x.bin');
    expect(await errorOf(get('a/x.bin', { IfMatch: '"00"' }))).toMatch(/ 412$/);
    expect(await errorOf(get('a/x.bin', { IfNoneMatch: ETag }))).toMatch(/ 304$/);
    expect(await errorOf(get('a/x.bin', { IfModifiedSince: LastModified }))).toMatch(/ 304$/);
    expect(await errorOf(get('a/x.bin', { IfUnmodifiedSince: new Date(0) }))).toMatch(/ 412$/);
    await (await get('a/x.bin', { IfMatch: ETag })).Body!.transformToByteArray();
  });

  it('lets one of twenty racing writers create an object', async () => {
    const writes = Array.from({ length: 20 }, (_, i) =>
      put('lock/race', `writer ${i}`, { IfNoneMatch: '*' }),
    );
    const results = await Promise.allSettled(writes);
    const winner = results.findIndex(({ status }) => status === 'fulfilled');
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await store.read('lock/race')).toString()).toBe(`writer ${winner}`);
  });

  it('writes over the version it names and no other', async () => {
    const { ETag } = await put('lock/1', 'a', { IfNoneMatch: '*' });
    expect(await errorOf(put('lock/1', 'b', { IfNoneMatch: '*' }))).toBe('PreconditionFailed 412');
    await put('lock/1', 'c', { IfMatch: ETag! });
    expect(await errorOf(put('lock/1', 'd', { IfMatch: ETag! }))).toBe('PreconditionFailed 412');
    expect(await errorOf(put('lock/none', 'd', { IfMatch: ETag! }))).toBe('NoSuchKey 404');
    expect((await store.read('lock/1')).toString()).toBe('c');
  });

  it('lets one of twenty racers replace a version', async () => {
    const { ETag } = await put('lock/swap', 'first');
    const writes = Array.from({ length: 20 }, (_, i) => put('lock/swap', `w${i}`, { IfMatch: ETag! }));
    const results = await Promise.allSettled(writes);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('copying and deleting', () => {
  it('copies content and metadata, or replaces the metadata', async () => {
    const CopySource = `${BUCKET}/${encodeURIComponent('a/x.bin')}`;
    await store.s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'cp/1', CopySource }));
    expect((await store.read('cp/1')).equals(data)).toBe(true);
    expect((await head('cp/1')).Metadata).toEqual({ rows: '42' });
    const replaced = { MetadataDirective: 'REPLACE', ContentType: 'text/plain' } as const;
    await store.s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'cp/2', CopySource, ...replaced }));
    expect(await head('cp/2')).toMatchObject({ Metadata: {}, ContentType: 'text/plain' });
  });

  it('fails to copy what is missing or onto itself', async () => {
    const copy = (CopySource: string, Key: string) =>
      store.s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key, CopySource }));
    expect(await errorOf(copy(`${BUCKET}/nope`, 'cp/3'))).toBe('NoSuchKey 404');
    expect(await errorOf(copy(`${BUCKET}/a/x.bin`, 'a/x.bin'))).toBe('InvalidRequest 400');
  });

  it('deletes one object or many, and what is missing counts as deleted', async () => {
    for (const key of ['del/1', 'del/2', 'del/ 3 &']) await put(key, '');
    await store.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'del/1' }));
    await store.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'del/1' }));
    const Objects = ['del/2', 'del/ 3 &', 'del/none'].map((Key) => ({ Key }));
    const { Deleted, Errors } = await store.s3.send(
      new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }),
    );
    expect(Deleted?.map(({ Key }) => Key)).toEqual(['del/2', 'del/ 3 &', 'del/none']);
    expect(Errors ?? []).toEqual([]);
    for (const key of ['del/1', 'del/2', 'del/ 3 &']) expect(await errorOf(head(key))).toBe('NotFound 404');
  });

  it('tells attributes of an object', async () => {
    const ObjectAttributes = ['ETag', 'ObjectSize', 'Checksum'] as const;
    const { ETag, ObjectSize, Checksum } = await store.s3.send(
      new GetObjectAttributesCommand({
        Bucket: BUCKET,
        Key: 'a/crc',
        ObjectAttributes: [...ObjectAttributes],
      }),
    );
    expect([ETag, ObjectSize, Checksum?.ChecksumCRC32]).toEqual([
      createHash('md5').update('123456789').digest('hex'),
      9,
      'y/Q5Jg==',
    ]);
  });
});

describe('what is not implemented', () => {
  it('fails with NotImplemented instead of doing nothing', async () => {
    const TagSet = [{ Key: 'a', Value: 'b' }];
    const requests = [
      store.s3.send(new PutObjectTaggingCommand({ Bucket: BUCKET, Key: 'a/x.bin', Tagging: { TagSet } })),
      store.s3.send(
        new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }),
      ),
      store.s3.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket: BUCKET, LifecycleConfiguration: { Rules: [] } }),
      ),
      get('a/x.bin', { VersionId: 'v1' }),
      put('tagged', 'x', { Tagging: 'a=b' }),
    ];
    expect(new Set(await Promise.all(requests.map(errorOf)))).toEqual(new Set(['NotImplemented 501']));
  });
});
