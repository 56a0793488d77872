import type { z } from 'zod';
import { InvalidRequestError } from '../errors.ts';
import type { HttpEvent } from './http-event.ts';
import type { Match } from './match-route.ts';
import { readBody } from './read-body.ts';
import type { RouteRequest } from './route.ts';

/** One field that does not fit its schema. */
interface FieldError {
  readonly in: 'path' | 'query' | 'body';
  /** JSON pointer, RFC 6901; empty for the whole. */
  readonly pointer: string;
  readonly detail: string;
}

/**
 * Checks path, query and body against the route's schemas.
 * @throws InvalidRequestError with one entry in `errors` per field that does not fit
 */
export function parseRequest(
  { route, params }: Match,
  event: HttpEvent,
): Omit<RouteRequest<unknown, unknown, unknown>, 'tenant' | 'keyId'> {
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
    body: check(route.body, 'body', () =>
      route.bodyOptional && !event.body ? {} : readBody(event, route.bodyBytes),
    ),
  };
  if (errors.length === 0) return parsed;
  const told = errors.map((error) => `${error.in} ${error.pointer || '/'}: ${error.detail}`).join('; ');
  throw new InvalidRequestError(
    `Invalid input: ${told}. Correct ${errors.length === 1 ? 'this field' : 'these fields'}; /openapi.json describes all of them.`,
    { reason: 'invalid_fields', errors },
  );
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
