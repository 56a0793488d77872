import { describe, expect, it } from 'vitest';
import type { Iam } from '../../local/iam.ts';
import { type SignedRequest, verifySignature } from '../../local/sigv4.ts';

/** The key pair of the examples in the S3 API reference. */
const iam = {
  principalOf: (accessKeyId: string) =>
    accessKeyId === 'AKIAIOSFODNN7EXAMPLE'
      ? { arn: 'example', accessKeyId, secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
      : undefined,
} as Iam;

const signedAt = Date.UTC(2013, 4, 24);
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';

const authorization = (signedHeaders: string, signature: string) =>
  `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${signedHeaders},Signature=${signature}`;

/** "Example: GET Object" of "Signature Calculations for the Authorization Header". */
const getObject: SignedRequest = {
  method: 'GET',
  url: '/test.txt',
  headers: {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': '20130524T000000Z',
    authorization: authorization(
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ),
  },
  payloadHash: EMPTY,
};

/** "Example: Get Bucket (List Objects)" of the same chapter. */
const listObjects: SignedRequest = {
  method: 'GET',
  url: '/?max-keys=2&prefix=J',
  headers: {
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': '20130524T000000Z',
    authorization: authorization(
      'host;x-amz-content-sha256;x-amz-date',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ),
  },
  payloadHash: EMPTY,
};

/** The example of "Authenticating Requests: Using Query Parameters", valid for a day. */
const presigned: SignedRequest = {
  method: 'GET',
  url:
    `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(credential)}` +
    '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
    '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  headers: { host: 'examplebucket.s3.amazonaws.com' },
  payloadHash: 'UNSIGNED-PAYLOAD',
};

const verify = (request: SignedRequest, now = signedAt) => verifySignature(request, iam, now).arn;
const problem = (request: SignedRequest, now = signedAt) => {
  try {
    return verify(request, now);
  } catch (error) {
    return (error as { problem?: string }).problem;
  }
};

describe('verifySignature', () => {
  it.each(Object.entries({ getObject, listObjects, presigned }))(
    'accepts the published example %s',
    (_, request) => {
      expect(verify(request)).toBe('example');
    },
  );

  it('fails when anything that was signed has changed', () => {
    const changes: Partial<SignedRequest>[] = [
      { method: 'DELETE' },
      { url: '/other.txt' },
      { payloadHash: '0'.repeat(64) },
      { headers: { ...getObject.headers, range: 'bytes=0-10' } },
    ];
    for (const change of changes) expect(problem({ ...getObject, ...change })).toBe('SignatureDoesNotMatch');
    expect(problem({ ...presigned, url: presigned.url.replace('Expires=86400', 'Expires=86401') })).toBe(
      'SignatureDoesNotMatch',
    );
  });

  it('fails for a presigned URL after its expiry, not a second before', () => {
    expect(problem(presigned, signedAt + 86_400_000)).toBe('example');
    expect(problem(presigned, signedAt + 86_400_001)).toBe('RequestExpired');
  });

  it('fails for a header signature that is more than 15 minutes off', () => {
    expect(problem(getObject, signedAt + 15 * 60_000)).toBe('example');
    expect(problem(getObject, signedAt + 15 * 60_000 + 1)).toBe('RequestTimeTooSkewed');
    expect(problem(getObject, signedAt - 15 * 60_000 - 1)).toBe('RequestTimeTooSkewed');
  });

  it('fails for unknown keys, missing and malformed signatures', () => {
    const header = (value: string) => ({
      ...getObject,
      headers: { ...getObject.headers, authorization: value },
    });
    const { authorization: signed = '' } = getObject.headers;
    expect(problem(header(signed.replace('AKIAIOSFODNN7EXAMPLE', 'AKIAOTHER')))).toBe('InvalidAccessKeyId');
    expect(problem(header('Bearer token'))).toBe('IncompleteSignature');
    expect(problem({ ...getObject, headers: {} })).toBe('MissingAuthenticationToken');
    expect(problem({ ...getObject, headers: { ...getObject.headers, 'x-amz-date': 'now' } })).toBe(
      'IncompleteSignature',
    );
  });
});
