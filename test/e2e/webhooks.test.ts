import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentClient } from '../../functions/adapters/aws-tables.ts';
import { openTable } from '../../functions/adapters/dynamodb-table.ts';
import { dynamodbWebhooks } from '../../functions/adapters/dynamodb-webhooks.ts';
import { plantedLeads } from '../segmentation/planted-leads.ts';
import { leadsCsv, madeUpLeads } from '../support/leads-csv.ts';
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
/** What the receiver answers, in turn; 204 when there is nothing left. */
const answers: number[] = [];
let onReceived = () => {};
/** Resolves when the next message is there. */
const arrival = () =>
  new Promise<void>((resolve) => {
    onReceived = resolve;
  });

beforeAll(async () => {
  stack = await startStack(undefined, undefined, { schedules: true });
  acme = apiOf(stack, await stack.keyOf('acme'));
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(answers.shift() ?? 204).end();
      onReceived();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  receiver?.close();
  await stack?.remove();
});

const hookUrl = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;

interface Delivery {
  readonly messageId: string;
  readonly occurredAt: string;
  readonly status: string;
  readonly attempts: number;
  readonly nextAttemptAt?: string;
  readonly lastStatus?: number;
}
const deliveriesOf = async (webhookId: string) =>
  (await acme.get<{ deliveries: Delivery[] }>(`/v1/webhooks/${webhookId}/deliveries`)).body.deliveries;

describe('a webhook on the whole stack', () => {
  it('is told that a dropped file was segmented, signed, and lists the delivery', async () => {
    const made = await acme.call('PUT', '/v1/webhooks/crm', { url: hookUrl() });
    expect(made.status).toBe(200);
    const { secret } = made.body as { secret: string };
    const arrived = arrival();
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

  it('is told again by the schedule when its receiver failed, with the same id, and lists both attempts', async () => {
    await acme.call('PUT', '/v1/webhooks/flaky', { url: hookUrl() });
    received.length = 0;
    answers.push(503);
    const failed = arrival();
    const { status } = await stack.drop('drop/acme/later/leads.csv', leadsCsv(madeUpLeads(150)));
    expect(status).toBe('SUCCEEDED');
    await failed;
    // The answer is written down after it was given.
    let [pending] = await deliveriesOf('flaky');
    while (pending?.lastStatus === undefined) [pending] = await deliveriesOf('flaky');
    expect(pending).toMatchObject({ status: 'pending', attempts: 1, lastStatus: 503 });
    const pauseMs = Date.parse(pending.nextAttemptAt!) - Date.now();
    expect(pauseMs).toBeGreaterThan(0);
    expect(pauseMs).toBeLessThanOrEqual(60_000);

    // As if the pause were over: the schedule, which fires every minute, finds the message due.
    const table = openTable(documentClient(stack.dynamodb), stack.output('WebhooksTableName'));
    const store = dynamodbWebhooks(table);
    const { messageId, occurredAt } = pending;
    const stored = (await store.delivery({ tenant: 'acme', webhookId: 'flaky', messageId, occurredAt }))!;
    const again = arrival();
    await store.putDelivery({ ...stored, nextAttemptAt: new Date().toISOString() }, stored);
    await again;
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([messageId, messageId]);
    let [delivered] = await deliveriesOf('flaky');
    while (delivered?.status === 'pending') [delivered] = await deliveriesOf('flaky');
    expect(delivered).toMatchObject({ messageId, status: 'delivered', attempts: 2, lastStatus: 204 });
  }, 240_000);
});
