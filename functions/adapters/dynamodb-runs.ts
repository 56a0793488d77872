import { KEY, RUNS_BY_START } from '../contracts/env.ts';
import type { DatasetRecord, RunRecord, StepProgress } from '../contracts/records.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { RunStore } from '../ports.ts';
import { type Item, recordOf, type Table } from './dynamodb-table.ts';
import { byStepAndItem, RUN_LIST, startKey } from './run-order.ts';
import { runNotFound } from './store-errors.ts';

const INDEX_FIELDS = [RUNS_BY_START.partition, RUNS_BY_START.sort];

const tenantPk = (tenant: string) => `T#${tenant}`;
const runSk = (runId: string) => `RUN#${runId}`;
const datasetSk = (dataset: string) => `DATASET#${dataset}`;
const progressPk = (tenant: string, runId: string) => `T#${tenant}#RUN#${runId}`;

const runOf = (item: Item) => recordOf<RunRecord>(item, INDEX_FIELDS);

/** Runs, their progress and the datasets' current runs, all in the runs table. */
export function dynamodbRuns(table: Table): RunStore {
  return {
    async claim(run, ended = run.executionId) {
      const item = {
        ...run,
        [KEY.partition]: tenantPk(run.tenant),
        [KEY.sort]: runSk(run.runId),
        [RUNS_BY_START.partition]: run.tenant,
        [RUNS_BY_START.sort]: startKey(run),
      } as unknown as Item;
      for (;;) {
        const claimed = await table.put(item, {
          expression: `attribute_not_exists(${KEY.partition}) OR #status = :failed OR (#status = :running AND executionId IN (:own, :ended))`,
          names: { '#status': 'status' },
          values: { ':failed': 'failed', ':running': 'running', ':own': run.executionId, ':ended': ended },
        });
        if (claimed) return { claimed: true };
        const existing = await table.get(tenantPk(run.tenant), runSk(run.runId));
        // Nothing deletes runs, but an operator may between the two calls: then the claim is free again.
        if (existing) return { claimed: false, existing: runOf(existing) };
      }
    },
    async get(tenant, runId) {
      const item = await table.get(tenantPk(tenant), runSk(runId));
      return item && runOf(item);
    },
    async list(tenant, { limit, cursor }) {
      const [after, runId = ''] = cursor === undefined ? [] : decodeCursor(tenant, RUN_LIST, cursor);
      // One more than asked tells whether there is another page.
      const items = await table.query(
        {
          IndexName: RUNS_BY_START.name,
          KeyConditionExpression: `${RUNS_BY_START.partition} = :tenant`,
          ExpressionAttributeValues: { ':tenant': tenant },
          ScanIndexForward: false,
          ...(after !== undefined && {
            ExclusiveStartKey: {
              [KEY.partition]: tenantPk(tenant),
              [KEY.sort]: runSk(runId),
              [RUNS_BY_START.partition]: tenant,
              [RUNS_BY_START.sort]: after,
            },
          }),
        },
        limit + 1,
      );
      const runs = items.slice(0, limit).map(runOf);
      const last = runs.at(-1);
      if (last === undefined || items.length <= limit) return { items: runs };
      return { items: runs, cursor: encodeCursor(tenant, RUN_LIST, [startKey(last), last.runId]) };
    },
    async update(tenant, runId, changes) {
      const moved =
        changes.startedAt !== undefined
          ? { [RUNS_BY_START.sort]: startKey({ startedAt: changes.startedAt, runId }) }
          : {};
      const found = await table.set(tenantPk(tenant), runSk(runId), { ...changes, ...moved });
      if (!found) throw runNotFound(runId);
    },
    async reportProgress(report) {
      const { tenant, runId, step, item } = report;
      await table.put({
        ...report,
        pk: progressPk(tenant, runId),
        sk: `STEP#${step}#${String(item).padStart(5, '0')}`,
      });
    },
    async progress(tenant, runId) {
      const items = await table.withPrefix(progressPk(tenant, runId), 'STEP#');
      return items.map((item) => recordOf<StepProgress>(item)).sort(byStepAndItem);
    },
    async dataset(tenant, dataset) {
      const item = await table.get(tenantPk(tenant), datasetSk(dataset));
      return item && recordOf<DatasetRecord>(item);
    },
    async datasets(tenant) {
      const items = await table.withPrefix(tenantPk(tenant), datasetSk(''));
      return items.map((item) => recordOf<DatasetRecord>(item));
    },
    async reserveSegmentIds(tenant, dataset, count) {
      const sk = `SEGMENT_IDS#${dataset}`;
      return (await table.increment(tenantPk(tenant), sk, 'given', {}, count)) - count;
    },
    publish(record) {
      const item = { ...record, pk: tenantPk(record.tenant), sk: datasetSk(record.dataset) };
      return table.put(item, {
        expression: `attribute_not_exists(${KEY.partition}) OR turn <= :turn`,
        values: { ':turn': record.turn },
      });
    },
  };
}
