import type { IncomingMessage, ServerResponse } from 'node:http';
import { Authorizers } from './http-authorizer.ts';
import { preflightHeaders, withCorsHeaders } from './http-cors.ts';
import { type HttpEvent, httpEvent } from './http-event.ts';
import { type RequestHandler, readBody } from './http-listener.ts';
import { type HttpApiDefinition, matchRoute, type Route } from './http-routes.ts';
import { LambdaServiceError } from './lambda-error.ts';

/** API Gateway takes requests up to 10 MB. */
const REQUEST_LIMIT = 10_485_760;

export interface HttpApiOptions {
  readonly definition: HttpApiDefinition;
  /** Runs a function; event and result are JSON text. */
  readonly invoke: (functionArn: string, event: string) => Promise<string>;
  readonly accountId: string;
  readonly region: string;
  readonly log?: (line: string) => void;
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string | Buffer;
}

const message = (status: number, text: string): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message: text }),
});

/**
 * Reads a function's result of payload format 2.0; without `statusCode` the result itself is a JSON answer.
 * @throws Error when the result has not the form of an answer
 */
function answerOf(result: unknown): HttpAnswer {
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    const body = typeof result === 'string' ? result : JSON.stringify(result);
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
  const {
    statusCode,
    headers = {},
    cookies,
    body,
    isBase64Encoded = false,
  } = result as Record<string, unknown>;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599)
    throw new Error(`statusCode ${String(statusCode)}`);
  if (body !== undefined && body !== null && typeof body !== 'string')
    throw new Error('body is not a string');
  const named = Object.entries(headers as object).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...Object.fromEntries(named) },
    ...(Array.isArray(cookies) && { cookies: cookies.map(String) }),
    ...(typeof body === 'string' && { body: isBase64Encoded ? Buffer.from(body, 'base64') : body }),
  };
}

/** Result of `work`, or undefined when it takes longer than `ms`. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {}); // After the timeout nobody waits for it any more.
  }
}

/** Serves an HTTP API (payload format 2.0) as API Gateway does; see `docs/local.md` for what is left out. */
export function createHttpApi({
  definition,
  invoke,
  accountId,
  region,
  log,
}: HttpApiOptions): RequestHandler {
  const { apiId, routes, cors } = definition;
  const authorizers = new Authorizers(
    invoke,
    ({ requestContext: { http } }) =>
      `arn:aws:execute-api:${region}:${accountId}:${apiId}/$default/${http.method}${http.path}`,
  );

  const integrate = async (route: Route, event: HttpEvent): Promise<HttpAnswer> => {
    const result = await within(route.timeoutMs, invoke(route.functionArn, JSON.stringify(event)));
    if (result === undefined) return message(503, 'Service Unavailable');
    return answerOf(JSON.parse(result));
  };

  const answer = async (request: IncomingMessage): Promise<HttpAnswer> => {
    const body = await readBody(request, REQUEST_LIMIT);
    if (!body) return message(413, 'Request Entity Too Large');
    const match = matchRoute(routes, request.method ?? 'GET', (request.url ?? '/').split('?')[0] ?? '/');
    if (!match) return message(404, 'Not Found');
    const { route, pathParameters } = match;
    let event = httpEvent(request, body, { apiId, accountId, routeKey: route.routeKey, pathParameters });
    if (route.authorizer) {
      const authorization = await authorizers.authorize(route.authorizer, event);
      if (!authorization.allowed) {
        return message(authorization.status, authorization.status === 401 ? 'Unauthorized' : 'Forbidden');
      }
      const authorizer = { lambda: authorization.context };
      event = { ...event, requestContext: { ...event.requestContext, authorizer } };
    }
    return integrate(route, event);
  };

  const failure = (error: unknown): HttpAnswer => {
    if (error instanceof URIError) return message(400, 'Bad Request');
    if (error instanceof LambdaServiceError && error.status === 413)
      return message(413, 'Request Entity Too Large');
    const { name, message: text } = error as Error;
    log?.(`HTTP API: ${name}: ${text}`);
    return message(500, 'Internal Server Error');
  };

  const send = (
    request: IncomingMessage,
    response: ServerResponse,
    { status, headers, cookies, body }: HttpAnswer,
  ) => {
    response.writeHead(status, {
      ...withCorsHeaders(cors, request, headers),
      ...(cookies && { 'set-cookie': [...cookies] }),
    });
    response.end(body);
  };
  return async (request, response) => {
    const preflight = preflightHeaders(cors, request);
    if (preflight) return void response.writeHead(204, preflight).end();
    const found = await answer(request).catch(failure);
    if (response.destroyed) return;
    try {
      send(request, response, found);
    } catch (error) {
      send(request, response, failure(error)); // A header that no HTTP message may hold.
    }
  };
}
