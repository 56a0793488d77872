import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Objects } from '../../functions/adapters/s3-objects.ts';
import type { ObjectStore } from '../../functions/ports.ts';
import { freshTenant } from '../adapters/fresh-tenant.ts';
import { objectStoreContract } from '../adapters/object-store-contract.ts';
import { BUCKET, type RunningStore, runStore } from './support/s3-fixture.ts';

describe('S3 object store on the local S3', () => {
  let folder: string;
  let store: RunningStore;
  let objects: ObjectStore;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 's3-adapter-'));
    store = await runStore(folder);
    objects = s3Objects(store.s3, BUCKET);
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  objectStoreContract(
    () => objects,
    () => `${freshTenant()}/`,
  );

  it('lists more keys than one page holds', async () => {
    const root = `${freshTenant()}/`;
    const keys = Array.from({ length: 1003 }, (_, n) => `${root}${String(n).padStart(5, '0')}`);
    for (let n = 0; n < keys.length; n += 50) {
      await Promise.all(keys.slice(n, n + 50).map((key) => objects.write(key, new Uint8Array([1]))));
    }
    const listed: string[] = [];
    for await (const { key } of objects.list(root)) listed.push(key);
    expect(listed).toEqual(keys);
  });

  it('stops reading as soon as the caller has enough', async () => {
    const key = `${freshTenant()}/large`;
    await objects.write(key, new Uint8Array(20 * 1024 * 1024));
    let bytes = 0;
    for await (const chunk of objects.stream(key)) {
      bytes += chunk.length;
      break;
    }
    expect(bytes).toBeLessThan(5 * 1024 * 1024);
  });

  it('writes nothing when the source breaks after some parts', async () => {
    const key = `${freshTenant()}/torn`;
    async function* broken() {
      for (let n = 0; n < 3; n++) yield new Uint8Array(8 * 1024 * 1024);
      throw new Error('source broke');
    }
    await expect(objects.writeStream(key, broken())).rejects.toThrow('source broke');
    expect(await objects.head(key)).toBeUndefined();
  });
});
