import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transferClientSettings } from '../../functions/adapters/client-settings.ts';
import { s3Transfers } from '../../functions/adapters/s3-transfers.ts';
import type { TransferStore } from '../../functions/ports.ts';
import { ADMIN_ARN } from '../../local/iam.ts';
import { BUCKET, type RunningStore, runStore } from './support/s3-fixture.ts';

describe('presigned transfers on the local S3', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 's3-transfers-'));
  const MiB = 1024 ** 2;
  const about = { contentType: 'application/json' };
  let now = Date.now();
  let store: RunningStore;
  let client: S3Client;
  let transfers: TransferStore;

  beforeAll(async () => {
    store = await runStore(folder, { now: () => now });
    client = new S3Client({
      ...transferClientSettings,
      endpoint: store.endpoint,
      region: 'eu-central-1',
      forcePathStyle: true,
      credentials: store.iam.credentialsFor(ADMIN_ARN),
    });
    transfers = s3Transfers(client, BUCKET);
  });
  afterAll(async () => {
    client.destroy();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const put = (url: string, body: Uint8Array) => fetch(url, { method: 'PUT', body: Buffer.from(body) });

  it('take parts by plain PUT without further headers, list them and make the object of them', async () => {
    const key = 'uploads/acme/1/data';
    const content = randomBytes(5 * MiB + 77);
    const id = await transfers.start(key, about);
    const urls = await Promise.all([1, 2].map((part) => transfers.partUrl(key, id, part, 60)));
    expect((await put(urls[1]!, content.subarray(5 * MiB))).status).toBe(200);
    expect((await put(urls[0]!, content.subarray(0, 5 * MiB))).status).toBe(200);
    const parts = await transfers.parts(key, id);
    expect(parts).toMatchObject([
      { partNumber: 1, bytes: 5 * MiB },
      { partNumber: 2, bytes: 77 },
    ]);
    expect(await transfers.complete(key, id, parts!)).toBe(true);
    expect((await store.read(key)).equals(content)).toBe(true);
    expect(await transfers.complete(key, id, parts!)).toBe(false);
    expect(await transfers.parts(key, id)).toBeUndefined();
  });

  it('give the object back by a URL, under the name and type that were asked for', async () => {
    const download = { seconds: 60, fileName: 'labels.csv', contentType: 'text/csv' };
    const response = await fetch(await transfers.downloadUrl('uploads/acme/1/data', download));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/csv');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="labels.csv"');
    expect((await response.arrayBuffer()).byteLength).toBe(5 * MiB + 77);
  });

  it('forget an aborted upload, and abort none that is over', async () => {
    const id = await transfers.start('uploads/acme/2/data', about);
    await transfers.abort('uploads/acme/2/data', id);
    await transfers.abort('uploads/acme/2/data', id);
    expect(await transfers.parts('uploads/acme/2/data', id)).toBeUndefined();
  });

  it('fail for a URL that was changed, is used for another part, or has expired', async () => {
    const key = 'uploads/acme/3/data';
    const id = await transfers.start(key, about);
    const url = await transfers.partUrl(key, id, 1, 60);
    const body = new Uint8Array(3);
    expect((await put(url.replace('partNumber=1', 'partNumber=2'), body)).status).toBe(403);
    expect((await put(url.replace('/acme/', '/other/'), body)).status).toBe(403);
    now += 61_000;
    expect((await put(url, body)).status).toBe(403);
    now = Date.now();
    expect((await put(url, body)).status).toBe(200);
  });
});
