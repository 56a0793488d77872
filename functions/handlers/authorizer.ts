import { createHash, timingSafeEqual } from 'node:crypto';
import { ENV } from '../contracts/env.ts';
import type { ApiKeyRecord } from '../contracts/records.ts';
import { createLogger, logLevel } from '../observability.ts';
import type { ApiKeyStore } from '../ports.ts';
import { isToken, verifyToken } from '../verify-token.ts';

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
  readonly now?: () => Date;
}

/** An API key: `tsl.{tenant}.{keyId}.{secret}`. Tenant and key id find the record; only the secret is secret. */
const API_KEY = /^tsl\.([a-z0-9][a-z0-9_-]{0,62})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{16,128})$/;

/** `X-Customer-Api-Id` is a UUID; `X-Secret` goes with it. */
const CUSTOMER_API_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SECRET = /^[\x21-\x7e]{16,128}$/;

/** A key as a request carries it: the secret, where its record lies, and what of it may be logged. */
interface SentKey {
  readonly secret: string;
  readonly told: Readonly<Record<string, string>>;
  find(keys: ApiKeyStore): Promise<ApiKeyRecord | undefined>;
}

/** The text of `X-API-Key`, else of `Authorization: Bearer`: a key or a token. */
function credential(headers: AuthorizerEvent['headers'] = {}): string {
  const key = headers['x-api-key'];
  return key ?? /^Bearer +(\S+)$/i.exec(headers.authorization?.trim() ?? '')?.[1] ?? '';
}

/** The key of a request, in one header (`X-API-Key`) or in two; undefined where neither is well formed. */
function keyInHeaders(headers: AuthorizerEvent['headers'] = {}): SentKey | undefined {
  const [, tenant, keyId, ownSecret] = API_KEY.exec(credential(headers)) ?? [];
  if (tenant !== undefined && keyId !== undefined && ownSecret !== undefined) {
    return { secret: ownSecret, told: { tenant, keyId }, find: (keys) => keys.key(tenant, keyId) };
  }
  const customerApiId = headers['x-customer-api-id']?.trim().toLowerCase() ?? '';
  const secret = headers['x-secret'] ?? '';
  if (!CUSTOMER_API_ID.test(customerApiId) || !SECRET.test(secret)) return undefined;
  return { secret, told: { customerApiId }, find: (keys) => keys.customerApi(customerApiId) };
}

/** Compared with where there is no record, so that an unknown key takes as long as a wrong secret. */
const NO_HASH = Buffer.alloc(32);

/** Lambda authorizer of the HTTP API: admits the holder of an API key or of a token of the tenant's own issuer, and says which tenant and scopes it stands for. */
export function authorizerHandler(
  options: AuthorizerOptions = {},
): (event: AuthorizerEvent) => Promise<AuthorizerResult> {
  const {
    apiKeys: openKeys = awsApiKeysOnce,
    log = createLogger({ name: 'authorizer', level: logLevel(process.env.AWS_LAMBDA_LOG_LEVEL) }),
    now = () => new Date(),
  } = options;

  return async ({ headers, requestContext }) => {
    const token = credential(headers);
    if (isToken(token)) {
      const caller = await verifyToken(token, await openKeys(), now());
      if (caller) {
        const { tenant, scopes, keyId } = caller;
        return { isAuthorized: true, context: { tenant, scopes: scopes.join(' '), keyId } };
      }
      log.info('key refused', { requestId: requestContext?.requestId, reason: 'token_not_valid' });
      return { isAuthorized: false, context: {} };
    }
    const sentKey = keyInHeaders(headers);
    if (sentKey === undefined) {
      log.info('key refused', { requestId: requestContext?.requestId, reason: 'malformed' });
      return { isAuthorized: false, context: {} };
    }
    const { secret, told } = sentKey;
    const record = await sentKey.find(await openKeys());
    const sent = createHash('sha256').update(secret).digest();
    const stored = Buffer.from(record?.secretHash ?? '', 'hex');
    const usable = stored.length === sent.length;
    const equal = timingSafeEqual(sent, usable ? stored : NO_HASH);
    const isAuthorized = equal && usable && record !== undefined && record.disabled !== true;
    if (!isAuthorized) {
      log.info('key refused', { requestId: requestContext?.requestId, ...told, reason: 'not_valid' });
      return { isAuthorized, context: {} };
    }
    const { tenant, keyId, scopes } = record;
    return { isAuthorized, context: { tenant, scopes: scopes.join(' '), keyId } };
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
