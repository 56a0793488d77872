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
import { cellsAt, type EntityTable } from '../features/entity-table.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { loadKernels } from '../kernels/instance.ts';
import { tallyRows } from '../segments/segment-tally.ts';
import { tallyColumns } from '../segments/tally-columns.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** Assigns every customer of one bucket to its nearest center; writes labels, label items and tallies of the segments. */
export async function assignSegments(
  { run, item: bucket }: ItemInput,
  { ports: { objects, labels: labelStore }, progress }: StepContext,
): Promise<ItemResult> {
  const keys = runKeys(run);
  const plan = await readJson<RunPlan>(objects, keys.plan);
  const [model, features, table] = await Promise.all([
    readJson<Model>(objects, keys.model),
    objects.read(keys.features(bucket)).then(decodeArrow),
    readEntities(objects, plan, bucket),
  ]);
  if (features.nRows !== table.nRows) {
    throw new InvalidDatasetError(
      `Bucket ${bucket} has ${table.nRows} customers but ${features.nRows} rows of features; expected as many. Run the workflow again.`,
      { reason: 'row_count_mismatch', file: keys.features(bucket) },
    );
  }

  const data = featureMatrix(features, model.recipe);
  const { labels, distances } = assign(await loadKernels(), data, flatCenters(model), model.nClusters);
  const confidence = distances.map(confidenceAt);
  const labelled = { labels, distances, confidence };
  await objects.write(keys.labels(bucket), labelFile(table, labelled), ARROW_TYPE);
  const tallies = tallyRows(labels, model.nClusters, tallyColumns(model.recipe, table));
  await writeJson(objects, keys.partialProfile(bucket), tallies);
  await labelStore.putLabels(run, labelRecords(table, labelled, progress));
  return { item: bucket, rows: table.nRows };
}

interface Labelled {
  readonly labels: Int32Array;
  readonly distances: Float64Array;
  readonly confidence: Float64Array;
}

function labelFile({ ids }: EntityTable, { labels, distances, confidence }: Labelled): Uint8Array {
  return encodeArrowFile({ customer_id: ids, segment_id: labels, distance: distances, confidence });
}

/** One at a time, as the store takes them: progress tells how many it has taken. */
function* labelRecords(
  table: EntityTable,
  { labels, distances, confidence }: Labelled,
  progress: (rows: number) => void,
): Iterable<LabelRecord> {
  for (const [row, customerId] of table.ids.entries()) {
    progress(row);
    yield {
      customerId,
      segmentId: labels[row] ?? Number.NaN,
      distance: distances[row] ?? Number.NaN,
      confidence: confidence[row] ?? Number.NaN,
      features: cellsAt(table, row),
    };
  }
}

export const handler = stepHandler('AssignSegments', itemInputSchema, assignSegments);
