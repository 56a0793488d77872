import { decodeArrow } from '../arrow/ipc.ts';
import { adjustedRandScore } from '../clustering/adjusted-rand.ts';
import { scoreRow } from '../clustering/score-row.ts';
import { type PreviewBody, previewAnswerSchema, previewBodySchema } from '../contracts/api-preview.ts';
import type { Model, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { readEntities } from '../entity-buckets.ts';
import { type EntityTable, headOf } from '../features/entity-table.ts';
import { joinTables } from '../features/join-tables.ts';
import { suggestSpecs } from '../features/suggest-specs.ts';
import { readJson } from '../json-objects.ts';
import { loadKernels } from '../kernels/instance.ts';
import type { ObjectStore } from '../ports.ts';
import { segmentTable } from '../segmentation/segment-table.ts';
import { leadNameTable } from '../segments/lead-name-rules.ts';
import { MembershipCounts } from '../segments/membership-counts.ts';
import { cellsOfRecord } from './planned-record.ts';
import { publishedDataset, publishedRun, segmentOf } from './published-run.ts';
import { defineRoute } from './route.ts';

/** Bytes of a preview: a thousand records of some fields. */
const PREVIEW_BODY_BYTES = 4 * 1024 * 1024;

/** Tries something out on a dataset: nothing is written. */
export const previewSegments = defineRoute({
  method: 'POST',
  path: '/v1/segments/preview',
  scope: 'segments:read',
  summary: 'Score unsaved customers, or try another clustering; nothing is written',
  description:
    '`records` are placed by the published model, to the bits of the batch. `recluster` segments a sample of the published data in another way, and compares.',
  body: previewBodySchema,
  bodyBytes: PREVIEW_BODY_BYTES,
  status: 200,
  answer: previewAnswerSchema,
  problems: {
    404: 'Nothing is published (`Model artifact not found`).',
    422: 'The sample is too small, or too uniform, for what was asked.',
  },
  async handle({ tenant, body }, ports) {
    const served = await publishedDataset(ports, tenant, body.dataset);
    const { dataset, currentRunId: runId } = served;
    const [plan, { model, segments }] = await Promise.all([
      readJson<RunPlan>(ports.objects, runKeys({ tenant, dataset, runId }).plan),
      publishedRun(ports, served),
    ]);
    const names = new Map(segments.map(({ segment_id, name }) => [segment_id, name]));
    return {
      body: {
        dataset,
        run_id: runId,
        ...(body.records && { scored: scoreRecords(model, names, plan, body.records) }),
        ...(body.recluster && { reclustered: await recluster(ports.objects, plan, model, body.recluster) }),
      },
    };
  },
});

function scoreRecords(
  model: Model,
  names: ReadonlyMap<number, string>,
  plan: RunPlan,
  records: NonNullable<PreviewBody['records']>,
) {
  return records.map((record, index) => {
    const { label, distance, confidence } = scoreRow(model, cellsOfRecord(plan, record, `/records/${index}`));
    return {
      index,
      segment_id: segmentOf(model, label),
      segment_name: names.get(segmentOf(model, label)) ?? `Segment ${segmentOf(model, label)}`,
      confidence,
      distance_to_center: distance,
    };
  });
}

async function recluster(
  objects: ObjectStore,
  plan: RunPlan,
  model: Model,
  asked: NonNullable<PreviewBody['recluster']>,
) {
  const { recipe } = model;
  const { table, clusters } = await sampleOf(objects, plan, asked.sample);
  const served = clusters.map((cluster) => segmentOf(model, cluster));
  const timeColumn = plan.recipe === 'table' ? plan.entity.timeColumn : null;
  const config = { ...plan.config, features: undefined, featuresToUse: asked.features };
  const spec =
    asked.features === undefined
      ? plan.spec
      : suggestSpecs({ config, kind: plan.kind, columns: plan.columns, timeColumn });
  const input = { table, columns: plan.columns, spec, referenceMs: Date.parse(recipe.referenceAt) };
  const [found] = segmentTable(await loadKernels(), input, {
    algorithms: [asked.algorithm],
    nClusters: asked.n_clusters,
    epsilon: asked.epsilon,
    minSamples: asked.min_samples,
    maxDepth: asked.max_depth,
    minPoints: asked.min_points,
    minSilhouette: asked.min_silhouette,
    minDataPoints: 2,
    locale: asked.locale,
    names: leadNameTable(plan.config.names?.leads),
    seed: asked.seed,
  });
  const { members, ...segmentation } = found!;
  const labels = Int32Array.from(members, ({ cluster_id }) => cluster_id);
  const counts = new MembershipCounts();
  for (const [row, label] of labels.entries()) counts.add(served[row]!, label);
  return {
    ...segmentation,
    total_customers: recipe.nSamples,
    adjusted_rand: adjustedRandScore(served, labels),
    moves: counts
      .toJSON()
      .cells.map(([segment_id, cluster_id, customers]) => ({ segment_id, cluster_id, customers })),
  };
}

/** The first customers in canonical order, with their clusters in the model that is served. */
async function sampleOf(
  objects: ObjectStore,
  plan: RunPlan,
  rows: number,
): Promise<{ table: EntityTable; clusters: Int32Array }> {
  const tables: EntityTable[] = [];
  const labels: number[] = [];
  for (let bucket = 0; bucket < plan.nBuckets && labels.length < rows; bucket++) {
    const [entities, file] = await Promise.all([
      readEntities(objects, plan, bucket),
      objects.read(runKeys(plan.run).labels(bucket)),
    ]);
    const table = headOf(entities, rows - labels.length);
    // An empty bucket adds nothing, unless there is no other.
    if (table.nRows > 0 || bucket === plan.nBuckets - 1) tables.push(table);
    labels.push(...decodeArrow(file).int32('cluster').subarray(0, table.nRows));
  }
  return { table: joinTables(tables), clusters: Int32Array.from(labels) };
}
