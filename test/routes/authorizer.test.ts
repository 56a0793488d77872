import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { memoryPorts } from '../../functions/adapters/memory.ts';
import type { ApiKeyRecord } from '../../functions/contracts/records.ts';
import { TransientStoreError } from '../../functions/errors.ts';
import { authorizerHandler } from '../../functions/handlers/authorizer.ts';
import { createLogger } from '../../functions/observability.ts';

const SECRET = 'q8Zr0Yx3v7Tn5Kp2Lm9Wd4Bc6Hf1Js-_';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const record: ApiKeyRecord = {
  tenant: 'acme',
  keyId: 'k1',
  secretHash: sha256(SECRET),
  scopes: ['segments:read', 'runs:read'],
  createdAt: '2026-01-01T00:00:00.000Z',
};

function openAuthorizer(...keys: ApiKeyRecord[]) {
  const ports = memoryPorts();
  ports.contents.apiKeys.push(...keys);
  const log: string[] = [];
  const authorize = authorizerHandler({
    apiKeys: () => ports.apiKeys,
    log: createLogger({ write: (line) => log.push(line) }),
  });
  const call = (key: string | undefined) => authorize({ headers: { 'x-api-key': key } });
  return { ports, log, call };
}

describe('authorizer', () => {
  it('admits the holder of a key and says whose it is', async () => {
    const { call } = openAuthorizer(record);
    expect(await call(`tsl.acme.k1.${SECRET}`)).toEqual({
      isAuthorized: true,
      context: { tenant: 'acme', scopes: 'segments:read runs:read', keyId: 'k1' },
    });
  });

  it.each([
    ['a wrong secret', `tsl.acme.k1.${SECRET.slice(0, -1)}x`],
    ['an unknown key id', `tsl.acme.k2.${SECRET}`],
    ['the key of another tenant', `tsl.rival.k1.${SECRET}`],
    ['the stored hash itself', `tsl.acme.k1.${record.secretHash}`],
    ['an empty secret', 'tsl.acme.k1.'],
    ['a part too many', `tsl.acme.k1.${SECRET}.x`],
    ['a tenant that is no name', `tsl.ac#me.k1.${SECRET}`],
    ['another scheme', `Bearer ${SECRET}`],
    ['no key', undefined],
  ])('refuses %s', async (_what, key) => {
    const { call } = openAuthorizer(record);
    expect(await call(key)).toEqual({ isAuthorized: false, context: {} });
  });

  describe('with X-Customer-Api-Id and X-Secret', () => {
    const customerApiId = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const pair: ApiKeyRecord = { ...record, keyId: customerApiId, customerApiId, scopes: ['drilldown'] };
    const ask = (id: string | undefined, secret: string | undefined, key: ApiKeyRecord = pair) => {
      const ports = memoryPorts();
      ports.contents.apiKeys.push(key);
      const authorize = authorizerHandler({
        apiKeys: () => ports.apiKeys,
        log: createLogger({ write: () => {} }),
      });
      return authorize({ headers: { 'x-customer-api-id': id, 'x-secret': secret } });
    };

    it('admits the holder, in whatever case the id is written', async () => {
      const admitted = {
        isAuthorized: true,
        context: { tenant: 'acme', scopes: 'drilldown', keyId: customerApiId },
      };
      expect(await ask(customerApiId, SECRET)).toEqual(admitted);
      expect(await ask(customerApiId.toUpperCase(), SECRET)).toEqual(admitted);
    });

    it.each([
      ['a wrong secret', customerApiId, `${SECRET.slice(0, -1)}x`],
      ['another id', '0f8fad5b-d9cb-469f-a165-70867728950f', SECRET],
      ['an id that is no UUID', 'acme', SECRET],
      ['no secret', customerApiId, undefined],
      ['no id', undefined, SECRET],
    ])('refuses %s', async (_what, id, secret) => {
      expect(await ask(id, secret)).toEqual({ isAuthorized: false, context: {} });
    });

    it('refuses a pair that is disabled', async () => {
      expect((await ask(customerApiId, SECRET, { ...pair, disabled: true })).isAuthorized).toBe(false);
    });
  });

  it('refuses a key that is disabled', async () => {
    const { call } = openAuthorizer({ ...record, disabled: true });
    expect((await call(`tsl.acme.k1.${SECRET}`)).isAuthorized).toBe(false);
  });

  it.each(['', '00'.repeat(32), 'not hex', sha256(SECRET).slice(0, 62)])(
    'refuses every secret for the broken stored hash "%s"',
    async (secretHash) => {
      const { call } = openAuthorizer({ ...record, secretHash });
      expect((await call(`tsl.acme.k1.${SECRET}`)).isAuthorized).toBe(false);
    },
  );

  it('never logs a secret', async () => {
    const { call, log } = openAuthorizer(record);
    await call(`tsl.acme.k2.${SECRET}`);
    await call(`nonsense ${SECRET}`);
    expect(log).toHaveLength(2);
    expect(log.join('')).not.toContain(SECRET);
  });

  it('fails, rather than refuses, while the store is overloaded', async () => {
    const { call, ports } = openAuthorizer(record);
    ports.apiKeys.key = () => Promise.reject(new TransientStoreError('busy'));
    await expect(call(`tsl.acme.k1.${SECRET}`)).rejects.toThrow(TransientStoreError);
  });
});
