import { decodeArrow, encodeArrowFile } from './arrow/ipc.ts';
import { type Matrix, matrixRow } from './arrow/matrix.ts';
import { analyseBucket } from './bucket-analyses.ts';
import { assign } from './clustering/assign.ts';
import { confidenceAt, flatCenters } from './clustering/model.ts';
import type { Model, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { readEntities } from './entity-buckets.ts';
import { InvalidDatasetError } from './errors.ts';
import { featureMatrix } from './feature-shards.ts';
import type { EntityTable } from './features/entity-table.ts';
import { openFormerRun, readFormerLabels } from './former-run.ts';
import { homesOf } from './hold-borders.ts';
import { readJson, writeJson } from './json-objects.ts';
import { loadKernels } from './kernels/instance.ts';
import type { ObjectStore } from './ports.ts';
import { labelWithMargin } from './segments/border-customers.ts';
import { CategoryProfiles } from './segments/category-profile.ts';
import { type LabelledCustomers, MembershipCounts } from './segments/membership-counts.ts';
import { SegmentProfiles } from './segments/profile.ts';
import { profiledColumns } from './segments/profiled-columns.ts';
import type { RunIdentities } from './segments/run-identities.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/**
 * Labels every entity of one bucket by its nearest center, or the center of its former segment where it is held there;
 * writes labels, a partial profile and, against the run that the dataset serves, how many went from which cluster to which.
 * @param identities where segments have been matched and the margin of a churn budget is known
 * @returns number of entities
 */
export async function labelBucket(
  objects: ObjectStore,
  plan: RunPlan,
  bucket: number,
  identities?: Pick<RunIdentities, 'segmentIds' | 'borders'>,
): Promise<number> {
  const keys = runKeys(plan.run);
  const [model, features, entities, former] = await Promise.all([
    readJson<Model>(objects, keys.model),
    objects.read(keys.features(bucket)).then(decodeArrow),
    readEntities(objects, plan, bucket),
    formerCustomers(objects, plan, bucket),
  ]);
  if (features.nRows !== entities.nRows) {
    throw new InvalidDatasetError(
      `Bucket ${bucket} has ${entities.nRows} customers but ${features.nRows} rows of features; expected as many. Run the workflow again.`,
      { reason: 'row_count_mismatch', file: keys.features(bucket) },
    );
  }

  const data = featureMatrix(features, model.recipe);
  const assigned = assign(await loadKernels(), data, flatCenters(model), model.nClusters);
  if (former && identities?.borders) {
    const homes = homesOf(former.segmentIds, identities.segmentIds);
    hold(assigned, { data, ids: entities.ids, model }, former, homes, identities.borders.margin);
  }
  const { labels, distances } = assigned;
  const file = encodeArrowFile({
    customer_id: entities.idBytes ?? entities.ids,
    cluster: labels,
    distance: distances,
    confidence: distances.map(confidenceAt),
  });
  await objects.write(keys.labels(bucket), file, ARROW_TYPE);
  const clustered = { entities, recipe: model.recipe, labels, distances };
  await writeJson(
    objects,
    keys.bucketAnalyses(bucket),
    await analyseBucket(objects, plan, bucket, clustered),
  );
  const counts = new MembershipCounts();
  if (former) counts.addBucket(former, { ids: entities.ids, labels });
  await writeJson(objects, keys.partialProfile(bucket), {
    ...profilesOf(model, entities, labels),
    ...(former && { membership: counts.toJSON() }),
  });
  return entities.nRows;
}

function profilesOf(model: Model, entities: EntityTable, labels: Int32Array) {
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
  return { ...profiles.toJSON(), categories };
}

/** Customers of the former run that belong to the bucket, with their clusters there. */
interface FormerCustomers extends LabelledCustomers {
  readonly segmentIds: readonly number[];
}

async function formerCustomers(
  objects: ObjectStore,
  { run, nBuckets }: RunPlan,
  bucket: number,
): Promise<FormerCustomers | undefined> {
  const former = await openFormerRun(objects, run);
  if (former === undefined) return undefined;
  const ids: string[] = [];
  const labels: number[] = [];
  for await (const part of readFormerLabels(objects, former, bucket, nBuckets, false)) {
    for (const id of part.ids) ids.push(id);
    for (const cluster of part.clusters) labels.push(cluster);
  }
  return { ids, labels, segmentIds: former.segmentIds };
}

/** Puts whoever is at a border back to the center of the former segment. */
function hold(
  { labels, distances }: { labels: Int32Array; distances: Float64Array },
  { data, ids, model }: { data: Matrix; ids: readonly string[]; model: Model },
  former: FormerCustomers,
  homes: readonly (number | undefined)[],
  margin: number,
): void {
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  for (const [i, id] of former.ids.entries()) {
    const row = rowOf.get(id);
    if (row === undefined) continue;
    const placed = labelWithMargin(matrixRow(data, row), model.centers, homes[former.labels[i]!], margin);
    labels[row] = placed.label;
    distances[row] = placed.distance;
  }
}
