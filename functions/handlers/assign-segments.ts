import { type DecodedArrow, decodeArrow, encodeArrowFile } from '../arrow/ipc.ts';
import { assign } from '../clustering/assign.ts';
import { confidenceAt, flatCenters } from '../clustering/model.ts';
import type { Model } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { LabelRecord } from '../contracts/records.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { InvalidDatasetError } from '../errors.ts';
import { featureMatrix } from '../feature-shards.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { loadKernels } from '../kernels/instance.ts';
import { SegmentProfiles } from '../segments/profile.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** Assigns every customer of one bucket to its nearest center; writes labels, label items and a partial profile. */
export async function assignSegments(
  { run, item: bucket }: ItemInput,
  { ports: { objects, labels: labelStore }, progress }: StepContext,
): Promise<ItemResult> {
  const keys = runKeys(run);
  const [model, features, entities] = await Promise.all([
    readJson<Model>(objects, keys.model),
    objects.read(keys.features(bucket)).then(decodeArrow),
    objects.read(keys.entities(bucket)).then(decodeArrow),
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
  const rows = rawRows(entities, model);
  const profiles = new SegmentProfiles(model.nClusters, rows.names);
  profiles.addRows(labels, rows.columns);

  const labelled = { customerIds: rows.customerIds, labels, distances, confidence };
  await objects.write(keys.labels(bucket), labelFile(labelled), ARROW_TYPE);
  await writeJson(objects, keys.partialProfile(bucket), profiles);
  await labelStore.putLabels(run, labelRecords(rows, labelled, progress));
  return { item: bucket, rows: entities.nRows };
}

interface RawRows {
  readonly customerIds: readonly string[];
  readonly names: readonly string[];
  readonly columns: readonly Float64Array[];
}

interface LabelledCustomers {
  readonly customerIds: readonly string[];
  readonly labels: Int32Array;
  readonly distances: Float64Array;
  readonly confidence: Float64Array;
}

function rawRows(entities: DecodedArrow, { recipe }: Model): RawRows {
  const names = recipe.features.map(({ name }) => name);
  return {
    customerIds: entities.strings('customer_id'),
    names,
    columns: names.map((name) => entities.float64(name)),
  };
}

function labelFile({ customerIds, labels, distances, confidence }: LabelledCustomers): Uint8Array {
  return encodeArrowFile({ customer_id: customerIds, segment_id: labels, distance: distances, confidence });
}

/** One at a time, as the store takes them: progress tells how many it has taken. */
function* labelRecords(
  { names, columns }: RawRows,
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
      features: Object.fromEntries(names.map((name, f) => [name, columns[f]?.[row] ?? Number.NaN])),
    };
  }
}

export const handler = stepHandler('AssignSegments', itemInputSchema, assignSegments);
