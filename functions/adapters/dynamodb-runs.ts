import { KEY, RUNS_BY_START } from '../contracts/env.ts';
import type { DatasetRecord, RunRecord, StepProgress } from '../contracts/records.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { RunStore } from '../run-ports.ts';
import { type Item, recordOf, type Table } from './dynamodb-table.ts';
import { byStepAndItem, expiredRun, RUN_LIST, startKey } from './run-order.ts';
import { runNotFound } from './store-errors.ts';

const INDEX_FIELDS = [RUNS_BY_START.partition, RUNS_BY_START.sort];

const tenantPk = (tenant: string) => `T#${tenant}`;
const runSk = (runId: string) => `RUN#${runId}`;
const datasetSk = (dataset: string) => `DATASET#${dataset}`;
const progressPk = (tenant: string, runId: string) => `T#${tenant}#RUN#${runId}`;

/** Attributes of a dataset's item that hold the ids of its runs, as sets. */
const LIVE = 'liveRuns';
const EXPIRING = 'expiringRuns';

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
          expression: `attribute_not_exists(${KEY.partition}) OR #status IN (:failed, :expired) OR (#status = :running AND executionId IN (:own, :ended))`,
          names: { '#status': 'status' },
          values: {
            ':failed': 'failed',
            ':expired': 'expired',
            ':running': 'running',
            ':own': run.executionId,
            ':ended': ended,
          },
        });
        if (claimed) {
          const held = { addTo: { [LIVE]: [run.runId] }, takeFrom: { [EXPIRING]: [run.runId] } };
          await table.change(tenantPk(run.tenant), datasetSk(run.dataset), held);
          return { claimed: true };
        }
        const existing = await table.get(tenantPk(run.tenant), runSk(run.runId));
        // An expiry that lost its machine at the very end is taken up again by the next one.
        if (existing?.status === 'expiring') {
          const retired = { addTo: { [EXPIRING]: [run.runId] } };
          await table.change(tenantPk(run.tenant), datasetSk(run.dataset), retired);
        }
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
      return item && datasetOf(item);
    },
    async datasets(tenant) {
      const items = await table.withPrefix(tenantPk(tenant), datasetSk(''));
      return items.flatMap((item) => datasetOf(item) ?? []);
    },
    async reserveSegmentIds(tenant, dataset, count) {
      const sk = `SEGMENT_IDS#${dataset}`;
      return (await table.increment(tenantPk(tenant), sk, 'given', {}, count)) - count;
    },
    async publish(record) {
      const { tenant, dataset, turn, labelSources } = record;
      const sources = labelSources.map((_, n) => `contains(${LIVE}, :source${n})`);
      const served = await table.change(
        tenantPk(tenant),
        datasetSk(dataset),
        { set: { ...record } },
        {
          expression: ['(attribute_not_exists(turn) OR turn <= :turn)', ...sources].join(' AND '),
          values: {
            ':turn': turn,
            ...Object.fromEntries(labelSources.map(({ runId }, n) => [`:source${n}`, runId])),
          },
        },
      );
      if (served) return 'served';
      const current = await this.dataset(tenant, dataset);
      return current !== undefined && current.turn > turn ? 'askedLater' : 'expired';
    },
    async held(tenant, dataset) {
      const item = await table.get(tenantPk(tenant), datasetSk(dataset));
      return { live: textsOf(item?.[LIVE]), expiring: textsOf(item?.[EXPIRING]) };
    },
    retire({ tenant, dataset, currentRunId, publishedAt, formerRunIds }, runIds) {
      return table.change(
        tenantPk(tenant),
        datasetSk(dataset),
        {
          set: { formerRunIds: formerRunIds.filter((id) => !runIds.includes(id)) },
          addTo: { [EXPIRING]: runIds },
          takeFrom: { [LIVE]: runIds },
        },
        {
          expression: 'currentRunId = :currentRunId AND publishedAt = :publishedAt',
          values: { ':currentRunId': currentRunId, ':publishedAt': publishedAt },
        },
      );
    },
    beginExpiry({ tenant, runId, executionId }, { executionId: by, now, staleBefore }) {
      return table.change(
        tenantPk(tenant),
        runSk(runId),
        { set: { status: 'expiring', expiringBy: by, expiringSince: now } },
        {
          expression:
            'executionId = :claimedBy AND (#status IN (:succeeded, :failed) OR (#status = :expiring AND (expiringBy = :by OR expiringSince < :stale)))',
          names: { '#status': 'status' },
          values: {
            ':claimedBy': executionId,
            ':succeeded': 'succeeded',
            ':failed': 'failed',
            ':expiring': 'expiring',
            ':by': by,
            ':stale': staleBefore,
          },
        },
      );
    },
    async endExpiry(run, expiredAt) {
      const { tenant, dataset, runId } = run;
      for await (const page of table.partition(progressPk(tenant, runId))) await table.deleteAll(page);
      // In this order: once the run can be claimed again, nothing may take it out of the list.
      await table.change(tenantPk(tenant), datasetSk(dataset), { takeFrom: { [EXPIRING]: [runId] } });
      await table.put(
        {
          ...expiredRun(run, expiredAt),
          [KEY.partition]: tenantPk(tenant),
          [KEY.sort]: runSk(runId),
          [RUNS_BY_START.partition]: tenant,
          [RUNS_BY_START.sort]: startKey(run),
        },
        {
          expression: '#status = :expiring',
          names: { '#status': 'status' },
          values: { ':expiring': 'expiring' },
        },
      );
    },
  };
}

/** What a dataset serves; undefined where it holds runs and serves none. */
function datasetOf(item: Item): DatasetRecord | undefined {
  if (item.currentRunId === undefined) return undefined;
  return recordOf<DatasetRecord>(item, [LIVE, EXPIRING]);
}

/** Texts of a set, ascending. */
function textsOf(set: unknown): string[] {
  return set instanceof Set ? Array.from(set, String).sort() : [];
}
