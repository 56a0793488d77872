import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { tokenIssuer } from '../../cli/keys.ts';
import { memoryPorts } from '../../functions/adapters/memory.ts';
import type { TokenIssuerRecord } from '../../functions/contracts/records.ts';
import { authorizerHandler } from '../../functions/handlers/authorizer.ts';
import { createLogger } from '../../functions/observability.ts';
import { verifyToken } from '../../functions/verify-token.ts';

const SECRET = 'a secret of thirty-two characters';
const NOW = new Date('2026-03-02T10:00:00.000Z');
const EXPIRES = NOW.getTime() / 1000 + 600;

const issuer = (more: Partial<TokenIssuerRecord> = {}): TokenIssuerRecord => ({
  tenant: 'acme',
  issuerId: 'crm',
  secret: SECRET,
  scopes: ['campaigns:read', 'campaigns:write'],
  createdAt: '2026-01-01T00:00:00.000Z',
  ...more,
});
const claims = { tenant: 'acme', iss: 'crm', sub: 'user-7', exp: EXPIRES };
const signed = (payload: JWTPayload, secret = SECRET, alg = 'HS256') =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));

function openAuthorizer(...issuers: TokenIssuerRecord[]) {
  const ports = memoryPorts();
  ports.contents.issuers.push(...issuers);
  const log: string[] = [];
  const authorize = authorizerHandler({
    apiKeys: () => ports.apiKeys,
    log: createLogger({ write: (line) => log.push(line) }),
    now: () => NOW,
  });
  return { ports, log, authorize };
}

describe('a token', () => {
  it.each([
    ['X-API-Key', (token: string) => ({ 'x-api-key': token })],
    ['Authorization', (token: string) => ({ authorization: `Bearer ${token}` })],
  ])('of the tenant’s issuer is admitted in %s', async (_, headers) => {
    const { authorize, log } = openAuthorizer(issuer());
    const token = await signed(claims);
    expect(await authorize({ headers: headers(token) })).toEqual({
      isAuthorized: true,
      context: { tenant: 'acme', keyId: 'jwt:user-7', scopes: 'campaigns:read campaigns:write' },
    });
    expect(log.join()).not.toContain(token.slice(0, 20));
  });

  it('without an issuer is one of the issuer "default", and may narrow its scopes but not widen them', async () => {
    const { authorize } = openAuthorizer(issuer({ issuerId: 'default' }));
    const token = await signed({ tenant: 'acme', exp: EXPIRES, scope: 'campaigns:read runs:write' });
    const { context } = await authorize({ headers: { 'x-api-key': token } });
    expect(context).toEqual({ tenant: 'acme', keyId: 'jwt:default', scopes: 'campaigns:read' });
  });

  it.each([
    ['of another secret', () => signed(claims, `${SECRET}!`)],
    ['of another tenant', () => signed({ ...claims, tenant: 'rival' })],
    ['of an unknown issuer', () => signed({ ...claims, iss: 'erp' })],
    ['that has expired', () => signed({ ...claims, exp: NOW.getTime() / 1000 - 6 })],
    ['that is not valid yet', () => signed({ ...claims, nbf: NOW.getTime() / 1000 + 60 })],
    ['that never expires', () => signed({ tenant: 'acme', iss: 'crm' })],
    ['without a tenant', () => signed({ iss: 'crm', exp: EXPIRES })],
    ['with a tenant that is no name', () => signed({ ...claims, tenant: 'acme#D#x' })],
    ['of another algorithm', () => signed(claims, SECRET.repeat(2), 'HS512')],
    ['that is not signed', async () => new UnsecuredJWT(claims).encode()],
    ['that is no token', async () => 'a.b.c'],
  ])('fails %s', async (_, make) => {
    const { authorize } = openAuthorizer(issuer(), issuer({ tenant: 'other', secret: `${SECRET}?` }));
    const result = await authorize({ headers: { authorization: `Bearer ${await make()}` } });
    expect(result).toEqual({ isAuthorized: false, context: {} });
  });

  it('fails where the issuer is disabled, its secret is short, or the audience is another one', async () => {
    const token = await signed({ ...claims, aud: 'reports' });
    const admitted = async (record: TokenIssuerRecord, text = token) =>
      (await openAuthorizer(record).authorize({ headers: { 'x-api-key': text } })).isAuthorized;
    expect(await admitted(issuer())).toBe(true);
    expect(await admitted(issuer({ audience: 'reports' }))).toBe(true);
    expect(await admitted(issuer({ audience: 'tessella' }))).toBe(false);
    expect(await admitted(issuer({ disabled: true }))).toBe(false);
    const short = SECRET.slice(0, 31);
    expect(await admitted(issuer({ secret: short }), await signed(claims, short))).toBe(false);
  });

  it('is verified with the issuer’s key set, and fails when its secret is a public key', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
    const ports = memoryPorts();
    const { secret: _, ...withKeys } = issuer({ jwksUrl: 'https://crm.example/jwks' });
    ports.contents.issuers.push(withKeys);
    const asked: string[] = [];
    const verify = (token: string) =>
      verifyToken(token, ports.apiKeys, NOW, (url) => {
        asked.push(url);
        return createLocalJWKSet({ keys: [jwk] });
      });
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(privateKey);
    expect(await verify(token)).toMatchObject({ tenant: 'acme', keyId: 'jwt:user-7' });
    expect(asked).toEqual(['https://crm.example/jwks']);
    expect(await verify(await signed(claims, JSON.stringify(jwk)))).toBeUndefined();
    const { privateKey: foreign } = await generateKeyPair('ES256');
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(foreign);
    expect(await verify(forged)).toBeUndefined();
    ports.contents.issuers[0] = { ...withKeys, jwksUrl: 'http://crm.example/jwks' };
    expect(await verify(token)).toBeUndefined();
  });
});

describe('an issuer', () => {
  const options = { tenant: 'acme', issuer: 'crm', scopes: 'campaigns:read' };

  it('is recorded with a key set or with the secret of an environment variable', () => {
    expect(tokenIssuer({ ...options, jwksUrl: 'https://crm.example/jwks' })).toMatchObject({
      tenant: 'acme',
      issuerId: 'crm',
      jwksUrl: 'https://crm.example/jwks',
      scopes: ['campaigns:read'],
    });
    expect(tokenIssuer({ ...options, secretEnv: 'S' }, { S: SECRET })).toMatchObject({ secret: SECRET });
  });

  it.each([
    ['neither', {}],
    ['both', { jwksUrl: 'https://crm.example/jwks', secretEnv: 'S' }],
    ['a key set without TLS', { jwksUrl: 'http://crm.example/jwks' }],
    ['a short secret', { secretEnv: 'SHORT' }],
    ['no secret', { secretEnv: 'NONE' }],
  ])('fails with %s', (_, more) => {
    expect(() => tokenIssuer({ ...options, ...more }, { S: SECRET, SHORT: 'x'.repeat(31) })).toThrow();
  });
});
