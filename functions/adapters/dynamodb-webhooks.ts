import { KEY } from '../contracts/env.ts';
import type { DeliveryRecord, WebhookRecord } from '../contracts/webhooks.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { WebhookStore } from '../webhook-ports.ts';
import { type Item, recordOf, type Table } from './dynamodb-table.ts';

const webhooksPk = (tenant: string) => `T#${tenant}#WEBHOOKS`;
const deliveriesPk = (tenant: string, webhookId: string) => `T#${tenant}#W#${webhookId}`;
const deliverySk = ({ occurredAt, messageId }: Pick<DeliveryRecord, 'occurredAt' | 'messageId'>) =>
  `${occurredAt}#${messageId}`;
/** Pointers to all pending deliveries, by the time of their next attempt: there are few, and one query finds those due. */
const DUE_PK = 'DUE';
const dueSk = (delivery: DeliveryRecord) =>
  `${delivery.nextAttemptAt}#${delivery.tenant}#${delivery.webhookId}#${deliverySk(delivery)}`;

/** Webhooks of all tenants, and what was sent to them. */
export function dynamodbWebhooks(table: Table): WebhookStore {
  const deliveryOf = (item: Item): DeliveryRecord => recordOf<DeliveryRecord>(item);
  return {
    async put(webhook) {
      await table.put({ ...webhook, pk: webhooksPk(webhook.tenant), sk: webhook.webhookId });
    },
    async get(tenant, webhookId) {
      const item = await table.get(webhooksPk(tenant), webhookId);
      return item && recordOf<WebhookRecord>(item);
    },
    async list(tenant) {
      const items = await table.withPrefix(webhooksPk(tenant), '');
      return items.map((item) => recordOf<WebhookRecord>(item));
    },
    delete: (tenant, webhookId) => table.delete(webhooksPk(tenant), webhookId),
    async putDelivery(delivery, former) {
      // The pointer first, and the former one deleted last: whatever is cut off in between is tried again.
      if (delivery.status === 'pending') {
        const { tenant, webhookId, messageId, occurredAt } = delivery;
        const pointed = { tenant, webhookId, messageId, occurredAt };
        await table.put({ ...pointed, pk: DUE_PK, sk: dueSk(delivery) });
      }
      await table.put({
        ...delivery,
        pk: deliveriesPk(delivery.tenant, delivery.webhookId),
        sk: deliverySk(delivery),
      });
      const isMoved = former?.status === 'pending' && former.nextAttemptAt !== delivery.nextAttemptAt;
      if (isMoved) await table.delete(DUE_PK, dueSk(former));
    },
    async delivery(ref) {
      const item = await table.get(deliveriesPk(ref.tenant, ref.webhookId), deliverySk(ref));
      return item && deliveryOf(item);
    },
    async deliveries(tenant, webhookId, { limit, cursor }) {
      const list = `deliveries/${webhookId}`;
      const pk = deliveriesPk(tenant, webhookId);
      const [after] = cursor === undefined ? [] : decodeCursor(tenant, list, cursor);
      const items = await table.query(
        {
          KeyConditionExpression: `${KEY.partition} = :pk`,
          ExpressionAttributeValues: { ':pk': pk },
          ScanIndexForward: false,
          ConsistentRead: true,
          ...(after !== undefined && { ExclusiveStartKey: { pk, sk: after } }),
        },
        limit,
      );
      const last = items.at(-1);
      return {
        items: items.map(deliveryOf),
        ...(last && items.length === limit && { cursor: encodeCursor(tenant, list, [last.sk]) }),
      };
    },
    async due(at, limit) {
      const pointers = await table.query(
        {
          KeyConditionExpression: `${KEY.partition} = :pk AND ${KEY.sort} < :end`,
          // Every pointer of that instant sorts below: `#` is followed by text.
          ExpressionAttributeValues: { ':pk': DUE_PK, ':end': `${at}$` },
          ConsistentRead: true,
        },
        limit,
      );
      const found: DeliveryRecord[] = [];
      for (const pointer of pointers) {
        const ref = recordOf<DeliveryRecord>(pointer);
        const item = await table.get(deliveriesPk(ref.tenant, ref.webhookId), deliverySk(ref));
        const delivery = item && deliveryOf(item);
        // A pointer that was left behind says nothing any more; one whose delivery was not written yet neither.
        if (delivery?.status === 'pending' && dueSk(delivery) === pointer.sk) found.push(delivery);
        else await table.delete(DUE_PK, pointer.sk);
      }
      return found;
    },
  };
}
