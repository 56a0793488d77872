import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { httpsWebhookSender, isPublicAddress } from '../../functions/adapters/https-webhook-sender.ts';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import { SCOPES } from '../../functions/contracts/env.ts';
import { MOST_ATTEMPTS } from '../../functions/deliver-message.ts';
import { handler as deliverWebhooks } from '../../functions/handlers/deliver-webhooks.ts';
import { createLogger } from '../../functions/observability.ts';
import { httpHandler } from '../../functions/routes/http-handler.ts';
import { webhookRoutes } from '../../functions/routes/webhooks-table.ts';
import type { SendResult } from '../../functions/webhook-ports.ts';

const log = createLogger({ write: () => {} });
const HOOK = 'https://crm.example.com/hook';

/** A service whose clock is set by hand and whose receiver answers as told. */
function service() {
  let nowMs = Date.UTC(2026, 0, 5, 3);
  const answers: SendResult[] = [];
  const memory: MemoryPorts = memoryPorts({ now: () => new Date(nowMs) });
  const ports: MemoryPorts = {
    ...memory,
    webhookSender: {
      ...memory.webhookSender,
      async send(url, headers, body) {
        const answer = answers.shift() ?? { status: 200 };
        await memory.webhookSender.send(url, headers, body);
        return answer;
      },
    },
  };
  const api = httpHandler({ routes: webhookRoutes, ports: () => ports, log });
  const step = deliverWebhooks.with({ ports: () => ports, log });
  const call = async (method: string, path: string, body?: unknown, tenant = 'acme') => {
    const { pathname, searchParams } = new URL(path, 'http://api');
    const answer = await api({
      rawPath: pathname,
      queryStringParameters: Object.fromEntries(searchParams),
      ...(body !== undefined && { body: JSON.stringify(body) }),
      requestContext: {
        requestId: 'r',
        http: { method },
        authorizer: { lambda: { tenant, keyId: 'k', scopes: SCOPES.join(' ') } },
      },
    });
    return { status: answer.statusCode, body: JSON.parse(String(answer.body)) };
  };
  const completed = (tenant: string, dataset: string, run_id: string) =>
    step({
      'detail-type': 'SegmentationCompleted',
      time: '2026-01-05T03:00:00Z',
      detail: { tenant, dataset, run_id, entities: 7 },
    });
  const minutesLater = (minutes: number) => {
    nowMs += minutes * 60_000;
    return step({ scheduledAt: new Date(nowMs).toISOString() });
  };
  return { memory, answers, call, completed, minutesLater };
}

describe('webhooks', () => {
  it('show their secret once, and never again', async () => {
    const { call } = service();
    const made = await call('PUT', '/v1/webhooks/crm', { url: HOOK, datasets: ['people'] });
    expect(made.status).toBe(200);
    expect(made.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const changed = await call('PUT', '/v1/webhooks/crm', { url: `${HOOK}/2` });
    expect(changed.body.secret).toBeUndefined();
    const rotated = await call('PUT', '/v1/webhooks/crm', { url: HOOK, rotateSecret: true });
    expect(rotated.body.secret).not.toBe(made.body.secret);
    for (const path of ['/v1/webhooks', '/v1/webhooks/crm', '/v1/webhooks/crm/deliveries']) {
      expect(JSON.stringify((await call('GET', path)).body)).not.toContain('whsec_');
    }
  });

  it('are told of a completed segmentation with a signature that the standard library verifies', async () => {
    const { memory, call, completed } = service();
    const { body } = await call('PUT', '/v1/webhooks/crm', { url: HOOK, datasets: ['people'] });
    await call('PUT', '/v1/webhooks/off', { url: HOOK, enabled: false });
    await call('PUT', '/v1/webhooks/theirs', { url: HOOK }, 'other');
    expect(await completed('acme', 'people', 'r1')).toEqual({ delivered: 1, pending: 0, failed: 0 });
    expect(await completed('acme', 'orders', 'r2')).toEqual({ delivered: 0, pending: 0, failed: 0 });
    const [sent] = memory.contents.sent;
    expect(memory.contents.sent).toHaveLength(1);
    const id = sent!.headers['webhook-id']!;
    const signed = new Webhook(body.secret).sign(
      id,
      new Date(Number(sent!.headers['webhook-timestamp']) * 1000),
      sent!.body,
    );
    expect(sent!.headers['webhook-signature']).toBe(signed);
    expect(JSON.parse(sent!.body)).toEqual({
      type: 'SegmentationCompleted',
      timestamp: '2026-01-05T03:00:00Z',
      data: { dataset: 'people', run_id: 'r1', entities: 7 },
    });
    const { deliveries } = (await call('GET', '/v1/webhooks/crm/deliveries')).body;
    expect(deliveries).toMatchObject([{ messageId: id, status: 'delivered', attempts: 1, lastStatus: 200 }]);
  });

  it('are told again, with the same id, until they take the message', async () => {
    const { memory, answers, call, completed, minutesLater } = service();
    await call('PUT', '/v1/webhooks/crm', { url: HOOK });
    answers.push({ status: 500 }, { error: 'connection refused' });
    expect(await completed('acme', 'people', 'r1')).toMatchObject({ pending: 1 });
    expect(await minutesLater(0)).toEqual({ delivered: 0, pending: 0, failed: 0 });
    expect(await minutesLater(1)).toMatchObject({ pending: 1 });
    expect(await minutesLater(4)).toEqual({ delivered: 0, pending: 0, failed: 0 });
    expect(await minutesLater(1)).toMatchObject({ delivered: 1 });
    expect(await minutesLater(600)).toEqual({ delivered: 0, pending: 0, failed: 0 });
    const ids = memory.contents.sent.map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
  });

  it('are told once of an event that comes twice', async () => {
    const { memory, call, completed } = service();
    await call('PUT', '/v1/webhooks/crm', { url: HOOK });
    await completed('acme', 'people', 'r1');
    await completed('acme', 'people', 'r1');
    expect(memory.contents.sent).toHaveLength(1);
  });

  it('page their deliveries, the newest first', async () => {
    const { call, completed } = service();
    await call('PUT', '/v1/webhooks/crm', { url: HOOK });
    for (const run of ['r1', 'r2', 'r3']) await completed('acme', 'people', run);
    const first = (await call('GET', '/v1/webhooks/crm/deliveries?limit=2')).body;
    const second = (await call('GET', `/v1/webhooks/crm/deliveries?limit=2&cursor=${first.cursor}`)).body;
    expect([first.deliveries.length, second.deliveries.length, second.cursor]).toEqual([2, 1, undefined]);
    const bad = await call('GET', '/v1/webhooks/crm/deliveries?cursor=x');
    expect([bad.status, bad.body.reason]).toEqual([400, 'invalid_cursor']);
  });

  it('fails a message for good after its last attempt, and says why', async () => {
    const { answers, call, completed, minutesLater } = service();
    await call('PUT', '/v1/webhooks/crm', { url: HOOK });
    answers.push(...Array.from({ length: MOST_ATTEMPTS }, () => ({ status: 503 })));
    await completed('acme', 'people', 'r1');
    for (let n = 1; n < MOST_ATTEMPTS; n++) await minutesLater(840);
    const { deliveries } = (await call('GET', '/v1/webhooks/crm/deliveries')).body;
    expect(deliveries).toMatchObject([{ status: 'failed', attempts: MOST_ATTEMPTS, lastStatus: 503 }]);
    expect(await minutesLater(840)).toEqual({ delivered: 0, pending: 0, failed: 0 });
  });

  it('fails what is pending when the webhook is deleted, and answers 404 for what is not there', async () => {
    const { answers, memory, call, completed, minutesLater } = service();
    await call('PUT', '/v1/webhooks/crm', { url: HOOK });
    answers.push({ status: 500 });
    await completed('acme', 'people', 'r1');
    expect((await call('DELETE', '/v1/webhooks/crm')).status).toBe(200);
    expect(await minutesLater(1)).toMatchObject({ failed: 1 });
    expect(memory.contents.sent).toHaveLength(1);
    for (const [method, path] of [
      ['GET', '/v1/webhooks/crm'],
      ['DELETE', '/v1/webhooks/crm'],
      ['GET', '/v1/webhooks/crm/deliveries'],
    ] as const) {
      expect((await call(method, path)).status).toBe(404);
    }
    await call('PUT', '/v1/webhooks/theirs', { url: HOOK }, 'other');
    expect((await call('GET', '/v1/webhooks/theirs')).status).toBe(404);
  });

  it('fails for a URL that is not https:, and past 20 webhooks', async () => {
    const { call } = service();
    expect((await call('PUT', '/v1/webhooks/crm', { url: 'http://crm.example.com' })).status).toBe(400);
    expect((await call('PUT', '/v1/webhooks/crm', { url: 'no url' })).status).toBe(400);
    for (let n = 0; n < 20; n++) await call('PUT', `/v1/webhooks/h${n}`, { url: HOOK });
    expect((await call('PUT', '/v1/webhooks/h20', { url: HOOK })).status).toBe(409);
  });
});

describe('the sender', () => {
  const sender = httpsWebhookSender({ local: false });

  it('fails for what is no public address, however it is written', async () => {
    for (const host of [
      '127.0.0.1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '0.0.0.0',
      '2130706433',
      '0x7f.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[fd00::1]',
      '[fe80::1]',
      'localhost',
      'a.localhost',
    ]) {
      expect([host, sender.refusal(`https://${host}/`)]).toEqual([
        host,
        expect.stringContaining('no public'),
      ]);
      expect(await sender.send(`https://${host}/`, {}, '')).toEqual({
        error: expect.stringContaining('not sent'),
      });
    }
    for (const url of ['http://example.com', 'ftp://example.com', 'https://a:b@example.com', 'x']) {
      expect(sender.refusal(url)).toEqual(expect.any(String));
    }
    expect(sender.refusal('https://example.com/hook')).toBeUndefined();
  });

  it('tells public addresses from all others', () => {
    for (const address of ['8.8.8.8', '1.1.1.1', '2606:4700::1111', '2a00:1450::1']) {
      expect([address, isPublicAddress(address)]).toEqual([address, true]);
    }
    for (const address of [
      '::ffff:8.8.8.8',
      '64:ff9b::a00:1',
      '2002:a00:1::',
      '2001:db8::1',
      'ff02::1',
      '',
    ]) {
      expect([address, isPublicAddress(address)]).toEqual([address, false]);
    }
  });

  it('sends to this machine where the service is on it, and follows no redirect', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (part) =>
        seen.push(`${request.method} ${request.url} ${request.headers['webhook-id']} ${part}`),
      );
      request.on('end', () => {
        response.writeHead(request.url === '/moved' ? 307 : 204, { location: '/elsewhere' });
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const local = httpsWebhookSender({ local: true });
    try {
      expect(await local.send(`${at}/hook`, { 'webhook-id': 'm1' }, '{"é":1}')).toEqual({ status: 204 });
      expect(await local.send(`${at}/moved`, { 'webhook-id': 'm2' }, 'x')).toEqual({ status: 307 });
      expect(seen).toEqual(['POST /hook m1 {"é":1}', 'POST /moved m2 x']);
      expect(await sender.send(`${at}/hook`, {}, 'x')).toEqual({ error: expect.stringContaining('https:') });
    } finally {
      server.close();
    }
    expect(await local.send(`${at}/hook`, {}, 'x')).toEqual({
      error: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
