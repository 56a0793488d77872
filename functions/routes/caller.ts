import { z } from 'zod';
import { ForbiddenError, UnauthorizedError } from '../errors.ts';
import type { HttpEvent } from './http-event.ts';
import type { Caller, Route } from './route.ts';

/** Context that the authorizer hands on; API Gateway passes text best, so scopes are separated by blanks. */
const contextSchema = z.object({ tenant: z.string().min(1), keyId: z.string(), scopes: z.string() });

/** Who sent a request, as the authorizer found; undefined where none ran. */
export function callerOf({ requestContext }: HttpEvent): Caller | undefined {
  const context = contextSchema.safeParse(requestContext.authorizer?.lambda).data;
  return context && { ...context, scopes: context.scopes.split(' ').filter((scope) => scope !== '') };
}

/**
 * Lets through a caller who may use the route.
 * @throws UnauthorizedError without a caller, ForbiddenError that names the missing scope
 */
export function admit({ scope, method, path }: Route, caller: Caller | undefined): void {
  if (scope === undefined) return;
  if (!caller) {
    throw new UnauthorizedError('The request carries no valid API key. Send it in the header X-API-Key.', {
      reason: 'no_api_key',
    });
  }
  if (caller.scopes.includes(scope)) return;
  throw new ForbiddenError(
    `${method} ${path} needs the scope ${scope}; the key has ${caller.scopes.join(', ') || 'none'}. Ask for a key with that scope.`,
    { reason: 'missing_scope', scope },
  );
}
