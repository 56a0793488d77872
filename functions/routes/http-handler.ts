import { createHash } from 'node:crypto';
import { awsPortsOnce } from '../aws-ports-once.ts';
import { NotFoundError, type Problem, toProblem } from '../errors.ts';
import { createLogger, type LogFields, logLevel, metricFields, stackOf } from '../observability.ts';
import type { Ports } from '../ports.ts';
import { admit, callerOf } from './caller.ts';
import type { HttpEvent, HttpResult } from './http-event.ts';
import { type Match, matchRoute } from './match-route.ts';
import { parseRequest } from './parse-request.ts';
import type { Caller, Route, RouteAnswer } from './route.ts';

/** What a handler answers, and replacements for tests. */
export interface HttpHandlerOptions {
  readonly routes: readonly Route[];
  /** Asked before a request is looked at; throws `TooManyRequestsError` to refuse it. */
  readonly admitRate?: (caller: Caller, ports: Ports) => Promise<void>;
  readonly ports?: () => Ports | Promise<Ports>;
  readonly log?: ReturnType<typeof createLogger>;
}

/**
 * Lambda entry point of the HTTP API (payload format 2.0): finds the route, admits the caller, checks the request,
 * runs the route, and turns whatever is thrown into an RFC 9457 problem document.
 */
export function httpHandler(options: HttpHandlerOptions): (event: HttpEvent) => Promise<HttpResult> {
  const {
    ports: openPorts = awsPortsOnce,
    log = createLogger({ name: 'http', level: logLevel(process.env.AWS_LAMBDA_LOG_LEVEL) }),
    routes,
    admitRate,
  } = options;

  return async (event) => {
    const { requestId, http } = event.requestContext;
    // Of a deployment that allows other origins; API Gateway adds what the origin may do.
    if (http.method === 'OPTIONS')
      return { statusCode: 204, headers: { 'x-request-id': requestId }, body: '' };
    const started = performance.now();
    const caller = callerOf(event);
    let match: Match | undefined;
    let failure: LogFields = {};
    let result: HttpResult;
    try {
      match = matchRoute(routes, event);
      if (!match) throw notFound(http.method, event.rawPath);
      const { route } = match;
      admit(route, caller);
      const ports = await openPorts();
      if (caller && route.scope !== undefined) await admitRate?.(caller, ports);
      const { route: answering, request } = parseRequest(match, event);
      const answer = await answering.handle(
        {
          ...request,
          tenant: caller?.tenant ?? '',
          keyId: caller?.keyId ?? '',
          accept: event.headers?.accept ?? '',
        },
        ports,
      );
      result = success(event, answer.status ?? answering.status, answer);
    } catch (error) {
      const problem = toProblem(error);
      failure = {
        problem: { title: problem.title, reason: problem.reason },
        ...(problem.status >= 500 && { stack: stackOf(error) }),
      };
      result = refusal(problem, requestId);
    }

    // The path itself is not logged: it may hold a customer's id.
    const route = match ? `${match.route.method} ${match.route.path}` : 'none';
    const durationMs = Math.round(performance.now() - started);
    const level = result.statusCode >= 500 ? 'error' : 'info';
    log[level]('request', {
      requestId,
      route,
      status: result.statusCode,
      ...(caller && { tenant: caller.tenant, keyId: caller.keyId }),
      ...failure,
      ...metricFields({ durationMs: { value: durationMs, unit: 'Milliseconds' } }, ['route'], new Date()),
    });
    return { ...result, headers: { ...result.headers, 'x-request-id': requestId } };
  };
}

/** JSON of a success, or the text that stands in its place. What a GET returns may be kept by the caller, but is asked for again each time. */
function success(
  { headers = {}, requestContext }: HttpEvent,
  statusCode: number,
  { body: value, text, headers: more = {} }: RouteAnswer,
): HttpResult {
  const body = text?.text ?? JSON.stringify(value);
  const common = { 'content-type': text?.type ?? 'application/json', 'x-content-type-options': 'nosniff' };
  if (requestContext.http.method !== 'GET') {
    return { statusCode, headers: { ...common, 'cache-control': 'no-store', ...more }, body };
  }
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const cached = { 'cache-control': 'private, no-cache', etag, ...more };
  const known = headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(etag)) return { statusCode: 304, headers: cached, body: '' };
  return { statusCode, headers: { ...common, ...cached }, body };
}

function refusal(problem: Problem, requestId: string): HttpResult {
  const { status, allow, retryAfterSeconds = 1 } = problem;
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(typeof allow === 'string' && { allow }),
      ...((status === 429 || status === 503) && { 'retry-after': String(retryAfterSeconds) }),
      ...(status === 401 && { 'www-authenticate': 'ApiKey realm="tessella"' }),
    },
    body: JSON.stringify({ ...problem, requestId }),
  };
}

function notFound(method: string, path: string): NotFoundError {
  return new NotFoundError(
    `There is nothing at ${method} ${path}. GET /openapi.json lists every path of this API.`,
    { reason: 'no_such_route' },
  );
}
