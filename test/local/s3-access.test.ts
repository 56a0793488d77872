import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_ARN } from '../../local/iam.ts';
import { roleResource } from './support/assembly-fixture.ts';
import { BUCKET, clientAt, type RunningStore, runStore } from './support/s3-fixture.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tessella-s3-'));
let store: RunningStore;
let clock = Date.now();
let reader: S3Client;
let lister: S3Client;

beforeAll(async () => {
  const runs = `arn:aws:s3:::${BUCKET}/runs/*`;
  store = await runStore(folder, {
    now: () => clock,
    resources: {
      Reader: roleResource({ Effect: 'Allow', Action: ['s3:GetObject', 's3:DeleteObject'], Resource: runs }),
      Lister: roleResource(
        { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: runs },
        {
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: `arn:aws:s3:::${BUCKET}`,
          Condition: { StringLike: { 's3:prefix': 'runs/*' } },
        },
      ),
    },
  });
  reader = store.clientFor('arn:aws:iam::000000000000:role/app-Reader');
  lister = store.clientFor('arn:aws:iam::000000000000:role/app-Lister');
  for (const Key of ['runs/a', 'runs/b', 'files/a'])
    await store.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Key }));
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = (client: S3Client, Key: string) => client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
const list = (client: S3Client, Prefix: string) =>
  client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix }));
const refused = (request: Promise<unknown>) =>
  expect(request).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });

/** A presigned URL, made by the signer of the SDK. */
async function presign(method: string, url: string, expiresIn: number): Promise<string> {
  // The client types its signer without the method that presigns.
  const signer = (await store.s3.config.signer()) as unknown as {
    presign(request: object, options: object): Promise<{ query?: Record<string, unknown> }>;
  };
  const { hostname, port, pathname, protocol } = new URL(url);
  const headers = { host: `${hostname}:${port}`, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const request = { method, protocol, hostname, port: Number(port), path: pathname, query: {}, headers };
  const signed = await signer.presign(request, {
    expiresIn,
    unsignableHeaders: new Set(['content-type']),
    signingDate: new Date(clock),
  });
  const query = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${name}=${encodeURIComponent(String(value))}`,
  );
  return `${url}?${query.join('&')}`;
}

it('lets a role do what its policies allow, and nothing beyond', async () => {
  expect(await (await get(reader, 'runs/a')).Body!.transformToString()).toBe('runs/a');
  await refused(get(reader, 'files/a'));
  await refused(reader.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'runs/c', Body: '' })));
  await refused(list(reader, 'runs/'));
  await lister.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'runs/c', Body: '' }));
});

it('names action and resource in the refusal', async () => {
  await expect(get(reader, 'files/a')).rejects.toThrow(
    /app-Reader is not authorized to perform s3:GetObject on arn:aws:s3:::test-bucket\/files\/a/,
  );
});

it('lists only below the prefix of the condition', async () => {
  expect((await list(lister, 'runs/')).KeyCount).toBeGreaterThan(1);
  await refused(list(lister, 'files/'));
  await refused(list(lister, ''));
});

it('hides missing keys from who may not list, as S3 does', async () => {
  await refused(get(reader, 'runs/none'));
  await refused(reader.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'runs/none' })));
  await expect(get(store.s3, 'runs/none')).rejects.toMatchObject({ name: 'NoSuchKey' });
});

it('needs the right to read the source and to write the target of a copy', async () => {
  const copy = (source: string, Key: string) =>
    lister.send(new CopyObjectCommand({ Bucket: BUCKET, Key, CopySource: `${BUCKET}/${source}` }));
  await copy('runs/a', 'runs/copy');
  await refused(copy('files/a', 'runs/copy'));
  await refused(copy('runs/a', 'files/copy'));
});

it('refuses single keys of a batch delete', async () => {
  const Objects = [{ Key: 'runs/b' }, { Key: 'files/a' }];
  const { Deleted, Errors } = await reader.send(
    new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }),
  );
  expect(Deleted).toEqual([{ Key: 'runs/b' }]);
  expect(Errors).toMatchObject([{ Key: 'files/a', Code: 'AccessDenied' }]);
  await get(store.s3, 'files/a');
});

it('fails for a wrong secret, an unknown key and no signature', async () => {
  const { accessKeyId, secretAccessKey } = store.iam.credentialsFor(ADMIN_ARN);
  const wrong = clientAt(store.endpoint, { accessKeyId, secretAccessKey: `${secretAccessKey}x` });
  await expect(get(wrong, 'runs/a')).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  const unknown = clientAt(store.endpoint, { accessKeyId: 'AKIANONE', secretAccessKey });
  await expect(get(unknown, 'runs/a')).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
  expect((await fetch(`${store.endpoint}/${BUCKET}/runs/a`)).status).toBe(403);
});

it('fails when the body is not the one that was signed', async () => {
  const signer = await store.s3.config.signer();
  const { hostname, port } = new URL(store.endpoint);
  const path = `/${BUCKET}/runs/forged`;
  const headers = { host: `${hostname}:${port}`, 'content-length': '4' };
  const request = {
    method: 'PUT',
    protocol: 'http:',
    hostname,
    port: Number(port),
    path,
    headers,
    query: {},
    body: 'true',
  };
  const signed = await signer.sign(request as Parameters<typeof signer.sign>[0]);
  const answer = await fetch(`${store.endpoint}${path}`, {
    method: 'PUT',
    headers: signed.headers,
    body: 'fake',
  });
  expect([answer.status, await answer.text()]).toEqual([
    400,
    expect.stringContaining('XAmzContentSHA256Mismatch'),
  ]);
});

it('serves presigned URLs until they expire', async () => {
  const url = `${store.endpoint}/${BUCKET}/ps/${encodeURIComponent('ä b')}`;
  const put = await fetch(await presign('PUT', url, 60), { method: 'PUT', body: 'hello' });
  expect(put.status).toBe(200);
  const signed = await presign('GET', url, 60);
  expect(await (await fetch(signed)).text()).toBe('hello');
  expect((await fetch(signed.replace('/ps/', '/runs/'))).status).toBe(403);
  expect((await fetch(signed, { method: 'DELETE' })).status).toBe(403);
  clock += 61_000;
  const expired = await fetch(signed);
  expect([expired.status, await expired.text()]).toEqual([
    403,
    expect.stringContaining('Request has expired'),
  ]);
});
