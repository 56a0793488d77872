import type { IncomingMessage } from 'node:http';
import type { CorsConfiguration } from './http-routes.ts';

const matches = (pattern: string, origin: string) =>
  pattern === '*' ||
  pattern === origin ||
  (pattern.endsWith('://*') && origin.startsWith(pattern.slice(0, -1)));

function originHeaders(cors: CorsConfiguration, origin: string): Record<string, string> | undefined {
  const { AllowOrigins = [], AllowCredentials = false } = cors;
  if (!AllowOrigins.some((pattern) => matches(pattern, origin))) return undefined;
  return {
    'access-control-allow-origin': AllowOrigins.includes('*') ? '*' : origin,
    ...(AllowCredentials && { 'access-control-allow-credentials': 'true' }),
  };
}

/** Headers API Gateway answers a preflight request with; undefined when the request is none. */
export function preflightHeaders(
  cors: CorsConfiguration | undefined,
  request: IncomingMessage,
): Record<string, string> | undefined {
  const { origin } = request.headers;
  if (!cors || request.method !== 'OPTIONS' || !origin) return undefined;
  const allowed = originHeaders(cors, origin);
  if (!allowed) return {};
  const { AllowMethods = [], AllowHeaders = [], MaxAge } = cors;
  return {
    ...allowed,
    ...(AllowMethods.length > 0 && { 'access-control-allow-methods': AllowMethods.join(',') }),
    ...(AllowHeaders.length > 0 && { 'access-control-allow-headers': AllowHeaders.join(',') }),
    ...(MaxAge !== undefined && { 'access-control-max-age': String(MaxAge) }),
  };
}

/** Headers of any other answer. With CORS configured, those of the function are dropped, as on AWS. */
export function withCorsHeaders(
  cors: CorsConfiguration | undefined,
  request: IncomingMessage,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  if (!cors) return { ...headers };
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('access-control-'));
  const allowed = request.headers.origin ? originHeaders(cors, request.headers.origin) : undefined;
  const exposed = cors.ExposeHeaders?.join(',');
  return {
    ...Object.fromEntries(own),
    ...allowed,
    ...(allowed && exposed && { 'access-control-expose-headers': exposed }),
  };
}
