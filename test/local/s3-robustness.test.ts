import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BUCKET, clientAt, type RunningStore, runStore } from './support/s3-fixture.ts';

let folder: string;
let store: RunningStore;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tessella-s3-'));
  store = await runStore(folder);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const put = (Key: string, Body: string | Uint8Array, Bucket = BUCKET) =>
  store.s3.send(new PutObjectCommand({ Bucket, Key, Body }));

/** A store in a process of its own. */
async function storeProcess(home: string) {
  const child = fork(path.join(import.meta.dirname, 'support/s3-process.ts'), [home]);
  const [endpoint, accessKeyId, secretAccessKey] = await new Promise<string[]>((resolve) =>
    child.once('message', (message) => resolve(message as string[])),
  );
  const s3 = clientAt(endpoint!, { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! });
  return { s3, child };
}

it('reads back what was written, 300 times on 30 connections', async () => {
  const writers = Array.from({ length: 30 }, async (_, writer) => {
    for (let i = 0; i < 10; i++) {
      const content = randomBytes(65_536);
      await put(`ryw/${writer}-${i}`, content);
      expect((await store.read(`ryw/${writer}-${i}`)).equals(content)).toBe(true);
    }
  });
  await Promise.all(writers);
});

it('never shows a reader half of an object that is written over', async () => {
  const versions = [Buffer.alloc(2 << 20, 1), Buffer.alloc(2 << 20, 2)] as const;
  await put('atom', versions[0]);
  let writing = true;
  let reads = 0;
  const reader = (async () => {
    while (writing) {
      const { Body, ETag } = await store.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'atom' }));
      const content = Buffer.from(await Body!.transformToByteArray());
      expect(versions.some((version) => version.equals(content))).toBe(true);
      expect(ETag).toMatch(/^"[0-9a-f]{32}"$/);
      reads++;
    }
  })();
  for (let i = 1; i <= 30; i++) await put('atom', versions[i % 2]!);
  writing = false;
  await reader;
  expect(reads).toBeGreaterThan(0);
});

it('finishes a read of an object that is deleted meanwhile', async () => {
  const content = randomBytes(8 << 20);
  await put('gone', content);
  const { Body } = await store.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'gone' }));
  await store.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'gone' }));
  expect(Buffer.from(await Body!.transformToByteArray()).equals(content)).toBe(true);
});

it('finds objects and half-done uploads again after a restart', async () => {
  for (const key of ['x', 'x/y', 'ä/😀']) await put(key, key);
  await store.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'x' }));
  await store.close();
  store = await runStore(folder);
  const { Contents } = await store.s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  expect(Contents!.map(({ Key }) => Key)).toEqual(['x/y', 'ä/😀']);
  expect((await store.read('ä/😀')).toString()).toBe('ä/😀');
});

it('keeps every acknowledged object when the process is killed, and none in part', async () => {
  const home = path.join(folder, 'killed');
  const { s3, child } = await storeProcess(home);
  const acknowledged: string[] = [];
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let i = 0; ; i++) {
      const Key = `kill/${writer}-${i}`;
      const Body = Buffer.alloc(300_000, `${Key} `);
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
      acknowledged.push(Key);
      if (acknowledged.length === 40) child.kill('SIGKILL');
    }
  });
  await Promise.allSettled(writers);
  await store.close();
  store = await runStore(home);
  const { Contents = [] } = await store.s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  const keys = Contents.map(({ Key }) => Key!);
  expect(acknowledged.filter((key) => !keys.includes(key))).toEqual([]);
  for (const key of keys) expect((await store.read(key)).equals(Buffer.alloc(300_000, `${key} `))).toBe(true);
  expect(readdirSync(path.join(home, 's3', 'staging'))).toEqual([]);
});

it('leaves nothing of an upload whose client goes away', async () => {
  const staging = path.join(folder, 's3', 'staging');
  const aborted = new AbortController();
  async function* stalling() {
    yield Buffer.alloc(100_000, 1);
    await new Promise((resolve) => aborted.signal.addEventListener('abort', resolve));
  }
  const half = store.s3.send(
    new PutObjectCommand({
      Bucket: BUCKET,
      Key: 'half',
      Body: Readable.from(stalling()),
      ContentLength: 1 << 20,
    }),
    { abortSignal: aborted.signal },
  );
  half.catch(() => {});
  await vi.waitFor(() => expect(readdirSync(staging)).toHaveLength(1));
  aborted.abort();
  await expect(half).rejects.toMatchObject({ name: 'AbortError' });
  await vi.waitFor(() => expect(readdirSync(staging)).toEqual([]));
  await expect(store.read('half')).rejects.toMatchObject({ name: 'NoSuchKey' });
});

it.skipIf(!existsSync('/proc/self/status'))('carries 256 MiB in a process that grows far less', async () => {
  const { s3, child } = await storeProcess(path.join(folder, 'big'));
  const peak = () =>
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
  const chunk = Buffer.alloc(1 << 20, 7);
  const before = peak();
  const Body = Readable.from(Array<Buffer>(256).fill(chunk));
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'big', Body, ContentLength: 256 << 20 }));
  const read = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'big' }));
  let size = 0;
  for await (const piece of read.Body as AsyncIterable<Buffer>) size += piece.length;
  const growthMiB = peak() - before;
  child.kill('SIGKILL');
  expect(size).toBe(256 << 20);
  expect(growthMiB).toBeLessThan(128);
});

it('tells the event bus of every change, in the shape of EventBridge', async () => {
  const { s3, events } = store;
  const key = 'drop/a b+ä.csv';
  const { ETag } = await put(key, 'abc');
  await s3.send(
    new CopyObjectCommand({
      Bucket: BUCKET,
      Key: 'copy',
      CopySource: `${BUCKET}/${encodeURIComponent(key)}`,
    }),
  );
  await new Upload({ client: s3, params: { Bucket: BUCKET, Key: 'mp', Body: Buffer.alloc(6 << 20) } }).done();
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
  await s3.send(
    new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: [{ Key: 'copy' }, { Key: 'none' }] } }),
  );
  await put('quiet', 'abc', 'quiet-bucket');
  await new Promise((resolve) => setTimeout(resolve, 20));

  expect(events.map(({ 'detail-type': type, detail }) => [type, detail.reason])).toEqual([
    ['Object Created', 'PutObject'],
    ['Object Created', 'CopyObject'],
    ['Object Created', 'CompleteMultipartUpload'],
    ['Object Deleted', 'DeleteObject'],
    ['Object Deleted', 'DeleteObject'],
  ]);
  expect(events[0]).toMatchObject({
    version: '0',
    source: 'aws.s3',
    account: '000000000000',
    region: 'eu-central-1',
    resources: [`arn:aws:s3:::${BUCKET}`],
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    detail: { bucket: { name: BUCKET }, object: { key, size: 3, etag: ETag!.replaceAll('"', '') } },
  });
  const sequencers = events.map(({ detail }) => (detail.object as { sequencer: string }).sequencer);
  expect(sequencers).toEqual([...new Set(sequencers)].sort());
});
