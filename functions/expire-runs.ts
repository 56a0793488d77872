import { decodeArrow } from './arrow/ipc.ts';
import type { FormerRun } from './contracts/artifacts.ts';
import { exportKey, runKeys } from './contracts/keys.ts';
import type { RunRecord } from './contracts/records.ts';
import { readJsonIfThere } from './json-objects.ts';
import type { Logger } from './observability.ts';
import type { ObjectStore, Ports } from './ports.ts';
import { expiredRunIds } from './run-retention.ts';

type Stores = Pick<Ports, 'objects' | 'runs' | 'labels' | 'segments' | 'childSegments' | 'configs' | 'clock'>;

/** What one expiry is told. */
export interface Expiry {
  readonly tenant: string;
  readonly dataset: string;
  /** Where the configuration of the dataset does not say. */
  readonly keepRuns: number;
  readonly executionId: string;
}

/** Minutes after which an execution that began to delete a run is surely gone: a function has 15. */
const LEASE_MINUTES = 20;

/**
 * Deletes what the runs of a dataset have written that its policy no longer keeps. First they are retired, in one
 * conditional write that no publication and no rollback can interleave with; only then anything is deleted, the run's
 * record last. Every part can be done again: whoever comes next goes on where a killed one stopped.
 * @returns ids of the runs that have expired
 */
export async function expireRuns(
  stores: Stores,
  { tenant, dataset, keepRuns, executionId }: Expiry,
  log: Logger,
): Promise<string[]> {
  const { runs, configs } = stores;
  const served = await runs.dataset(tenant, dataset);
  if (served === undefined) return [];
  const policy = (await configs.newest(tenant, dataset))?.config?.keepRuns ?? keepRuns;
  const { live } = await runs.held(tenant, dataset);
  const records = await recordsOf(stores, tenant, live);
  const neededByRunning = await neededBy(stores.objects, records);
  const retired = expiredRunIds({ served, runs: records, neededByRunning, keepRuns: policy });
  if (retired.length > 0 && !(await runs.retire(served, retired))) {
    log.info('not retired: another run was published meanwhile, which expires them', { tenant, dataset });
  }

  const { expiring } = await runs.held(tenant, dataset);
  const expired: string[] = [];
  for (const run of await recordsOf(stores, tenant, expiring)) {
    const { runId } = run;
    if (!(await beginExpiry(stores, run, executionId))) continue;
    await deleteRun(stores, run);
    await runs.endExpiry(run, stores.clock.now().toISOString());
    log.info('run expired', { tenant, dataset, runId });
    expired.push(runId);
  }
  return expired;
}

async function recordsOf({ runs }: Pick<Ports, 'runs'>, tenant: string, runIds: readonly string[]) {
  const records = await Promise.all(runIds.map((runId) => runs.get(tenant, runId)));
  return records.flatMap((record) => record ?? []);
}

/** A run under way writes only what the run it is compared with does not tell, and will name where the rest lies. */
async function neededBy(objects: ObjectStore, records: readonly RunRecord[]) {
  const running = records.filter(({ status }) => status === 'running');
  return new Map(
    await Promise.all(
      running.map(async (run) => {
        const former = await readJsonIfThere<FormerRun>(objects, runKeys(run).former);
        const { served } = former ?? { served: null };
        const sources = served?.labelSources.map(({ runId }) => runId) ?? [];
        return [run.runId, served === null ? [] : [served.runId, ...sources]] as const;
      }),
    ),
  );
}

function beginExpiry({ runs, clock }: Stores, run: RunRecord, executionId: string): Promise<boolean> {
  const now = clock.now();
  return runs.beginExpiry(run, {
    executionId,
    now: now.toISOString(),
    staleBefore: new Date(now.getTime() - LEASE_MINUTES * 60_000).toISOString(),
  });
}

async function deleteRun(
  { objects, labels, segments, childSegments }: Stores,
  run: RunRecord,
): Promise<void> {
  const { tenant, dataset, runId } = run;
  const keys = runKeys(run);
  // The list of a bucket goes once its labels have gone: what lists are left is what is left to do.
  for await (const { key } of objects.list(keys.labelledRoot)) {
    const file = decodeArrow(await objects.read(key));
    await labels.deleteLabels(run, file.strings('customer_id'));
    await objects.deleteAll([key]);
  }
  await segments.deleteRun(tenant, dataset, runId);
  await childSegments.deleteRun(tenant, dataset, runId);
  for (const prefix of [exportKey(run, ''), keys.root]) await deleteBelow(objects, prefix);
}

async function deleteBelow(objects: ObjectStore, prefix: string): Promise<void> {
  let found: string[] = [];
  for await (const { key } of objects.list(prefix)) {
    found.push(key);
    if (found.length < DELETED_AT_ONCE) continue;
    await objects.deleteAll(found);
    found = [];
  }
  await objects.deleteAll(found);
}

/** Keys held in memory at once; S3 takes as many per request. */
const DELETED_AT_ONCE = 1000;
