import type { HttpEvent } from './http-event.ts';
import type { RequestAuthorizer } from './http-routes.ts';

/** What an authorizer said: pass with this context, or refuse with 401 (nobody) or 403 (not this one). */
export type Authorization =
  | { readonly allowed: true; readonly context: unknown }
  | { readonly allowed: false; readonly status: 401 | 403 };

interface Cached {
  readonly authorization: Authorization;
  readonly until: number;
}

const CACHE_LIMIT = 1000;

function identityOf(event: HttpEvent, source: string): string | undefined {
  const [, kind, name = ''] = /^\$request\.(header|querystring)\.(.+)$/.exec(source) ?? [];
  return kind === 'header' ? event.headers[name.toLowerCase()] : event.queryStringParameters?.[name];
}

/** Asks authorizer functions (payload format 2.0, simple responses), and remembers their answers as configured. */
export class Authorizers {
  readonly #invoke: (functionArn: string, event: string) => Promise<string>;
  readonly #routeArn: (event: HttpEvent) => string;
  readonly #cache = new Map<string, Cached>();

  constructor(
    invoke: (functionArn: string, event: string) => Promise<string>,
    routeArn: (event: HttpEvent) => string,
  ) {
    this.#invoke = invoke;
    this.#routeArn = routeArn;
  }

  /**
   * Decides on one request. The answer is cached per identity over all routes, as API Gateway does.
   * @throws Error when the function fails or answers something else than `{ isAuthorized, context? }`
   */
  async authorize(authorizer: RequestAuthorizer, event: HttpEvent): Promise<Authorization> {
    const identity = authorizer.identitySource.map((source) => identityOf(event, source));
    if (identity.some((value) => !value)) return { allowed: false, status: 401 };
    const isCached = authorizer.ttlSeconds > 0 && identity.length > 0;
    const key = JSON.stringify([authorizer.name, identity]);
    const cached = this.#cache.get(key);
    if (isCached && cached && cached.until > Date.now()) return cached.authorization;

    const { body: _body, isBase64Encoded: _isBase64Encoded, ...request } = event;
    const question = {
      ...request,
      type: 'REQUEST',
      routeArn: this.#routeArn(event),
      identitySource: identity,
    };
    const answer: unknown = JSON.parse(await this.#invoke(authorizer.functionArn, JSON.stringify(question)));
    const { isAuthorized, context = {} } = (answer ?? {}) as { isAuthorized?: unknown; context?: unknown };
    if (typeof isAuthorized !== 'boolean') {
      throw new Error(
        `The authorizer must answer { isAuthorized, context? }, found ${JSON.stringify(answer)}`,
      );
    }
    const authorization: Authorization = isAuthorized
      ? { allowed: true, context }
      : { allowed: false, status: 403 };
    if (isCached) this.#remember(key, { authorization, until: Date.now() + authorizer.ttlSeconds * 1000 });
    return authorization;
  }

  #remember(key: string, entry: Cached): void {
    this.#cache.delete(key);
    this.#cache.set(key, entry);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > CACHE_LIMIT && oldest !== undefined) this.#cache.delete(oldest);
  }
}
