import { TessellaError } from '../errors.ts';
import type { HttpEvent } from './http-event.ts';
import type { Route } from './route.ts';

/** A route that fits a request, and the values of its path parameters. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** The path exists, the method does not; `allow` lists those that do. */
export class MethodNotAllowedError extends TessellaError {
  override readonly name = 'MethodNotAllowedError';
  override readonly status = 405;
}

/**
 * The route of a request, undefined when no path fits. API Gateway names the route it chose itself; behind its
 * catch-all route, the path decides.
 * @throws MethodNotAllowedError for a known path
 */
export function matchRoute(routes: readonly Route[], event: HttpEvent): Match | undefined {
  const named = routes.find(({ method, path }) => `${method} ${path}` === event.routeKey);
  if (named) return { route: named, params: definedOnly(event.pathParameters ?? {}) };

  const { method } = event.requestContext.http;
  const fitting = routes.flatMap((route) => {
    const params = matchPath(route.path, event.rawPath);
    return params ? [{ route, params }] : [];
  });
  const match = fitting.find(({ route }) => route.method === method);
  if (match || fitting.length === 0) return match;
  const allow = fitting.map(({ route }) => route.method).join(', ');
  throw new MethodNotAllowedError(`${method} is not possible here; use ${allow}.`, { allow });
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const names = pattern.split('/');
  const parts = path.split('/');
  if (names.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [n, name] of names.entries()) {
    const part = decoded(parts[n] ?? '');
    const parameter = /^\{(\w+)\}$/.exec(name)?.[1];
    if (parameter !== undefined && part !== '') params[parameter] = part;
    else if (name !== part) return undefined;
  }
  return params;
}

/** A path that is not valid percent-encoding stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function definedOnly(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
}
