import type { Model } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { DatasetRecord, SegmentRecord } from '../contracts/records.ts';
import { NotFoundError } from '../errors.ts';
import { readJson } from '../json-objects.ts';
import type { Ports } from '../ports.ts';

/**
 * The dataset's record, or that of the dataset published last.
 * @throws NotFoundError when nothing is published
 */
export async function publishedDataset(
  ports: Ports,
  tenant: string,
  dataset?: string,
): Promise<DatasetRecord> {
  const record =
    dataset === undefined
      ? latest(await ports.runs.datasets(tenant))
      : await ports.runs.dataset(tenant, dataset);
  if (record) return record;
  throw new NotFoundError(
    `Model artifact not found: ${dataset === undefined ? 'no dataset' : `nothing of dataset ${dataset}`} has been published. Start a run and wait until it has succeeded.`,
    { reason: 'nothing_published' },
  );
}

function latest(datasets: readonly DatasetRecord[]): DatasetRecord | undefined {
  return datasets.reduce<DatasetRecord | undefined>(
    (last, record) => (last && last.publishedAt >= record.publishedAt ? last : record),
    undefined,
  );
}

/** What scoring needs of a published run. */
export interface PublishedRun {
  readonly model: Model;
  readonly segments: readonly SegmentRecord[];
}

/** The segment that a cluster of a published model is. */
export function segmentOf({ segmentIds }: Pick<Model, 'segmentIds'>, cluster: number): number {
  return segmentIds?.[cluster] ?? cluster;
}

/** The cluster of a published model that a segment is; −1 where none is. */
export function clusterOf(
  { segmentIds, nClusters }: Pick<Model, 'segmentIds' | 'nClusters'>,
  segment: number,
): number {
  if (segmentIds !== undefined) return segmentIds.indexOf(segment);
  return segment < nClusters ? segment : -1;
}

/** Most runs kept in memory by one function instance. */
const KEPT_RUNS = 32;
const kept = new WeakMap<Ports, Map<string, Promise<PublishedRun>>>();

/**
 * Model and segments of a dataset's current run. What was published at an instant never changes, so that an instance reads each once.
 * @throws NotFoundError when the model is not there
 */
export function publishedRun(ports: Ports, record: DatasetRecord): Promise<PublishedRun> {
  const runs = kept.get(ports) ?? new Map<string, Promise<PublishedRun>>();
  kept.set(ports, runs);
  // A run that expired and is made anew has its segments matched anew.
  const key = [record.tenant, record.dataset, record.currentRunId, record.publishedAt].join('/');
  const run = runs.get(key) ?? load(ports, record);
  // The one used last stands last; the first is the one to drop.
  runs.delete(key);
  runs.set(key, run);
  run.catch(() => runs.delete(key));
  const [oldest] = runs.keys();
  if (runs.size > KEPT_RUNS && oldest !== undefined) runs.delete(oldest);
  return run;
}

async function load(
  ports: Ports,
  { tenant, dataset, currentRunId: runId }: DatasetRecord,
): Promise<PublishedRun> {
  const [model, segments] = await Promise.all([
    readJson<Model>(ports.objects, runKeys({ tenant, dataset, runId }).artifact('model.json')).catch(
      (error: unknown) => {
        throw error instanceof NotFoundError ? modelNotFound(dataset, runId, error) : error;
      },
    ),
    ports.segments.segments(tenant, dataset, runId),
  ]);
  return { model, segments };
}

function modelNotFound(dataset: string, runId: string, cause: Error): NotFoundError {
  return new NotFoundError(
    `Model artifact not found: run ${runId} of dataset ${dataset} has no model.json. Run the dataset again with a \`rerun\` text.`,
    { reason: 'model_missing', runId },
    { cause },
  );
}
