import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantedLeads } from '../segmentation/planted-leads.ts';
import { leadsCsv } from '../support/leads-csv.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';

/** A message as the receiver got it. */
interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

let stack: Stack;
let acme: ReturnType<typeof apiOf>;
let receiver: Server;
const received: Received[] = [];
let onReceived = () => {};

beforeAll(async () => {
  stack = await startStack();
  acme = apiOf(stack, await stack.keyOf('acme'));
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(204).end();
      onReceived();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  receiver?.close();
  await stack?.remove();
});

describe('a webhook on the whole stack', () => {
  it('is told that a dropped file was segmented, signed, and lists the delivery', async () => {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    const made = await acme.call('PUT', '/v1/webhooks/crm', { url });
    expect(made.status).toBe(200);
    const { secret } = made.body as { secret: string };
    const arrived = new Promise<void>((resolve) => {
      onReceived = resolve;
    });
    const leads = plantedLeads(240).map((lead) =>
      Object.fromEntries(Object.entries(lead).map(([name, value]) => [name, String(value)])),
    );
    const { status } = await stack.drop('drop/acme/leads/leads.csv', leadsCsv(leads));
    expect(status).toBe('SUCCEEDED');
    await arrived;
    const { headers, body } = received[0]!;
    const payload = new Webhook(secret).verify(body, headers) as { type: string; data: { entities: number } };
    expect([payload.type, payload.data.entities]).toEqual(['SegmentationCompleted', 240]);
    const { body: page } = await acme.get<{ deliveries: { messageId: string }[] }>(
      '/v1/webhooks/crm/deliveries',
    );
    expect(page.deliveries.map(({ messageId }) => messageId)).toEqual([headers['webhook-id']]);
    const { body: gone } = await acme.call('DELETE', '/v1/webhooks/crm');
    expect(gone).toEqual({ webhookId: 'crm', deleted: true });
  }, 120_000);
});
