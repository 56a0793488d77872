import { decodeArrow, encodeArrowFile } from '../arrow/ipc.ts';
import { assign } from '../clustering/assign.ts';
import { confidenceAt, flatCenters } from '../clustering/model.ts';
import type { Model, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { LabelRecord } from '../contracts/records.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { readEntities } from '../entity-buckets.ts';
import { InvalidDatasetError } from '../errors.ts';
import { featureMatrix } from '../feature-shards.ts';
import { entityCells } from '../features/entity-cells.ts';
import type { EntityTable } from '../features/entity-table.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { loadKernels } from '../kernels/instance.ts';
import { CategoryProfiles } from '../segments/category-profile.ts';
import { SegmentProfiles } from '../segments/profile.ts';
import { profiledColumns } from '../segments/profiled-columns.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** Assigns every entity of one bucket to its nearest center; writes labels, label items and a partial profile. */
export async function assignSegments(
  { run, item: bucket }: ItemInput,
  { ports: { objects, labels: labelStore }, progress }: StepContext,
): Promise<ItemResult> {
  const keys = runKeys(run);
  const plan = await readJson<RunPlan>(objects, keys.plan);
  const [model, features, entities] = await Promise.all([
    readJson<Model>(objects, keys.model),
    objects.read(keys.features(bucket)).then(decodeArrow),
    readEntities(objects, plan, bucket),
  ]);
  if (features.nRows !== entities.nRows) {
    throw new InvalidDatasetError(
      `Bucket ${bucket} has ${entities.nRows} customers but ${features.nRows} rows of features; expected as many. Run the workflow again.`,
      { reason: 'row_count_mismatch', file: keys.features(bucket) },
    );
  }

  const data = featureMatrix(features, model.recipe);
  const { labels, distances } = assign(await loadKernels(), data, flatCenters(model), model.nClusters);
  const confidence = distances.map(confidenceAt);
  const { numbers, texts } = profiledColumns(model.recipe);
  const profiles = new SegmentProfiles(
    model.nClusters,
    numbers.map(({ name }) => name),
  );
  profiles.addRows(
    labels,
    numbers.map(({ values }) => values(entities)),
  );
  const categories = new CategoryProfiles(model.nClusters, texts);
  categories.addRows(labels, entities);

  const labelled = { customerIds: entities.ids, labels, distances, confidence };
  await objects.write(keys.labels(bucket), labelFile(labelled), ARROW_TYPE);
  await writeJson(objects, keys.partialProfile(bucket), { ...profiles.toJSON(), categories });
  await labelStore.putLabels(run, labelRecords(entities, labelled, progress));
  return { item: bucket, rows: entities.nRows };
}

interface LabelledCustomers {
  readonly customerIds: readonly string[];
  readonly labels: Int32Array;
  readonly distances: Float64Array;
  readonly confidence: Float64Array;
}

function labelFile({ customerIds, labels, distances, confidence }: LabelledCustomers): Uint8Array {
  return encodeArrowFile({ customer_id: customerIds, segment_id: labels, distance: distances, confidence });
}

/** One at a time, as the store takes them: progress tells how many it has taken. */
function* labelRecords(
  entities: EntityTable,
  { customerIds, labels, distances, confidence }: LabelledCustomers,
  progress: (rows: number) => void,
): Iterable<LabelRecord> {
  for (const [row, customerId] of customerIds.entries()) {
    progress(row);
    yield {
      customerId,
      segmentId: labels[row] ?? Number.NaN,
      distance: distances[row] ?? Number.NaN,
      confidence: confidence[row] ?? Number.NaN,
      features: entityCells(entities, row),
    };
  }
}

export const handler = stepHandler('AssignSegments', itemInputSchema, assignSegments);
