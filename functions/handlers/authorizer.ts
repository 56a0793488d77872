import { createHash, timingSafeEqual } from 'node:crypto';
import { ENV } from '../contracts/env.ts';
import { createLogger, logLevel } from '../observability.ts';
import type { ApiKeyStore } from '../ports.ts';

/** The part of a REQUEST authorizer's event (payload format 2.0) that we read; header names in lower case. */
export interface AuthorizerEvent {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly requestContext?: { readonly requestId?: string };
}

/** Simple response of an HTTP API authorizer; the context reaches the handler as `authorizer.lambda`. */
export interface AuthorizerResult {
  readonly isAuthorized: boolean;
  readonly context:
    | { readonly tenant: string; readonly scopes: string; readonly keyId: string }
    | Record<string, never>;
}

/** Replacements for tests. */
export interface AuthorizerOptions {
  readonly apiKeys?: () => ApiKeyStore | Promise<ApiKeyStore>;
  readonly log?: ReturnType<typeof createLogger>;
}

/** An API key: `tsl.{tenant}.{keyId}.{secret}`. Tenant and key id find the record; only the secret is secret. */
const API_KEY = /^tsl\.([a-z0-9][a-z0-9_-]{0,62})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{16,128})$/;

/** Compared with where there is no record, so that an unknown key takes as long as a wrong secret. */
const NO_HASH = Buffer.alloc(32);

/** Lambda authorizer of the HTTP API: admits the holder of an API key and says which tenant and scopes it stands for. */
export function authorizerHandler(
  options: AuthorizerOptions = {},
): (event: AuthorizerEvent) => Promise<AuthorizerResult> {
  const {
    apiKeys: openKeys = awsApiKeysOnce,
    log = createLogger({ level: logLevel(process.env.AWS_LAMBDA_LOG_LEVEL) }),
  } = options;

  return async ({ headers, requestContext }) => {
    const [, tenant, keyId, secret] = API_KEY.exec(headers?.['x-api-key'] ?? '') ?? [];
    if (tenant === undefined || keyId === undefined || secret === undefined) {
      log.info('key refused', { requestId: requestContext?.requestId, reason: 'malformed' });
      return { isAuthorized: false, context: {} };
    }
    const record = await (await openKeys()).key(tenant, keyId);
    const sent = createHash('sha256').update(secret).digest();
    const stored = Buffer.from(record?.secretHash ?? '', 'hex');
    const usable = stored.length === sent.length;
    const equal = timingSafeEqual(sent, usable ? stored : NO_HASH);
    const isAuthorized = equal && usable && record !== undefined && record.disabled !== true;
    if (!isAuthorized) {
      log.info('key refused', { requestId: requestContext?.requestId, tenant, keyId, reason: 'not_valid' });
      return { isAuthorized, context: {} };
    }
    return { isAuthorized, context: { tenant, scopes: record.scopes.join(' '), keyId } };
  };
}

export const handler = authorizerHandler();

let opened: Promise<ApiKeyStore> | undefined;

/** The key store on AWS, made once per process: this function loads the client of its one table and no other. */
function awsApiKeysOnce(): Promise<ApiKeyStore> {
  opened ??= Promise.all([
    import('../adapters/aws-tables.ts'),
    import('../adapters/dynamodb-api-keys.ts'),
  ]).then(([{ awsTables }, { dynamodbApiKeys }]) =>
    dynamodbApiKeys(awsTables(process.env)(ENV.apiKeysTable)),
  );
  return opened;
}
