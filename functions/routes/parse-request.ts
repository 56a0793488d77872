import type { z } from 'zod';
import { InvalidRequestError, PayloadTooLargeError } from '../errors.ts';
import type { HttpEvent } from './http-event.ts';
import type { Match } from './match-route.ts';
import { readBody, UPLOAD_ADVICE, UPLOAD_ROUTE } from './read-body.ts';
import type { Route, RouteRequest } from './route.ts';

/** One field that does not fit its schema. */
interface FieldError {
  readonly in: 'path' | 'query' | 'body';
  /** JSON pointer, RFC 6901; empty for the whole. */
  readonly pointer: string;
  readonly detail: string;
}

/**
 * Checks path, query and body against the route's schemas, or those of the route that takes uploads in its place; says
 * which of the two answers.
 * @throws PayloadTooLargeError for a body, or the list in it, that is longer than the route takes
 * @throws InvalidRequestError with one entry in `errors` per field that does not fit
 */
export function parseRequest(
  { route, params }: Match,
  event: HttpEvent,
): {
  readonly route: Route;
  readonly request: Omit<RouteRequest<unknown, unknown, unknown>, 'tenant' | 'keyId'>;
} {
  const isLeftOut = route.bodyOptional && !event.body;
  const body = route.body && (isLeftOut ? {} : readBody(event, route));
  const answering = answeringRoute(route, body);
  const errors: FieldError[] = [];
  const check = (schema: z.ZodType | undefined, place: FieldError['in'], value: () => unknown) => {
    if (!schema) return undefined;
    const result = schema.safeParse(value());
    if (!result.success) errors.push(...result.error.issues.flatMap((issue) => fieldErrors(issue, place)));
    return result.data;
  };
  const parsed = {
    params: check(route.params, 'path', () => params),
    query: check(route.query, 'query', () => event.queryStringParameters ?? {}),
    body: check(answering.body, 'body', () => body),
  };
  if (errors.length === 0) return { route: answering, request: parsed };
  const told = errors.map((error) => `${error.in} ${error.pointer || '/'}: ${error.detail}`).join('; ');
  throw new InvalidRequestError(
    `Invalid input: ${told}. Correct ${errors.length === 1 ? 'this field' : 'these fields'}; /openapi.json describes all of them.`,
    { reason: 'invalid_fields', errors },
  );
}

/** The route, or the one that takes uploads in its place where the body names one. */
function answeringRoute(route: Route, body: unknown): Route {
  const { byUpload } = route;
  if (!byUpload || typeof body !== 'object' || body === null) return route;
  if (Object.hasOwn(body, 'upload_id')) return byUpload.route;
  const list: unknown = new Map(Object.entries(body)).get(byUpload.insteadOf);
  if (Array.isArray(list) && list.length > byUpload.most) {
    throw new PayloadTooLargeError(
      `The body holds ${list.length} ${byUpload.insteadOf}, at most ${byUpload.most} are taken at once. ${UPLOAD_ADVICE}`,
      { reason: 'too_many_inline', limit: byUpload.most, found: list.length, uploadRoute: UPLOAD_ROUTE },
    );
  }
  return route;
}

function fieldErrors(issue: z.core.$ZodIssue, place: FieldError['in']): FieldError[] {
  const at = (path: readonly PropertyKey[], detail: string): FieldError => ({
    in: place,
    pointer: path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    detail,
  });
  // Zod reports unknown fields on the object that holds them.
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => at([...issue.path, key], 'unknown field'));
  }
  return [at(issue.path, issue.message)];
}
