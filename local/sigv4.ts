import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Iam, Principal } from './iam.ts';

/** Why a request's signature is refused, in the words AWS uses. */
export type SignatureProblem =
  | 'MissingAuthenticationToken'
  | 'IncompleteSignature'
  | 'InvalidAccessKeyId'
  | 'RequestExpired'
  | 'RequestTimeTooSkewed'
  | 'SignatureDoesNotMatch';

/** A request without a valid signature. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly problem: SignatureProblem;

  constructor(problem: SignatureProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/** What of a request is signed. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Lower-case hex SHA-256 of the body, or what stands for it (`UNSIGNED-PAYLOAD`, `STREAMING-…`). */
  readonly payloadHash: string;
}

interface Claim {
  /** `accessKeyId/date/region/service/aws4_request` */
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDD'T'HHMMSS'Z'` */
  readonly date: string;
  /** Seconds a presigned URL is valid. */
  readonly expires?: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SKEW_MS = 15 * 60_000;

const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
const sha256 = (data: string) => createHash('sha256').update(data).digest('hex');

/** Percent-encoding of RFC 3986, in which `encodeURIComponent` leaves four characters out. */
const encode = (value: string) =>
  encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function headerText(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim().replace(/ +/g, ' ');
}

function claimOf({ headers }: SignedRequest, query: URLSearchParams): Claim {
  if (query.has('X-Amz-Signature')) {
    const part = (name: string) => query.get(`X-Amz-${name}`) ?? '';
    return {
      credential: part('Credential'),
      signedHeaders: part('SignedHeaders').split(';'),
      signature: part('Signature'),
      date: part('Date'),
      expires: Number(part('Expires')),
    };
  }
  const { authorization } = headers;
  if (!authorization)
    throw new SignatureError('MissingAuthenticationToken', 'The request is not signed; sign it with SigV4.');
  const part = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(authorization)?.[1] ?? '';
  if (!authorization.startsWith(ALGORITHM))
    throw new SignatureError('IncompleteSignature', `Only ${ALGORITHM} signatures are understood.`);
  return {
    credential: part('Credential'),
    signedHeaders: part('SignedHeaders').split(';'),
    signature: part('Signature'),
    date: headerText(headers, 'x-amz-date'),
  };
}

function instantOf(date: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!match)
    throw new SignatureError('IncompleteSignature', `The signing date ${date || '(none)'} is malformed.`);
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}

function checkTime({ date, expires }: Claim, now: number): void {
  const signedAt = instantOf(date);
  if (expires === undefined) {
    if (Math.abs(now - signedAt) > SKEW_MS)
      throw new SignatureError('RequestTimeTooSkewed', 'The signing date is more than 15 minutes from now.');
    return;
  }
  if (!(expires > 0 && expires <= 604_800))
    throw new SignatureError('IncompleteSignature', 'X-Amz-Expires must lie between 1 and 604800 seconds.');
  if (now > signedAt + expires * 1000 || now < signedAt - SKEW_MS)
    throw new SignatureError('RequestExpired', 'Request has expired');
}

function canonicalRequest(
  { method, url, headers, payloadHash }: SignedRequest,
  { signedHeaders }: Claim,
): string {
  const [path = '/', search = ''] = url.split(/\?(.*)/s);
  const query = [...new URLSearchParams(search.replaceAll('+', '%2B'))]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, av], [b, bv]) => (a < b ? -1 : a > b ? 1 : av < bv ? -1 : av > bv ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`);
  const lines = signedHeaders.map((name) => `${name}:${headerText(headers, name)}\n`);
  return [method, path, query.join('&'), lines.join(''), signedHeaders.join(';'), payloadHash].join('\n');
}

/**
 * Finds who signed a request and verifies the signature, of the `Authorization` header or of a presigned URL
 * (AWS Signature Version 4; the path is taken as sent, as S3 does and as `/` makes no difference to the others).
 *
 * @param now instant in milliseconds since the epoch
 * @throws SignatureError
 */
export function verifySignature(request: SignedRequest, iam: Iam, now: number): Principal {
  const search = request.url.split(/\?(.*)/s)[1] ?? '';
  const claim = claimOf(request, new URLSearchParams(search.replaceAll('+', '%2B')));
  const [accessKeyId = '', day = '', region = '', service = ''] = claim.credential.split('/');
  const principal = iam.principalOf(accessKeyId);
  if (!principal)
    throw new SignatureError(
      'InvalidAccessKeyId',
      `The access key ${accessKeyId || '(none)'} does not exist on this machine; use those of its roles or its admin.`,
    );
  checkTime(claim, now);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = [ALGORITHM, claim.date, scope, sha256(canonicalRequest(request, claim))].join('\n');
  const key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${principal.secretAccessKey}`, day));
  const expected = Buffer.from(hmac(key, toSign).toString('hex'));
  const found = Buffer.from(claim.signature);
  if (expected.length !== found.length || !timingSafeEqual(expected, found))
    throw new SignatureError(
      'SignatureDoesNotMatch',
      'The signature does not match the request; check the secret key and that nothing changed after signing.',
    );
  return principal;
}
