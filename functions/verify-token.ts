import { createRemoteJWKSet, decodeJwt, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { SHORTEST_SECRET } from './contracts/keys.ts';
import type { TokenIssuerRecord } from './contracts/records.ts';
import { nameSchema } from './contracts/workflow.ts';
import type { ApiKeyStore } from './ports.ts';

/** Whom a token stands for. */
export interface TokenCaller {
  readonly tenant: string;
  readonly keyId: string;
  readonly scopes: readonly string[];
}

/** Three parts of base64url: the look of a signed token, which no API key of ours has. */
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

const claimsSchema = z.object({
  tenant: nameSchema,
  iss: z.string().min(1).max(256).optional(),
  sub: z.string().optional(),
  scope: z.string().max(4096).optional(),
});

/** Signatures with a public key that are taken; a shared secret takes HS256 alone. */
const PUBLIC_KEY_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** Key sets by address: the library keeps their keys, and asks again for a key that it does not know. */
const keySets = new Map<string, JWTVerifyGetKey>();

function remoteKeys(jwksUrl: string): JWTVerifyGetKey {
  const known = keySets.get(jwksUrl) ?? createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 2500 });
  keySets.set(jwksUrl, known);
  return known;
}

/** Whether a text looks like a token rather than like an API key. */
export function isToken(text: string): boolean {
  return text.length <= 8192 && TOKEN.test(text);
}

/**
 * Whom a JSON Web Token stands for; undefined where it is not valid. Its `tenant` names whose issuers are looked up and
 * its `iss` which of them, both unverified until the signature of that very issuer holds: what one tenant's issuer
 * signs can open nothing of another tenant. It must expire (`exp`).
 * @param keysOf replaces the fetching of key sets, for tests
 */
export async function verifyToken(
  token: string,
  store: ApiKeyStore,
  now: Date,
  keysOf: (jwksUrl: string) => JWTVerifyGetKey = remoteKeys,
): Promise<TokenCaller | undefined> {
  const claims = claimsOf(token);
  if (!claims) return undefined;
  const issuer = await store.issuer(claims.tenant, claims.iss ?? 'default');
  if (!issuer || issuer.disabled === true) return undefined;
  const payload = await verified(token, issuer, now, keysOf);
  if (!payload) return undefined;
  const asked = claims.scope?.split(' ');
  const subject = claims.sub?.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 64);
  return {
    tenant: issuer.tenant,
    keyId: `jwt:${subject || issuer.issuerId}`,
    scopes: asked ? issuer.scopes.filter((scope) => asked.includes(scope)) : issuer.scopes,
  };
}

function claimsOf(token: string): z.output<typeof claimsSchema> | undefined {
  try {
    return claimsSchema.safeParse(decodeJwt(token)).data;
  } catch {
    return undefined;
  }
}

async function verified(
  token: string,
  { secret, jwksUrl, audience }: TokenIssuerRecord,
  currentDate: Date,
  keysOf: (jwksUrl: string) => JWTVerifyGetKey,
): Promise<JWTPayload | undefined> {
  const options = {
    currentDate,
    clockTolerance: 5,
    requiredClaims: ['exp'],
    ...(audience !== undefined && { audience }),
  };
  try {
    if (secret !== undefined) {
      if (secret.length < SHORTEST_SECRET) return undefined;
      const key = new TextEncoder().encode(secret);
      return (await jwtVerify(token, key, { ...options, algorithms: ['HS256'] })).payload;
    }
    if (!jwksUrl?.startsWith('https://')) return undefined;
    return (await jwtVerify(token, keysOf(jwksUrl), { ...options, algorithms: PUBLIC_KEY_ALGORITHMS }))
      .payload;
  } catch {
    // Whatever is wrong with a token, its bearer is told no more than that it is not valid.
    return undefined;
  }
}
