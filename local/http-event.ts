import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Event of payload format 2.0, as a Lambda function behind an HTTP API gets it. */
export interface HttpEvent {
  readonly version: '2.0';
  readonly routeKey: string;
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly requestContext: {
    readonly accountId: string;
    readonly apiId: string;
    readonly authorizer?: { readonly lambda: unknown };
    readonly domainName: string;
    readonly domainPrefix: string;
    readonly http: {
      readonly method: string;
      readonly path: string;
      readonly protocol: string;
      readonly sourceIp: string;
      readonly userAgent: string;
    };
    readonly requestId: string;
    readonly routeKey: string;
    readonly stage: '$default';
    readonly time: string;
    readonly timeEpoch: number;
  };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

/** Where a request went. */
export interface Destination {
  readonly apiId: string;
  readonly accountId: string;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TEXT = /^(text\/|application\/(json|xml|javascript)|[^;]+\+(json|xml)\b)/i;
const NOT_FORWARDED = new Set([
  'connection',
  'cookie',
  'keep-alive',
  'transfer-encoding',
  'expect',
  'upgrade',
]);

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
}

function forwardedHeaders(request: IncomingMessage, sourceIp: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(request.headers)) {
    if (!NOT_FORWARDED.has(name)) headers[name] = String(value);
  }
  const before = headers['x-forwarded-for'];
  return {
    ...headers,
    'x-amzn-trace-id': `Root=1-${randomUUID().slice(0, 8)}-${randomUUID().replaceAll('-', '').slice(0, 24)}`,
    'x-forwarded-for': before ? `${before}, ${sourceIp}` : sourceIp,
    'x-forwarded-port': String(request.socket.localPort ?? ''),
    'x-forwarded-proto': 'http',
  };
}

/** Query parameters, decoded; repeated ones joined by commas. */
function queryParameters(search: string): Record<string, string> | undefined {
  const parameters = new URLSearchParams(search);
  const names = [...new Set(parameters.keys())];
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name, parameters.getAll(name).join(',')]));
}

/** The event of one request; the body is base64 unless its type is text and it is not compressed. */
export function httpEvent(request: IncomingMessage, body: Buffer, to: Destination): HttpEvent {
  const [path = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const now = new Date();
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const headers = forwardedHeaders(request, sourceIp);
  const host = headers.host ?? '127.0.0.1';
  const type = headers['content-type'];
  const isText = (type === undefined || TEXT.test(type)) && headers['content-encoding'] === undefined;
  const cookies = request.headers.cookie?.split(/;\s*/);
  const query = queryParameters(search);
  // API Gateway hands the path on decoded, and the query string as it was sent.
  const rawPath = decodeURIComponent(path);
  return {
    version: '2.0',
    routeKey: to.routeKey,
    rawPath,
    rawQueryString: search,
    ...(cookies && { cookies }),
    headers,
    ...(query && { queryStringParameters: query }),
    ...(Object.keys(to.pathParameters).length > 0 && { pathParameters: to.pathParameters }),
    requestContext: {
      accountId: to.accountId,
      apiId: to.apiId,
      domainName: host,
      domainPrefix: host.split(/[.:]/)[0] ?? host,
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: to.routeKey,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}
