import { scoreRow } from './clustering/score-row.ts';
import type { Model, RunPlan, TablePlan } from './contracts/artifacts.ts';
import type { ExperimentContext } from './contracts/experiment.ts';
import { runKeys } from './contracts/keys.ts';
import type { SegmentRecord } from './contracts/records.ts';
import type { ExperimentRef } from './experiment-ports.ts';
import { contextRow } from './experiments/cluster-training.ts';
import { readJson } from './json-objects.ts';
import type { Ports } from './ports.ts';
import { recordCells } from './tables/record-cells.ts';

/** The clusters that an experiment's visitors are put into. */
export interface ServedClusters {
  readonly runId: string;
  readonly trainedAt: string;
  readonly model: Model;
  readonly segments: readonly SegmentRecord[];
  /** Number of the nearest cluster. */
  clusterOf(context: ExperimentContext): number;
}

type Stores = Pick<Ports, 'runs' | 'objects' | 'segments' | 'clock'>;

/** How long an instance serves the clusters it knows before it looks whether there are newer ones. */
const LOOK_AGAIN_MS = 30_000;
const KEPT = 64;

interface Entry {
  readonly lookedAt: number;
  readonly clusters: Promise<ServedClusters | undefined>;
}

const kept = new WeakMap<Stores['runs'], Map<string, Entry>>();

/**
 * The clusters published last for an experiment; undefined while there are none. A training that failed publishes nothing,
 * so that the former clusters stay. Model and centers lie in memory: what a request reads is, every 30 seconds, one item.
 */
export async function servedClusters(
  stores: Stores,
  ref: ExperimentRef,
): Promise<ServedClusters | undefined> {
  const entries = kept.get(stores.runs) ?? new Map<string, Entry>();
  kept.set(stores.runs, entries);
  const key = `${ref.tenant}/${ref.experiment_id}`;
  const nowMs = stores.clock.now().getTime();
  const known = entries.get(key);
  if (known && Math.abs(nowMs - known.lookedAt) < LOOK_AGAIN_MS) return known.clusters;
  const clusters = load(stores, ref, known?.clusters);
  entries.delete(key);
  entries.set(key, { lookedAt: nowMs, clusters });
  const [oldest] = entries.keys();
  if (entries.size > KEPT && oldest !== undefined) entries.delete(oldest);
  clusters.catch(() => entries.get(key)?.clusters === clusters && entries.delete(key));
  return clusters;
}

async function load(
  { runs, objects, segments }: Stores,
  { tenant, experiment_id: dataset }: ExperimentRef,
  former: Promise<ServedClusters | undefined> | undefined,
): Promise<ServedClusters | undefined> {
  const served = await runs.dataset(tenant, dataset);
  if (!served) return undefined;
  const { currentRunId: runId, publishedAt: trainedAt } = served;
  const known = await former?.catch(() => undefined);
  if (known?.runId === runId && known.trainedAt === trainedAt) return known;
  const keys = runKeys({ tenant, dataset, runId });
  const [model, plan, named] = await Promise.all([
    readJson<Model>(objects, keys.artifact('model.json')),
    readJson<RunPlan>(objects, keys.plan),
    segments.segments(tenant, dataset, runId),
  ]);
  if (plan.recipe !== 'table') throw new Error(`run ${runId} of ${dataset} is not of contexts`);
  return { runId, trainedAt, model, segments: named, clusterOf: (context) => nearest(model, plan, context) };
}

/** The same parsers, recipe and centers as the batch: a visitor of the training lands in the cluster found then. */
function nearest(model: Model, { entity, files }: TablePlan, context: ExperimentContext): number {
  const { cells } = recordCells(entity.columns, files[0]!.cells, contextRow(context));
  return scoreRow(model, cells).label;
}
