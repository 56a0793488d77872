import type { DatasetConfigRecord } from '../contracts/dataset.ts';
import { KEY } from '../contracts/env.ts';
import type { DatasetConfigStore, DatasetSchedule } from '../ports.ts';
import { recordOf, type Table } from './dynamodb-table.ts';

const tenantPk = (tenant: string) => `T#${tenant}`;
const nameSk = (dataset: string) => `D#${dataset}`;
const versionsPk = (tenant: string, dataset: string) => `T#${tenant}#D#${dataset}`;
const versionSk = (version: number) => `V#${String(version).padStart(10, '0')}`;
/** One partition holds the schedules of all tenants: some kilobytes that are read every quarter of an hour. */
const SCHEDULES = 'SCHEDULES';
const scheduleSk = (tenant: string, dataset: string) => `T#${tenant}#D#${dataset}`;

/**
 * Versions of the datasets' configurations. The version item is the one conditional write that decides; the name that
 * lists the dataset is written before it, the schedule after it, both as often as a caller retries.
 */
export function dynamodbConfigs(table: Table): DatasetConfigStore {
  return {
    async newest(tenant, dataset) {
      const [item] = await table.query(
        {
          KeyConditionExpression: `${KEY.partition} = :pk`,
          ExpressionAttributeValues: { ':pk': versionsPk(tenant, dataset) },
          ScanIndexForward: false,
          ConsistentRead: true,
        },
        1,
      );
      return item && recordOf<DatasetConfigRecord>(item);
    },
    async version(tenant, dataset, version) {
      const item = await table.get(versionsPk(tenant, dataset), versionSk(version));
      return item && recordOf<DatasetConfigRecord>(item);
    },
    async names(tenant) {
      const items = await table.withPrefix(tenantPk(tenant), nameSk(''));
      return items.map((item) => recordOf<{ dataset: string }>(item).dataset);
    },
    async append(record) {
      const { tenant, dataset, version } = record;
      await table.put({ pk: tenantPk(tenant), sk: nameSk(dataset), dataset });
      const appended = await table.put(
        { ...record, pk: versionsPk(tenant, dataset), sk: versionSk(version) },
        { expression: `attribute_not_exists(${KEY.partition})` },
      );
      if (!appended) return false;
      await table.put(
        {
          pk: SCHEDULES,
          sk: scheduleSk(tenant, dataset),
          tenant,
          dataset,
          version,
          schedule: record.config?.schedule ?? null,
        },
        {
          expression: `attribute_not_exists(${KEY.partition}) OR #version < :version`,
          names: { '#version': 'version' },
          values: { ':version': version },
        },
      );
      return true;
    },
    async schedules() {
      const items = await table.withPrefix(SCHEDULES, 'T#');
      return items.flatMap((item) => {
        const { tenant, dataset, schedule } = recordOf<DatasetSchedule | NoSchedule>(item);
        return schedule === null ? [] : [{ tenant, dataset, schedule }];
      });
    },
  };
}

type NoSchedule = Omit<DatasetSchedule, 'schedule'> & { readonly schedule: null };
