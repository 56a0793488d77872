import type { z } from 'zod';
import type { Scope } from '../contracts/env.ts';
import type { Ports } from '../ports.ts';

/** Whoever holds the API key of a request. */
export interface Caller {
  readonly tenant: string;
  readonly keyId: string;
  readonly scopes: readonly string[];
}

/** A request that has passed its route's schemas. */
export interface RouteRequest<P, Q, B> {
  /** From the API key, never from the request itself. */
  readonly tenant: string;
  /** Id of the key that was sent, as far as the route asks for one. */
  readonly keyId: string;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Content types that the caller would like, as the header says; empty where it says nothing. */
  readonly accept: string;
}

/** What a route answers; `body` becomes JSON. */
export interface RouteAnswer<T = unknown> {
  readonly body: T;
  /** 202 or 503 where the route may answer either way; default: the route's status. */
  readonly status?: 202 | 503;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in place of the body: a text of another content type. */
  readonly text?: { readonly type: string; readonly text: string };
}

/** One route, as the handler runs it and the OpenAPI document describes it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for parameters. */
  readonly path: string;
  /** Scope the API key must carry; without one the route is public. */
  readonly scope?: Scope;
  /**
   * How the caller proves who it is; default `X-API-Key`, else the pair `X-Customer-Api-Id` and `X-Secret`, or either; the
   * last also takes a key or a token in `Authorization`.
   */
  readonly credentials?: 'apiKey' | 'customerApi' | 'either';
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** True where no body at all counts as an empty object. */
  readonly bodyOptional?: boolean;
  /** Largest body after unpacking, bytes; default 1 MiB. */
  readonly bodyBytes?: number;
  /** Answers bodies that name an uploaded file by `upload_id`, instead of a list that holds at most `most` items. */
  readonly byUpload?: { readonly route: Route; readonly insteadOf: string; readonly most: number };
  /** Status and body of success. */
  readonly status: 200 | 201 | 202;
  readonly answer: z.ZodType;
  /** Body of a 202, of a route that answers 200 where it can at once. */
  readonly accepted?: z.ZodType;
  /** Body of a 503 that is an answer, and no problem document. */
  readonly unavailable?: z.ZodType;
  /** Content types that it also answers with, where the caller asks for them. */
  readonly answerTexts?: readonly string[];
  /** Problems of its own, by status, beside those every route has. */
  readonly problems?: Readonly<Record<number, string>>;
  readonly handle: (
    request: RouteRequest<unknown, unknown, unknown>,
    ports: Ports,
  ) => Promise<RouteAnswer> | RouteAnswer;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** Declares a route whose handler gets what its schemas let through and returns what `answer` describes. */
export function defineRoute<
  A extends z.ZodType,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodObject | undefined = undefined,
  C extends z.ZodType = z.ZodNever,
>(
  route: Omit<Route, 'params' | 'query' | 'body' | 'answer' | 'accepted' | 'handle'> & {
    readonly params?: P;
    readonly query?: Q;
    readonly body?: B;
    readonly answer: A;
    readonly accepted?: C;
    readonly handle: (
      request: RouteRequest<Parsed<P>, Parsed<Q>, Parsed<B>>,
      ports: Ports,
    ) => Promise<RouteAnswer<z.output<A> | z.output<C>>> | RouteAnswer<z.output<A> | z.output<C>>;
  },
): Route {
  // The handler passes on exactly what these schemas returned.
  return route as unknown as Route;
}
