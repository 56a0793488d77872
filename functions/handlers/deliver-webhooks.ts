import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DeliveryRecord } from '../contracts/webhooks.ts';
import { nameSchema } from '../contracts/workflow.ts';
import { attempt, sendMessage } from '../deliver-message.ts';
import { type StepContext, stepHandler } from '../shell.ts';

/** Pending messages tried in one go; the others wait for the next minute. */
const MOST_AT_ONCE = 100;

const inputSchema = z.union([
  z.object({ scheduledAt: z.iso.datetime() }),
  z.object({
    'detail-type': z.string(),
    time: z.iso.datetime(),
    detail: z.looseObject({ tenant: nameSchema, dataset: nameSchema, run_id: z.string() }),
  }),
]);
type DeliveryInput = z.output<typeof inputSchema>;

/** What one invocation did. */
export interface DeliverResult {
  readonly delivered: number;
  readonly pending: number;
  readonly failed: number;
}

/**
 * Tells the webhooks of a tenant of an event, or tries again what is due. One receiver that fails does not keep the others
 * from it; what could not be recorded is thrown, so that the event bus delivers again.
 */
export async function deliverWebhooks(
  input: DeliveryInput,
  { ports, log }: StepContext,
): Promise<DeliverResult> {
  const jobs = 'detail' in input ? await messagesOf(input, ports) : await dueAttempts(ports);
  const settled = await Promise.allSettled(jobs.map((job) => job()));
  const done = settled.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value] : []));
  for (const { tenant, webhookId, messageId, status, attempts, lastStatus, lastError } of done) {
    log.info('webhook attempted', { tenant, webhookId, messageId, status, attempts, lastStatus, lastError });
  }
  const lost = settled.find((one) => one.status === 'rejected');
  if (lost) throw lost.reason;
  const countOf = (status: DeliveryRecord['status']) => done.filter((one) => one.status === status).length;
  return { delivered: countOf('delivered'), pending: countOf('pending'), failed: countOf('failed') };
}

type Jobs = (() => Promise<DeliveryRecord | undefined>)[];

async function messagesOf(
  { 'detail-type': type, time, detail }: Extract<DeliveryInput, { detail: unknown }>,
  ports: StepContext['ports'],
): Promise<Jobs> {
  const { tenant, dataset, run_id } = detail;
  // The same for an event that is published twice.
  const messageId = `msg_${createHash('sha256').update([type, tenant, dataset, run_id].join('\n')).digest('hex').slice(0, 32)}`;
  const { tenant: _, ...data } = detail;
  const payload = JSON.stringify({ type, timestamp: time, data });
  const webhooks = await ports.webhooks.list(tenant);
  return webhooks
    .filter(({ enabled, datasets }) => enabled && (datasets?.includes(dataset) ?? true))
    .map((webhook) => () => sendMessage(ports, webhook, { messageId, occurredAt: time, payload }));
}

async function dueAttempts(ports: StepContext['ports']): Promise<Jobs> {
  const due = await ports.webhooks.due(ports.clock.now().toISOString(), MOST_AT_ONCE);
  return due.map((delivery) => async () => {
    const webhook = await ports.webhooks.get(delivery.tenant, delivery.webhookId);
    if (webhook?.enabled) return attempt(ports, webhook, delivery);
    const { nextAttemptAt: _, ...rest } = delivery;
    const given: DeliveryRecord = {
      ...rest,
      status: 'failed',
      lastError: 'the webhook was deleted or disabled',
    };
    await ports.webhooks.putDelivery(given, delivery);
    return given;
  });
}

export const handler = stepHandler('DeliverWebhooks', inputSchema, deliverWebhooks);
