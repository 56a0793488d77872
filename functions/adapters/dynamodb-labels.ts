import { TTL_ATTRIBUTE } from '../contracts/env.ts';
import type { LabelRecord } from '../contracts/records.ts';
import type { LabelStore } from '../ports.ts';
import { type Item, recordOf, type Table } from './dynamodb-table.ts';

// One partition per customer spreads the writes of a run over the whole table.
const partition = (tenant: string, dataset: string, customerId: string) =>
  `T#${tenant}#D#${dataset}#C#${customerId}`;
const runSk = (runId: string) => `RUN#${runId}`;

/** Longest partition key that DynamoDB takes, bytes of UTF-8. */
const PARTITION_KEY_BYTES = 2048;

/** Labels of all customers by run. They stay until `expiresAt`, where the caller gives one: a former run may be served again. */
export function dynamodbLabels(table: Table): LabelStore {
  return {
    putLabels({ tenant, dataset, runId }, labels, expiresAt) {
      const sk = runSk(runId);
      const itemOf = (label: LabelRecord): Item => ({
        ...label,
        ...(expiresAt !== undefined && { [TTL_ATTRIBUTE]: expiresAt }),
        pk: partition(tenant, dataset, label.customerId),
        sk,
      });
      return table.putAll(Iterator.from(labels).map(itemOf));
    },
    async label(tenant, dataset, runId, customerId) {
      const pk = partition(tenant, dataset, customerId);
      if (Buffer.byteLength(pk) > PARTITION_KEY_BYTES) return undefined;
      const item = await table.get(pk, runSk(runId));
      return item && recordOf<LabelRecord>(item, [TTL_ATTRIBUTE]);
    },
  };
}
