import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzip, isGzip } from '../../functions/decompress/gunzip.ts';
import { TransientStoreError } from '../../functions/errors.ts';

const text = Array.from({ length: 50_000 }, (_, i) => `${i},${(i * 7919) % 10_007}\n`).join('');

async function* chunksOf(bytes: Uint8Array, size: number, end?: Error): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  if (end) throw end;
}

async function read(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of gunzip(chunks, 'f.csv.gz')) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('gunzip', () => {
  it('reads several members as one file, in chunks of any size', async () => {
    const members = Buffer.concat([gzipSync(text), gzipSync(''), gzipSync('end\n')]);
    expect(isGzip(members)).toBe(true);
    for (const size of [1000, 7, members.length])
      expect(await read(chunksOf(members, size))).toBe(`${text}end\n`);
  });

  it('stops the source when its reader leaves early', async () => {
    let stopped = false;
    async function* source() {
      try {
        yield* chunksOf(gzipSync(text), 1000);
      } finally {
        stopped = true;
      }
    }
    for await (const part of gunzip(source(), 'f')) {
      expect(part.length).toBeGreaterThan(0);
      break;
    }
    await new Promise(setImmediate);
    expect(stopped).toBe(true);
  });

  it('fails with the error of the source, so that a throttled store is tried again', async () => {
    const cut = gzipSync(text).subarray(0, 5000);
    await expect(read(chunksOf(cut, 1000, new TransientStoreError('slow down')))).rejects.toThrow(
      expect.objectContaining({ name: 'TransientStoreError', message: 'slow down' }),
    );
  });

  it('fails on a stream that ends early', async () => {
    await expect(read(chunksOf(gzipSync(text).subarray(0, -9), 1000))).rejects.toThrow(
      expect.objectContaining({
        name: 'InvalidDatasetError',
        message: expect.stringContaining('ends too early'),
      }),
    );
  });

  it('fails on a stream whose checksum does not fit', async () => {
    const whole = gzipSync(text);
    const damaged = Uint8Array.from(whole, (byte, i) => (i === whole.length - 6 ? byte ^ 1 : byte));
    await expect(read(chunksOf(damaged, 1000))).rejects.toThrow(
      expect.objectContaining({ context: { file: 'f.csv.gz', reason: 'corrupt_gzip' } }),
    );
  });
});
