import { describe, expect, it } from 'vitest';
import { memoryPorts } from '../../functions/adapters/memory.ts';
import { createLogger } from '../../functions/observability.ts';
import { rateLimit, requestsPerMinute } from '../../functions/rate-limit.ts';
import { campaignRoutes } from '../../functions/routes/campaigns-table.ts';
import { httpHandler } from '../../functions/routes/http-handler.ts';

function openLimited(perMinute: number) {
  let now = new Date('2026-03-02T10:00:10.500Z');
  const ports = memoryPorts({ now: () => now });
  const handle = httpHandler({
    routes: campaignRoutes,
    ports: () => ports,
    log: createLogger({ write: () => {} }),
    admitRate: rateLimit(perMinute),
  });
  const ask = (keyId = 'k1', tenant = 'acme') =>
    handle({
      rawPath: '/v1/campaigns/accounts',
      requestContext: {
        requestId: 'r',
        http: { method: 'GET' },
        authorizer: { lambda: { tenant, keyId, scopes: 'campaigns:read' } },
      },
    });
  return { ask, setNow: (text: string) => (now = new Date(text)) };
}

describe('the limit of requests of a key', () => {
  it('answers 429 above it and says when to come back, until the minute is over', async () => {
    const { ask, setNow } = openLimited(2);
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 429]);
    const refused = await ask();
    expect(refused.headers['retry-after']).toBe('50');
    expect(JSON.parse(refused.body)).toMatchObject({ reason: 'rate_limit', limitPerMinute: 2 });
    setNow('2026-03-02T10:01:00.000Z');
    expect((await ask()).statusCode).toBe(200);
  });

  it('counts each key and tenant for itself', async () => {
    const { ask } = openLimited(1);
    const answers = [await ask(), await ask('k2'), await ask('k1', 'rival'), await ask()];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429]);
  });

  it('is read from the environment, and 600 where that says nothing useful', () => {
    expect(requestsPerMinute({ REQUESTS_PER_MINUTE: '7' })).toBe(7);
    for (const text of ['', '0', '-1', 'x', '1.5']) {
      expect(requestsPerMinute({ REQUESTS_PER_MINUTE: text })).toBe(600);
    }
  });
});
