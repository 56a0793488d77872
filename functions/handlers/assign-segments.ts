import { decodeArrow, encodeArrowFile } from '../arrow/ipc.ts';
import { analyseBucket } from '../bucket-analyses.ts';
import { assign } from '../clustering/assign.ts';
import { confidenceAt, flatCenters } from '../clustering/model.ts';
import type { Model, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { readEntities } from '../entity-buckets.ts';
import { InvalidDatasetError } from '../errors.ts';
import { featureMatrix } from '../feature-shards.ts';
import { openFormerRun, readFormerLabels } from '../former-run.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { loadKernels } from '../kernels/instance.ts';
import type { ObjectStore } from '../ports.ts';
import { CategoryProfiles } from '../segments/category-profile.ts';
import {
  type LabelledCustomers,
  MembershipCounts,
  type PartialMembership,
} from '../segments/membership-counts.ts';
import { SegmentProfiles } from '../segments/profile.ts';
import { profiledColumns } from '../segments/profiled-columns.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/**
 * Assigns every entity of one bucket to its nearest center; writes labels, a partial profile and, against the run that
 * the dataset serves, how many went from which cluster to which.
 */
export async function assignSegments(
  { run, item: bucket }: ItemInput,
  { ports: { objects }, progress }: StepContext,
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

  const file = encodeArrowFile({
    customer_id: entities.idBytes ?? entities.ids,
    cluster: labels,
    distance: distances,
    confidence,
  });
  await objects.write(keys.labels(bucket), file, ARROW_TYPE);
  const clustered = { entities, recipe: model.recipe, labels, distances };
  await writeJson(
    objects,
    keys.bucketAnalyses(bucket),
    await analyseBucket(objects, plan, bucket, clustered),
  );
  const membership = await membershipSince(objects, plan, bucket, { ids: entities.ids, labels });
  await writeJson(objects, keys.partialProfile(bucket), {
    ...profiles.toJSON(),
    categories,
    ...(membership && { membership }),
  });
  progress(entities.nRows);
  return { item: bucket, rows: entities.nRows };
}

/** How many went from which cluster of the former run to which of this one; undefined without a former run. */
async function membershipSince(
  objects: ObjectStore,
  { run, nBuckets }: RunPlan,
  bucket: number,
  after: LabelledCustomers,
): Promise<PartialMembership | undefined> {
  const former = await openFormerRun(objects, run);
  if (former === undefined) return undefined;
  const counts = new MembershipCounts();
  const ids: string[] = [];
  const clusters: number[] = [];
  for await (const part of readFormerLabels(objects, former, bucket, nBuckets, false)) {
    for (const id of part.ids) ids.push(id);
    for (const cluster of part.clusters) clusters.push(cluster);
  }
  counts.addBucket({ ids, labels: clusters }, after);
  return counts.toJSON();
}

export const handler = stepHandler('AssignSegments', itemInputSchema, assignSegments);
