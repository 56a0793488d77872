import { TTL_ATTRIBUTE } from '../contracts/env.ts';
import type { LabelRecord, LeftRecord } from '../contracts/records.ts';
import type { LabelStore } from '../ports.ts';
import { type Item, recordOf, type Table } from './dynamodb-table.ts';

// One partition per customer spreads the writes of a run over the whole table.
const partition = (tenant: string, dataset: string, customerId: string) =>
  `T#${tenant}#D#${dataset}#C#${customerId}`;
const RUN_PREFIX = 'RUN#';
const runSk = (runId: string) => RUN_PREFIX + runId;

/** Longest partition key that DynamoDB takes, bytes of UTF-8. */
const PARTITION_KEY_BYTES = 2048;

/** Labels of all customers by run. They stay until `expiresAt`, where the caller gives one: a former run may be served again. */
export function dynamodbLabels(table: Table): LabelStore {
  return {
    putLabels({ tenant, dataset, runId }, labels, expiresAt) {
      const sk = runSk(runId);
      // The id stands in the key alone: it is known to whoever reads the item.
      const itemOf = ({ customerId, ...label }: LabelRecord | LeftRecord): Item => ({
        ...label,
        ...(expiresAt !== undefined && { [TTL_ATTRIBUTE]: expiresAt }),
        pk: partition(tenant, dataset, customerId),
        sk,
      });
      return table.putAll(Iterator.from(labels).map(itemOf));
    },
    deleteLabels({ tenant, dataset, runId }, customerIds) {
      const keyOf = (id: string) => ({ pk: partition(tenant, dataset, id), sk: runSk(runId) });
      return table.deleteAll(Iterator.from(customerIds).map(keyOf));
    },
    async label(tenant, dataset, customerId, runIds) {
      const pk = partition(tenant, dataset, customerId);
      if (Buffer.byteLength(pk) > PARTITION_KEY_BYTES) return undefined;
      const byRun = new Map((await table.withPrefix(pk, RUN_PREFIX)).map((item) => [item.sk, item]));
      const runId = runIds.find((id) => byRun.has(runSk(id)));
      if (runId === undefined) return undefined;
      const item = { ...byRun.get(runSk(runId))!, customerId };
      const label = recordOf<LabelRecord | LeftRecord>(item, [TTL_ATTRIBUTE]);
      return 'left' in label ? undefined : { runId, label };
    },
  };
}
