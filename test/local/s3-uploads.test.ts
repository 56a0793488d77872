import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BUCKET, type RunningStore, runStore } from './support/s3-fixture.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tessella-s3-'));
const part = randomBytes(5 << 20);
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest();
let store: RunningStore;

beforeAll(async () => {
  store = await runStore(folder);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function create(Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  const { UploadId } = await store.s3.send(
    new CreateMultipartUploadCommand({ Bucket: BUCKET, Key, ...more }),
  );
  return UploadId!;
}

async function send(
  Key: string,
  UploadId: string,
  PartNumber: number,
  Body: Uint8Array,
): Promise<CompletedPart> {
  const request = new UploadPartCommand({ Bucket: BUCKET, Key, UploadId, PartNumber, Body });
  const { ETag, ChecksumCRC32 } = await store.s3.send(request);
  return { PartNumber, ETag: ETag!, ...(ChecksumCRC32 && { ChecksumCRC32 }) };
}

const complete = (Key: string, UploadId: string, Parts: CompletedPart[], more = {}) =>
  store.s3.send(
    new CompleteMultipartUploadCommand({
      Bucket: BUCKET,
      Key,
      UploadId,
      MultipartUpload: { Parts },
      ...more,
    }),
  );

it('puts parts together, with the ETag and composite checksum of S3', async () => {
  const id = await create('mp/1', {
    ContentType: 'text/csv',
    Metadata: { a: 'b' },
    ChecksumAlgorithm: 'CRC32',
  });
  const last = part.subarray(0, 777);
  // Out of order, as a client with several connections sends them.
  const third = await send('mp/1', id, 3, last);
  const parts = [await send('mp/1', id, 1, part), await send('mp/1', id, 2, part), third];
  const { ETag, ChecksumCRC32 } = await complete('mp/1', id, parts);
  const md5OfMd5s = md5(Buffer.concat([md5(part), md5(part), md5(last)])).toString('hex');
  expect(ETag).toBe(`"${md5OfMd5s}-3"`);
  expect(ChecksumCRC32).toMatch(/=-3$/);
  expect((await store.read('mp/1')).equals(Buffer.concat([part, part, last]))).toBe(true);
  const head = await store.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'mp/1' }));
  expect(head).toMatchObject({
    ContentType: 'text/csv',
    Metadata: { a: 'b' },
    ContentLength: 2 * part.length + 777,
  });
});

it('takes a stream of unknown size from the upload library', async () => {
  const content = randomBytes(24 << 20);
  const chunks = Array.from({ length: 24 }, (_, i) => content.subarray(i << 20, (i + 1) << 20));
  const params = { Bucket: BUCKET, Key: 'mp/2', Body: Readable.from(chunks) };
  await new Upload({ client: store.s3, params, queueSize: 3, partSize: 8 << 20 }).done();
  expect((await store.read('mp/2')).equals(content)).toBe(true);
});

it('lists parts page by page and replaces a part that is sent again', async () => {
  const id = await create('mp/3');
  for (const number of [1, 2, 3]) await send('mp/3', id, number, Buffer.from(`part ${number}`));
  await send('mp/3', id, 3, Buffer.from('part three'));
  const list = (more: object) =>
    store.s3.send(new ListPartsCommand({ Bucket: BUCKET, Key: 'mp/3', UploadId: id, ...more }));
  const first = await list({ MaxParts: 2 });
  expect([first.IsTruncated, first.Parts?.map(({ PartNumber }) => PartNumber)]).toEqual([true, [1, 2]]);
  const second = await list({ PartNumberMarker: first.NextPartNumberMarker });
  expect(second.Parts).toMatchObject([
    { PartNumber: 3, Size: 10, ETag: `"${md5(Buffer.from('part three')).toString('hex')}"` },
  ]);
});

it('forgets an aborted upload', async () => {
  const id = await create('mp/4');
  await send('mp/4', id, 1, part);
  await store.s3.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: 'mp/4', UploadId: id }));
  await expect(send('mp/4', id, 2, part)).rejects.toMatchObject({ name: 'NoSuchUpload' });
});

it('fails for parts that are unknown, changed, unordered or too small, and keeps the upload', async () => {
  const id = await create('mp/5');
  const one = await send('mp/5', id, 1, Buffer.from('small'));
  const two = await send('mp/5', id, 2, part);
  const refused = (parts: CompletedPart[], name: string) =>
    expect(complete('mp/5', id, parts)).rejects.toMatchObject({ name });
  await refused([{ PartNumber: 9, ETag: one.ETag! }], 'InvalidPart');
  await refused([{ PartNumber: 1, ETag: two.ETag! }], 'InvalidPart');
  await refused([two, one], 'InvalidPartOrder');
  await refused([one, two], 'EntityTooSmall');
  await complete('mp/5', id, [two]);
  expect((await store.read('mp/5')).equals(part)).toBe(true);
});

it('fails for an upload of another key, and for one completed before', async () => {
  const id = await create('mp/6');
  const parts = [await send('mp/6', id, 1, part)];
  await expect(complete('mp/7', id, parts)).rejects.toMatchObject({ name: 'NoSuchUpload' });
  await complete('mp/6', id, parts);
  await expect(complete('mp/6', id, parts)).rejects.toMatchObject({ name: 'NoSuchUpload' });
});

it('completes only when no object is in the way of If-None-Match', async () => {
  const ids = await Promise.all([1, 2, 3, 4].map(() => create('mp/8')));
  const results = await Promise.allSettled(
    ids.map(async (id) => complete('mp/8', id, [await send('mp/8', id, 1, part)], { IfNoneMatch: '*' })),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const lost = results.filter((result) => result.status === 'rejected');
  expect(lost.map(({ reason }) => (reason as Error).name)).toEqual(Array(3).fill('PreconditionFailed'));
});

it('gives one checksum over the whole object when asked for', async () => {
  const id = await create('mp/9', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
  const { ChecksumCRC32 } = await complete('mp/9', id, [await send('mp/9', id, 1, Buffer.from('123456789'))]);
  expect(ChecksumCRC32).toBe(Buffer.from('cbf43926', 'hex').toString('base64'));
});
