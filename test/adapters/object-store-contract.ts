import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { NotFoundError } from '../../functions/errors.ts';
import type { ObjectStore } from '../../functions/ports.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What every object store must do. Keys are made unique by `folder`, which ends in `/`. */
export function objectStoreContract(open: () => ObjectStore, folder: () => string): void {
  it('gives back what was written, with size and MD5 as its tag', async () => {
    const key = `${folder()}a.txt`;
    await open().write(key, bytes('hello'), 'text/plain');
    expect(text(await open().read(key))).toBe('hello');
    expect(await open().head(key)).toEqual({
      key,
      size: 5,
      etag: createHash('md5').update('hello').digest('hex'),
    });
  });

  it('overwrites, and does not share memory with the caller', async () => {
    const key = `${folder()}a`;
    const body = bytes('one');
    await open().write(key, body);
    body[0] = 0;
    const first = await open().read(key);
    expect(text(first)).toBe('one');
    first[0] = 0;
    await open().write(key, bytes('second'));
    expect(text(await open().read(key))).toBe('second');
  });

  it('reads half-open ranges, cut at the end of the object', async () => {
    const key = `${folder()}range`;
    await open().write(key, bytes('0123456789'));
    const range = async (start: number, end?: number) =>
      text(await open().read(key, end === undefined ? { start } : { start, end }));
    expect(await range(0, 1)).toBe('0');
    expect(await range(3, 7)).toBe('3456');
    expect(await range(8)).toBe('89');
    expect(await range(8, 99)).toBe('89');
    expect(await range(4, 4)).toBe('');
    expect(await range(10)).toBe('');
    expect(await range(12, 20)).toBe('');
  });

  it('streams a range in order', async () => {
    const key = `${folder()}stream`;
    const body = new Uint8Array(300_000).map((_, n) => n % 251);
    await open().write(key, body);
    const chunks = await collected(open().stream(key, { start: 1000, end: 299_000 }));
    expect(Buffer.concat(chunks).equals(body.subarray(1000, 299_000))).toBe(true);
  });

  it('holds empty objects', async () => {
    const key = `${folder()}empty`;
    await open().write(key, new Uint8Array());
    expect(await open().read(key)).toHaveLength(0);
    expect(await open().read(key, { start: 0 })).toHaveLength(0);
    expect((await open().head(key))?.size).toBe(0);
    expect(Buffer.concat(await collected(open().stream(key)))).toHaveLength(0);
  });

  it('writes a stream of unknown size and says its size and SHA-256', async () => {
    const key = `${folder()}big`;
    const chunk = new Uint8Array(1024 * 1024).map((_, n) => (n * 7) % 256);
    async function* chunks() {
      for (let n = 0; n < 19; n++) yield chunk.subarray(0, n === 18 ? 17 : chunk.length);
    }
    const body = Buffer.concat([...Array.from({ length: 18 }, () => chunk), chunk.subarray(0, 17)]);
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(await open().writeStream(key, chunks())).toEqual({ bytes: body.length, sha256 });
    expect(body.equals(await open().read(key))).toBe(true);
  });

  it('writes an empty stream', async () => {
    const key = `${folder()}none`;
    const sha256 = createHash('sha256').digest('hex');
    expect(await open().writeStream(key, (async function* () {})())).toEqual({ bytes: 0, sha256 });
    expect((await open().head(key))?.size).toBe(0);
  });

  it('fails and leaves the old object when the source of a stream breaks', async () => {
    const key = `${folder()}torn`;
    await open().write(key, bytes('old'));
    async function* broken() {
      yield new Uint8Array(9 * 1024 * 1024);
      throw new RangeError('source broke');
    }
    await expect(open().writeStream(key, broken())).rejects.toThrow('source broke');
    expect(text(await open().read(key))).toBe('old');
  });

  it('lists a prefix in UTF-8 byte order', async () => {
    const root = folder();
    // In UTF-16 the emoji would sort before the private-use character.
    const names = ['B', 'a', 'a b+c&d', 'a/b', 'a0', 'é', '\uE000', '😀'];
    for (const name of names) await open().write(root + name, bytes(name));
    const listed = await collected(open().list(root));
    expect(listed.map((head) => head.key)).toEqual(names.map((name) => root + name));
    expect(listed.map((head) => head.size)).toEqual(names.map((name) => bytes(name).length));
    expect((await collected(open().list(`${root}a`))).map((head) => head.key)).toHaveLength(4);
    expect(await collected(open().list(`${root}zzz`))).toEqual([]);
  });

  it('deletes objects, more than go into one request and such that are not there', async () => {
    const root = folder();
    const keys = Array.from({ length: 1005 }, (_, n) => `${root}a & b/${n}`);
    for (const key of [keys[0]!, keys[1]!, keys[1004]!, `${root}stays`]) await open().write(key, bytes('x'));
    await open().deleteAll([]);
    await open().deleteAll(keys.values());
    expect((await collected(open().list(root))).map(({ key }) => key)).toEqual([`${root}stays`]);
    await open().deleteAll([keys[0]!]);
  });

  it('fails with NotFoundError for a key that holds nothing, and has no head for it', async () => {
    const key = `${folder()}missing`;
    expect(await open().head(key)).toBeUndefined();
    await expect(open().read(key)).rejects.toThrow(NotFoundError);
    await expect(open().read(key, { start: 3, end: 3 })).rejects.toThrow(NotFoundError);
    await expect(collected(open().stream(key))).rejects.toThrow(NotFoundError);
    await expect(open().read(key)).rejects.toMatchObject({ context: { file: key } });
  });
}
