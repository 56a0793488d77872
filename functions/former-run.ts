import { decodeArrow } from './arrow/ipc.ts';
import type { FormerRun, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import type { LabelSource } from './contracts/records.ts';
import type { RunRef } from './contracts/workflow.ts';
import { readEntities } from './entity-buckets.ts';
import { bucketOf, entityHash } from './features/entity-hash.ts';
import type { EntityTable } from './features/entity-table.ts';
import { readJson } from './json-objects.ts';
import type { ObjectStore, Ports } from './ports.ts';

/**
 * The run that a dataset serves, if its labels are still there: what the new run is compared with. It is looked up once
 * per run, so that all of its workers compare with the same one.
 */
export async function findFormerRun(
  { objects, runs }: Pick<Ports, 'objects' | 'runs'>,
  { tenant, dataset, runId }: RunRef,
): Promise<FormerRun> {
  const served = await runs.dataset(tenant, dataset);
  if (served === undefined || served.currentRunId === runId) return { served: null };
  const { currentRunId, labelSources } = served;
  const keys = runKeys({ tenant, dataset, runId: currentRunId });
  const isKept = (await objects.head(keys.labels(0))) !== undefined;
  return { served: isKept ? { runId: currentRunId, labelSources } : null };
}

/** A former run, opened. */
export interface OpenedFormerRun {
  readonly plan: RunPlan;
  /** Stable segment id per cluster. */
  readonly segmentIds: readonly number[];
  readonly labelSources: readonly LabelSource[];
}

/** Opens the run that a run is compared with; undefined where there is none. */
export async function openFormerRun(objects: ObjectStore, run: RunRef): Promise<OpenedFormerRun | undefined> {
  const { served } = await readJson<FormerRun>(objects, runKeys(run).former);
  if (served === null) return undefined;
  const plan = await readJson<RunPlan>(objects, runKeys({ ...run, runId: served.runId }).plan);
  const { labelSources } = served;
  return { plan, segmentIds: labelSources[0]?.segmentIds ?? [], labelSources };
}

/** Labels of a former run in the hash range of one bucket of the new one. */
export interface FormerLabels {
  readonly ids: readonly string[];
  readonly clusters: Int32Array;
  /** Row of each in its table. */
  readonly rows: Int32Array;
  /** The entities, where they were asked for. */
  readonly table?: EntityTable;
}

/**
 * What a former run holds of the customers that one of `nBuckets` buckets is for: a bucket is a range of hashes, so few
 * buckets of the former run meet it whatever their number.
 */
export async function* readFormerLabels(
  objects: ObjectStore,
  { plan }: OpenedFormerRun,
  bucket: number,
  nBuckets: number,
  withEntities: boolean,
): AsyncGenerator<FormerLabels> {
  const keys = runKeys(plan.run);
  const first = Math.floor((bucket * plan.nBuckets) / nBuckets);
  const end = Math.ceil(((bucket + 1) * plan.nBuckets) / nBuckets);
  for (let former = first; former < end; former++) {
    const [file, table] = await Promise.all([
      objects.read(keys.labels(former)).then(decodeArrow),
      withEntities ? readEntities(objects, plan, former) : undefined,
    ]);
    const ids = file.strings('customer_id');
    const clusters = file.int32('cluster');
    const rows = Int32Array.from(
      [...ids.keys()].filter((row) => bucketOf(entityHash(ids[row]!), nBuckets) === bucket),
    );
    yield {
      ids: Array.from(rows, (row) => ids[row]!),
      clusters: rows.map((row) => clusters[row]!),
      rows,
      ...(table && { table }),
    };
  }
}
