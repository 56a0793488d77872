import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ListObjectsV2Command, PutObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareUtf8, KeyIndex } from '../../local/s3-keys.ts';
import { BUCKET, type RunningStore, runStore } from './support/s3-fixture.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tessella-s3-'));
let store: RunningStore;

beforeAll(async () => {
  store = await runStore(folder);
  const keys = Array.from({ length: 250 }, (_, i) => `page/${String(i).padStart(4, '0')}`);
  keys.push('ord/a-b', 'ord/a/b', 'ord/a0', 'ord/A', 'ord/\u{1f600}', 'ord/\uff5e', 'ord/ä & <b>');
  await Promise.all(
    keys.map((Key) =>
      store.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x'.repeat(Key.length) })),
    ),
  );
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const list = (more: object) => store.s3.send(new ListObjectsV2Command({ Bucket: BUCKET, ...more }));

describe('listing a bucket', () => {
  it('pages through all keys in order', async () => {
    const keys: string[] = [];
    let pages = 0;
    const query = { Bucket: BUCKET, Prefix: 'page/' };
    for await (const page of paginateListObjectsV2({ client: store.s3, pageSize: 100 }, query)) {
      keys.push(...page.Contents!.map(({ Key }) => Key!));
      pages++;
    }
    expect([keys.length, pages]).toEqual([250, 3]);
    expect(keys).toEqual([...keys].sort());
  });

  it('tells size, ETag and time of change', async () => {
    const { Contents } = await list({ Prefix: 'page/0007' });
    expect(Contents).toMatchObject([
      { Key: 'page/0007', Size: 9, ETag: expect.stringMatching(/^"[0-9a-f]{32}"$/) },
    ]);
    expect(Contents![0]!.LastModified).toBeInstanceOf(Date);
  });

  it('orders keys by their UTF-8 bytes', async () => {
    const { Contents } = await list({ Prefix: 'ord/' });
    const keys = Contents!.map(({ Key }) => Key!);
    expect(keys).toEqual([
      'ord/A',
      'ord/a-b',
      'ord/a/b',
      'ord/a0',
      'ord/ä & <b>',
      'ord/\uff5e',
      'ord/\u{1f600}',
    ]);
  });

  it('folds keys at the delimiter and counts each fold once', async () => {
    const first = await list({ Delimiter: '/', MaxKeys: 1 });
    expect([first.CommonPrefixes, first.KeyCount, first.IsTruncated]).toEqual([
      [{ Prefix: 'ord/' }],
      1,
      true,
    ]);
    const second = await list({ Delimiter: '/', ContinuationToken: first.NextContinuationToken });
    expect([second.CommonPrefixes, second.IsTruncated]).toEqual([[{ Prefix: 'page/' }], false]);
    const inner = await list({ Delimiter: '/', Prefix: 'ord/a' });
    expect(inner.CommonPrefixes).toEqual([{ Prefix: 'ord/a/' }]);
    expect(inner.Contents!.map(({ Key }) => Key)).toEqual(['ord/a-b', 'ord/a0']);
  });

  it('starts after a key', async () => {
    const { Contents } = await list({ Prefix: 'page/', StartAfter: 'page/0247' });
    expect(Contents!.map(({ Key }) => Key)).toEqual(['page/0248', 'page/0249']);
  });

  it('finds nothing below a prefix that no key has', async () => {
    const { Contents, KeyCount } = await list({ Prefix: 'none/' });
    expect([Contents ?? [], KeyCount]).toEqual([[], 0]);
  });

  it('fails for a continuation token that it did not give', async () => {
    await expect(list({ ContinuationToken: '%%%' })).rejects.toMatchObject({ name: 'InvalidArgument' });
  });
});

describe('compareUtf8', () => {
  it('agrees with comparing the bytes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 8 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});

describe('KeyIndex', () => {
  it('lists, page by page, what sorting and folding all keys gives', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'ä'), minLength: 1, maxLength: 5 });
    const keysOf = fc.uniqueArray(key, { maxLength: 30 });
    fc.assert(
      fc.property(
        keysOf,
        keysOf,
        fc.constantFrom('', 'a', 'a/'),
        fc.constantFrom('', '/'),
        fc.integer({ min: 1, max: 4 }),
        (keys, removed, prefix, delimiter, maxKeys) => {
          const index = new KeyIndex<string>();
          for (const k of keys) index.set(k, k);
          index.list({ prefix, delimiter, after: '', maxKeys });
          for (const k of removed) index.delete(k);
          const folded = keys
            .filter((k) => !removed.includes(k) && k.startsWith(prefix))
            .map((k) => {
              const cut = delimiter ? k.indexOf(delimiter, prefix.length) : -1;
              return cut < 0 ? k : k.slice(0, cut + 1);
            });
          const found: string[] = [];
          let after = '';
          for (;;) {
            const page = index.list({ prefix, delimiter, after, maxKeys });
            const items = [...page.entries.map(([k]) => k), ...page.commonPrefixes];
            expect(items.length).toBeLessThanOrEqual(maxKeys);
            found.push(...items);
            if (!page.isTruncated) break;
            after = page.last;
          }
          expect(found.sort()).toEqual([...new Set(folded)].sort());
        },
      ),
    );
  });
});
