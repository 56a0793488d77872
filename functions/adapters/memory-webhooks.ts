import type { DeliveryRecord, WebhookRecord } from '../contracts/webhooks.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { WebhookStore } from '../webhook-ports.ts';

/** Webhooks in memory. */
export function memoryWebhooks(): WebhookStore {
  const webhooks = new Map<string, WebhookRecord>();
  const deliveries = new Map<string, DeliveryRecord>();
  const keyOf = (...parts: string[]) => parts.join('#');
  const sk = ({ occurredAt, messageId }: Pick<DeliveryRecord, 'occurredAt' | 'messageId'>) =>
    keyOf(occurredAt, messageId);
  const sorted = <T>(values: Iterable<T>, by: (value: T) => string) =>
    [...values].sort((a, b) => (by(a) < by(b) ? -1 : 1)).map((value) => structuredClone(value));
  return {
    async put(webhook) {
      webhooks.set(keyOf(webhook.tenant, webhook.webhookId), structuredClone(webhook));
    },
    async get(tenant, webhookId) {
      return structuredClone(webhooks.get(keyOf(tenant, webhookId)));
    },
    async list(tenant) {
      const own = [...webhooks.values()].filter((webhook) => webhook.tenant === tenant);
      return sorted(own, ({ webhookId }) => webhookId);
    },
    async delete(tenant, webhookId) {
      webhooks.delete(keyOf(tenant, webhookId));
    },
    async putDelivery(delivery) {
      deliveries.set(keyOf(delivery.tenant, delivery.webhookId, sk(delivery)), structuredClone(delivery));
    },
    async delivery(ref) {
      return structuredClone(deliveries.get(keyOf(ref.tenant, ref.webhookId, sk(ref))));
    },
    async deliveries(tenant, webhookId, { limit, cursor }) {
      const list = `deliveries/${webhookId}`;
      const [after] = cursor === undefined ? [] : decodeCursor(tenant, list, cursor);
      const own = [...deliveries.values()].filter(
        (one) => one.tenant === tenant && one.webhookId === webhookId,
      );
      const items = sorted(own, sk)
        .toReversed()
        .filter((one) => after === undefined || sk(one) < after)
        .slice(0, limit);
      const last = items.at(-1);
      return {
        items,
        ...(last && items.length === limit && { cursor: encodeCursor(tenant, list, [sk(last)]) }),
      };
    },
    async due(at, limit) {
      const pending = [...deliveries.values()].filter(
        ({ status, nextAttemptAt }) =>
          status === 'pending' && nextAttemptAt !== undefined && nextAttemptAt <= at,
      );
      return sorted(pending, (one) => keyOf(one.nextAttemptAt ?? '', one.tenant, one.webhookId)).slice(
        0,
        limit,
      );
    },
  };
}
