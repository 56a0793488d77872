import type { DrilldownRecord } from '../contracts/drilldown-runs.ts';
import { KEY } from '../contracts/env.ts';
import type { DrilldownStore } from '../ports.ts';
import { type Item, recordOf, type Table } from './dynamodb-table.ts';

const partition = (tenant: string) => `T#${tenant}`;
const sort = (runId: string) => `DRILLDOWN#${runId}`;
const itemOf = (record: DrilldownRecord): Item => ({
  ...record,
  pk: partition(record.tenant),
  sk: sort(record.runId),
});

/** Drill-downs, in the table of runs. */
export function dynamodbDrilldowns(table: Table): DrilldownStore {
  return {
    async get(tenant, runId) {
      const item = await table.get(partition(tenant), sort(runId));
      return item && recordOf<DrilldownRecord>(item);
    },
    begin: (record) =>
      table.put(itemOf(record), {
        expression: `attribute_not_exists(${KEY.partition}) OR attempt < :attempt`,
        values: { ':attempt': record.attempt },
      }),
    update: (record) =>
      table.put(itemOf(record), {
        expression: 'attempt = :attempt',
        values: { ':attempt': record.attempt },
      }),
  };
}
