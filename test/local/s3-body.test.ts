import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uploadBody } from '../../local/s3-body.ts';
import { startChecksum } from '../../local/s3-checksums.ts';

const CONTENT = Buffer.from('123456789');
const CRC32 = 'y/Q5Jg==';

/** An `aws-chunked` body with one chunk per part, and trailers. */
const framed = (parts: readonly string[], trailer = '') =>
  Buffer.from(
    `${[...parts, ''].map((part) => `${part.length.toString(16)}\r\n${part}${part && '\r\n'}`).join('')}${trailer}\r\n`,
  );

const chunkedHeaders = (length: number, more: IncomingHttpHeaders = {}): IncomingHttpHeaders => ({
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'x-amz-decoded-content-length': String(length),
  ...more,
});

async function* pieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, headers: IncomingHttpHeaders, size = 7) {
  const body = uploadBody(pieces(bytes, size), headers);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.chunks) chunks.push(Uint8Array.from(chunk));
  return { content: Buffer.concat(chunks).toString(), ...body.digest() };
}

describe('checksums', () => {
  // Check values of the catalogue of parametrised CRC algorithms, and of FIPS 180 and RFC 1321.
  it.each([
    ['crc32', 'cbf43926'],
    ['crc32c', 'e3069283'],
    ['crc64nvme', 'ae8b14860a799888'],
    ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
    ['sha256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
    ['md5', '25f9e794323b453885f5181f1b624d0b'],
  ] as const)('%s of 123456789 is its check value, in one piece or in two', (name, hex) => {
    for (const cut of [0, 4]) {
      const checksum = startChecksum(name);
      checksum.update(CONTENT.subarray(0, cut));
      checksum.update(CONTENT.subarray(cut));
      expect(checksum.digest().toString('hex')).toBe(hex);
    }
  });
});

describe('uploadBody', () => {
  it('passes a plain body through and knows its size, MD5 and checksum', async () => {
    const headers = { 'content-length': '9', 'x-amz-checksum-crc32': CRC32 };
    const { content, size, md5, checksum } = await read(CONTENT, headers);
    expect([content, size, checksum]).toEqual(['123456789', 9, { name: 'crc32', value: CRC32 }]);
    expect(md5).toEqual(createHash('md5').update(CONTENT).digest());
  });

  it('takes the framing off, wherever the network cuts the body', async () => {
    const part = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0', ';'), minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 5 }),
        fc.integer({ min: 1, max: 30 }),
        async (parts, size) => {
          const content = parts.join('');
          const result = await read(framed(parts), chunkedHeaders(content.length), size);
          expect(result.content).toBe(content);
        },
      ),
    );
  });

  it('verifies a trailer', async () => {
    const announced = { 'x-amz-trailer': 'x-amz-checksum-crc32' };
    const trailer = (value: string) => framed(['1234', '56789'], `x-amz-checksum-crc32:${value}\r\n`);
    const { checksum } = await read(trailer(CRC32), chunkedHeaders(9, announced));
    expect(checksum).toEqual({ name: 'crc32', value: CRC32 });
    await expect(read(trailer('AAAAAA=='), chunkedHeaders(9, announced))).rejects.toMatchObject({
      code: 'BadDigest',
    });
    await expect(read(framed(['123456789']), chunkedHeaders(9, announced))).rejects.toThrow(
      /announced but not sent/,
    );
  });

  it.each<[string, Buffer, IncomingHttpHeaders, string]>([
    ['no length', CONTENT, {}, 'MissingContentLength'],
    [
      'a chunked body without its decoded length',
      CONTENT,
      { 'x-amz-content-sha256': 'STREAMING-X' },
      'MissingContentLength',
    ],
    ['more than 5 GiB', CONTENT, { 'content-length': String(6 * 1024 ** 3) }, 'EntityTooLarge'],
    ['fewer bytes than announced', CONTENT, { 'content-length': '10' }, 'IncompleteBody'],
    ['more bytes than announced', CONTENT, { 'content-length': '8' }, 'IncompleteBody'],
    [
      'a body cut before its last chunk',
      framed(['123456789']).subarray(0, -5),
      chunkedHeaders(9),
      'IncompleteBody',
    ],
    ['a malformed chunk header', Buffer.from('xyz\r\n123\r\n0\r\n\r\n'), chunkedHeaders(3), 'IncompleteBody'],
    ['a Content-MD5 that is none', CONTENT, { 'content-length': '9', 'content-md5': 'abc' }, 'InvalidDigest'],
    [
      'another payload hash',
      CONTENT,
      { 'content-length': '9', 'x-amz-content-sha256': '0'.repeat(64) },
      'XAmzContentSHA256Mismatch',
    ],
  ])('fails for %s', async (_, bytes, headers, code) => {
    await expect(read(bytes, headers)).rejects.toMatchObject({ code });
  });
});
