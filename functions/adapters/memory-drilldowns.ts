import type { DrilldownRecord } from '../contracts/drilldown-runs.ts';
import type { DrilldownStore } from '../ports.ts';

/** Drill-downs in memory. */
export function memoryDrilldowns(): DrilldownStore {
  const records = new Map<string, DrilldownRecord>();
  const keyOf = (tenant: string, runId: string) => `${tenant}/${runId}`;
  const putIf = (record: DrilldownRecord, holds: (attempt: number | undefined) => boolean) => {
    const key = keyOf(record.tenant, record.runId);
    if (!holds(records.get(key)?.attempt)) return false;
    records.set(key, structuredClone(record));
    return true;
  };
  return {
    async get(tenant, runId) {
      return structuredClone(records.get(keyOf(tenant, runId)));
    },
    async begin(record) {
      return putIf(record, (attempt) => attempt === undefined || attempt < record.attempt);
    },
    async update(record) {
      return putIf(record, (attempt) => attempt === record.attempt);
    },
  };
}
