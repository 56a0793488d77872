import { Webhook } from 'standardwebhooks';
import type { DeliveryRecord, WebhookRecord } from './contracts/webhooks.ts';
import type { Ports } from './ports.ts';

/** Pauses before the second and later attempts, minutes: the schedule that Standard Webhooks recommends, in whole minutes. */
const PAUSES_MINUTES = [1, 5, 30, 120, 300, 600, 840] as const;

/** Attempts at one message. */
export const MOST_ATTEMPTS = PAUSES_MINUTES.length + 1;

/** How long a delivery is kept, days. */
const KEPT_DAYS = 30;

type Stores = Pick<Ports, 'webhooks' | 'webhookSender' | 'clock'>;

/** An event that happened, as it is told. */
export interface WebhookMessage {
  readonly messageId: string;
  readonly occurredAt: string;
  readonly payload: string;
}

/** Records a message to a webhook and tries to deliver it. */
export async function sendMessage(
  stores: Stores,
  webhook: WebhookRecord,
  { messageId, occurredAt, payload }: WebhookMessage,
): Promise<DeliveryRecord> {
  const { tenant, webhookId } = webhook;
  const ref = { tenant, webhookId, messageId, occurredAt };
  const known = await stores.webhooks.delivery(ref);
  if (known !== undefined) return known;
  const expiresAt = Math.floor(Date.parse(occurredAt) / 1000) + KEPT_DAYS * 86_400;
  return attempt(stores, webhook, { ...ref, payload, status: 'pending', attempts: 0, expiresAt });
}

/**
 * Makes one attempt. Before it the delivery is written with the time of the next one: an attempt whose end nobody sees is
 * made again, so that a message arrives at least once.
 */
export async function attempt(
  { webhooks, webhookSender, clock }: Stores,
  webhook: WebhookRecord,
  former: DeliveryRecord,
): Promise<DeliveryRecord> {
  const attempts = former.attempts + 1;
  const now = clock.now();
  const pauseMinutes = PAUSES_MINUTES[former.attempts] ?? PAUSES_MINUTES[0];
  const nextAttemptAt = new Date(now.getTime() + pauseMinutes * 60_000).toISOString();
  const begun: DeliveryRecord = { ...former, attempts, nextAttemptAt, lastAttemptAt: now.toISOString() };
  await webhooks.putDelivery(begun, former);

  const { messageId, payload } = former;
  const result = await webhookSender.send(
    webhook.url,
    {
      'content-type': 'application/json',
      'user-agent': 'tessella',
      'webhook-id': messageId,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(webhook.secret).sign(messageId, now, payload),
    },
    payload,
  );
  const { lastStatus: _s, lastError: _e, nextAttemptAt: _n, ...ended } = begun;
  const answered = 'status' in result ? { lastStatus: result.status } : { lastError: result.error };
  const isDelivered = 'status' in result && result.status >= 200 && result.status < 300;
  const isOver = isDelivered || attempts >= MOST_ATTEMPTS;
  const done: DeliveryRecord = {
    ...ended,
    ...answered,
    status: isDelivered ? 'delivered' : isOver ? 'failed' : 'pending',
    ...(!isOver && { nextAttemptAt }),
  };
  await webhooks.putDelivery(done, begun);
  return done;
}
