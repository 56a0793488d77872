import type { IncomingHttpHeaders } from 'node:http';
import {
  CHECKSUMS,
  type ChecksumName,
  checksumNamed,
  type RunningChecksum,
  startChecksum,
} from './s3-checksums.ts';
import { S3Error } from './s3-error.ts';

/** Largest single upload S3 takes, in bytes. */
const MAX_BYTES = 5 * 1024 ** 3;

/** What is known of a body once all of it has passed. */
export interface BodyDigest {
  readonly size: number;
  readonly md5: Buffer;
  /** The checksum the request gave or asked for, Base64. */
  readonly checksum?: { readonly name: ChecksumName; readonly value: string };
}

/** The content of an upload: chunks as they arrive, then its verified digest. */
export interface UploadBody {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Only after `chunks` ended. */
  digest(): BodyDigest;
}

const header = (headers: IncomingHttpHeaders, name: string) => headers[name] as string | undefined;

/** Splits an `aws-chunked` body into its content, and hands its trailing headers over. */
async function* decodeChunks(
  source: AsyncIterable<Uint8Array>,
  onTrailer: (name: string, value: string) => void,
): AsyncGenerator<Uint8Array> {
  let pending: Buffer = Buffer.alloc(0);
  let phase: 'size' | 'data' | 'end of data' | 'trailer' = 'size';
  let left = 0;
  for await (const piece of source) {
    pending = pending.length > 0 ? Buffer.concat([pending, piece]) : Buffer.from(piece);
    while (pending.length > 0) {
      if (phase === 'data') {
        const content = pending.subarray(0, left);
        pending = pending.subarray(content.length);
        left -= content.length;
        if (left === 0) phase = 'end of data';
        yield content;
        continue;
      }
      const end = pending.indexOf('\r\n');
      if (end < 0) break;
      const line = pending.toString('latin1', 0, end);
      pending = pending.subarray(end + 2);
      if (phase === 'end of data') phase = 'size';
      else if (phase === 'size') {
        if (!/^[0-9a-f]{1,8}(;|$)/i.test(line))
          throw new S3Error(
            'IncompleteBody',
            `The aws-chunked body has the malformed chunk header "${line}".`,
          );
        left = Number.parseInt(line, 16);
        phase = left > 0 ? 'data' : 'trailer';
      } else if (line.includes(':'))
        onTrailer(line.split(':', 1)[0]!.toLowerCase(), line.replace(/^[^:]*:\s*/, ''));
    }
  }
  if (phase !== 'trailer')
    throw new S3Error('IncompleteBody', 'The aws-chunked body ended before its last chunk; send it again.');
}

/** Checksums whose values the request announces to follow its body. */
function announcedChecksums(headers: IncomingHttpHeaders): ChecksumName[] {
  const trailer = (header(headers, 'x-amz-trailer') ?? '').toLowerCase().split(/\s*,\s*/);
  return CHECKSUMS.filter((name) => trailer.includes(`x-amz-checksum-${name}`));
}

/** Checksums the request promised, by their running state. */
function startChecks(headers: IncomingHttpHeaders): Map<string, RunningChecksum> {
  const checks = new Map<string, RunningChecksum>([['md5', startChecksum('md5')]]);
  const announced = announcedChecksums(headers);
  const asked =
    header(headers, 'x-amz-sdk-checksum-algorithm') ?? header(headers, 'x-amz-checksum-algorithm');
  for (const name of CHECKSUMS) {
    const given = headers[`x-amz-checksum-${name}`] !== undefined || announced.includes(name);
    if (given || (asked && checksumNamed(asked) === name)) checks.set(name, startChecksum(name));
  }
  const sent = header(headers, 'x-amz-content-sha256');
  if (sent && /^[0-9a-f]{64}$/.test(sent)) checks.set('payload', startChecksum('sha256'));
  return checks;
}

/**
 * The content of an upload request, `aws-chunked` framing taken off. After the last chunk it is compared with every
 * length and checksum the request gave (Content-Length, Content-MD5, x-amz-checksum-*, x-amz-content-sha256).
 *
 * @throws S3Error IncompleteBody, BadDigest, InvalidDigest, XAmzContentSHA256Mismatch or EntityTooLarge while iterating
 */
export function uploadBody(source: AsyncIterable<Uint8Array>, headers: IncomingHttpHeaders): UploadBody {
  const chunked = (header(headers, 'x-amz-content-sha256') ?? '').startsWith('STREAMING-');
  const length = header(headers, chunked ? 'x-amz-decoded-content-length' : 'content-length');
  if (length === undefined || !/^\d+$/.test(length))
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  if (Number(length) > MAX_BYTES)
    throw new S3Error('EntityTooLarge', 'A single upload takes up to 5 GiB; use a multipart upload.');

  const promised = new Map(
    CHECKSUMS.map(
      (name) => [name, header(headers, `x-amz-checksum-${name}`)] as [string, string | undefined],
    ),
  );
  promised.set('md5', header(headers, 'content-md5'));
  const contentMd5 = promised.get('md5');
  if (contentMd5 !== undefined && Buffer.from(contentMd5, 'base64').length !== 16)
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not a Base64 MD5.');

  const checks = startChecks(headers);
  let size = 0;
  let digest: BodyDigest | undefined;

  const finish = () => {
    if (size !== Number(length))
      throw new S3Error(
        'IncompleteBody',
        `The body holds ${size} bytes; its headers say ${length}. Send it again.`,
      );
    for (const name of announcedChecksums(headers))
      if (promised.get(name) === undefined)
        throw new S3Error('IncompleteBody', `The trailer x-amz-checksum-${name} was announced but not sent.`);
    const values = new Map([...checks].map(([name, check]) => [name, check.digest()]));
    for (const [name, value] of values) {
      const expected = promised.get(name);
      if (expected !== undefined && value.toString('base64') !== expected)
        throw new S3Error(
          'BadDigest',
          `The ${name} of the body does not match the one you specified: ${expected}.`,
        );
    }
    if (values.has('payload') && values.get('payload')!.toString('hex') !== headers['x-amz-content-sha256'])
      throw new S3Error('XAmzContentSHA256Mismatch', 'The x-amz-content-sha256 does not match the body.');
    const name = CHECKSUMS.find((candidate) => values.has(candidate));
    digest = {
      size,
      md5: values.get('md5')!,
      ...(name && { checksum: { name, value: values.get(name)!.toString('base64') } }),
    };
  };

  async function* read() {
    const content = chunked
      ? decodeChunks(source, (name, value) => promised.set(name.replace('x-amz-checksum-', ''), value))
      : source;
    for await (const chunk of content) {
      size += chunk.length;
      if (size > Number(length)) break;
      for (const check of checks.values()) check.update(chunk);
      yield chunk;
    }
    finish();
  }

  return {
    chunks: read(),
    digest() {
      if (!digest) throw new Error('the digest of a body is known only after its last chunk');
      return digest;
    },
  };
}
