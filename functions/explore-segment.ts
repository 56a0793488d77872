import { decodeArrow } from './arrow/ipc.ts';
import type { Matrix } from './arrow/matrix.ts';
import { selectCandidate } from './clustering/search.ts';
import type { Model, RunPlan } from './contracts/artifacts.ts';
import type { DrilldownRequest } from './contracts/drilldown-runs.ts';
import { runKeys } from './contracts/keys.ts';
import type { FittedRecipe } from './contracts/recipe.ts';
import { type ChildSegment, MOST_CHILDREN } from './contracts/segment-drilldown.ts';
import type { RunRef } from './contracts/workflow.ts';
import { standardised } from './drilldown/purchasing-matrix.ts';
import { numberedBySize, splitRows } from './drilldown/split-rows.ts';
import { readEntities } from './entity-buckets.ts';
import { InvalidDatasetError } from './errors.ts';
import { featureMatrix } from './feature-shards.ts';
import { featureImportance } from './features/feature-importance.ts';
import { readJson } from './json-objects.ts';
import type { Kernels } from './kernels/instance.ts';
import type { ObjectStore } from './ports.ts';
import { readAhead } from './read-ahead.ts';
import { distinctiveFeatures, nameByDifferences } from './segments/name-by-differences.ts';
import { SegmentProfiles } from './segments/profile.ts';
import { profiledColumns } from './segments/profiled-columns.ts';

type SegmentRequest = Extract<DrilldownRequest, { kind: 'segment' }>;

/** Buckets in memory at once, besides the members of the segment. */
const AHEAD = 2;

/** The members of one segment: their ids, scaled features, and the numbers that segments are described by. */
interface Members {
  readonly recipe: FittedRecipe;
  readonly ids: readonly string[];
  readonly data: Matrix;
  readonly columnNames: readonly string[];
  readonly columns: readonly Float64Array[];
}

/** A segment to be split: its rows, ascending. */
interface Part {
  readonly id: string;
  readonly rows: Int32Array;
  readonly depth: number;
}

/** The children of a segment, parents before their children, and the leaf that each member is in. */
export interface ExploredSegment {
  readonly children: readonly ChildSegment[];
  /** Whether more could have been split but for the most children that a segment may have. */
  readonly truncated: boolean;
  readonly ids: readonly string[];
  /** Per member. */
  readonly leaves: readonly string[];
}

/**
 * Splits a published segment again and again by the features of its run, each part by its own best k, level by level. A
 * split whose silhouette is not above 0 is not made. Members come in the canonical order of the run, so that equal data and
 * options give equal children.
 */
export async function exploreSegment(
  kernels: Kernels,
  objects: ObjectStore,
  run: RunRef,
  { segmentId, cluster, size, nEntities, options }: SegmentRequest,
): Promise<ExploredSegment> {
  const members = await readMembers(objects, run, cluster, size);
  const { ids, data } = members;
  const children: ChildSegment[] = [];
  const leaves: string[] = ids.map(() => String(segmentId));
  let truncated = false;
  const queue: Part[] = [{ id: String(segmentId), rows: Int32Array.from(ids.keys()), depth: 0 }];
  for (let part = queue.shift(); part; part = queue.shift()) {
    if (part.depth >= options.max_depth || part.rows.length <= options.min_size) continue;
    if (children.length + Math.max(...options.k_range) > MOST_CHILDREN) {
      truncated = true;
      continue;
    }
    const found = bestSplit(kernels, part.rows, data, options);
    if (!found) continue;
    const described = describeParts(members, part, found, nEntities);
    const parent = children.findIndex(({ id }) => id === part.id);
    if (parent >= 0) {
      const { silhouette } = found;
      children[parent] = { ...children[parent]!, n_children: described.length, silhouette };
    }
    for (const [c, child] of described.entries()) {
      const rows = part.rows.filter((_, at) => found.labels[at] === c);
      for (const row of rows) leaves[row] = child.id;
      children.push(child);
      queue.push({ id: child.id, rows, depth: child.depth });
    }
  }
  return { children, truncated, ids, leaves };
}

interface FoundSplit {
  readonly labels: Int32Array;
  readonly nClusters: number;
  readonly silhouette: number;
  /** The features that distances were taken on. */
  readonly data: Matrix;
}

function bestSplit(
  kernels: Kernels,
  rows: Int32Array,
  all: Matrix,
  { k_range, scaling, seed, restarts }: SegmentRequest['options'],
): FoundSplit | undefined {
  const data = scaling === 'zscore' ? scaledAnew(rowsOf(all, rows)) : rowsOf(all, rows);
  const splits = splitRows(kernels, data, { kRange: k_range, seed, restarts }, numberedBySize);
  if (splits.length === 0) return undefined;
  const { selected } = selectCandidate(
    splits.map((split) => ({ candidate: { nClusters: split.nClusters }, scores: split, split })),
  );
  return selected.split.silhouette > 0 ? { ...selected.split, data } : undefined;
}

/** Names and describes the parts of one split, against their common parent. */
function describeParts(
  { recipe, columnNames, columns }: Members,
  { id: parentId, rows, depth }: Part,
  { labels, nClusters, data }: FoundSplit,
  nEntities: number,
): ChildSegment[] {
  const profiles = new SegmentProfiles(nClusters, columnNames);
  profiles.addRows(
    labels,
    columns.map((column) => Float64Array.from(rows, (row) => column[row]!)),
  );
  const sizes = Array.from({ length: nClusters }, () => 0);
  const sums = sizes.map(() => new Float64Array(data.nFeatures));
  labels.forEach((label, row) => {
    sizes[label]!++;
    for (let j = 0; j < data.nFeatures; j++) sums[label]![j]! += data.values[row * data.nFeatures + j]!;
  });
  const model = {
    recipe,
    sizes,
    centers: sums.map((sum, c) => [...sum].map((x) => x / sizes[c]!)),
    importance: featureImportance(data, labels, nClusters),
  };
  const names = nameByDifferences(model);
  const distinctive = distinctiveFeatures(model);
  return profiles.segments().map(({ segmentId: part, size, statistics }) => ({
    id: `${parentId}.${part}`,
    parent_id: parentId,
    depth: depth + 1,
    name: names.get(part)?.name ?? `Part ${part}`,
    name_rule: names.get(part)?.nameRule ?? '',
    size,
    share: size / nEntities,
    share_of_parent: size / rows.length,
    statistics,
    distinctive: (distinctive[part] ?? []).filter(({ difference }) => Number.isFinite(difference)),
    n_children: 0,
  }));
}

async function readMembers(
  objects: ObjectStore,
  run: RunRef,
  cluster: number,
  size: number,
): Promise<Members> {
  const keys = runKeys(run);
  const [plan, { recipe }] = await Promise.all([
    readJson<RunPlan>(objects, keys.plan),
    readJson<Model>(objects, keys.model),
  ]);
  const { numbers } = profiledColumns(recipe);
  const nFeatures = recipe.features.length;
  const values = new Float32Array(size * nFeatures);
  const columns = numbers.map(() => new Float64Array(size));
  const ids: string[] = [];
  const bucketOf = (bucket: number) =>
    Promise.all([
      objects.read(keys.labels(bucket)).then(decodeArrow),
      objects.read(keys.features(bucket)).then(decodeArrow),
      readEntities(objects, plan, bucket),
    ]);
  for await (const [labels, features, entities] of readAhead(plan.nBuckets, bucketOf, AHEAD)) {
    const matrix = featureMatrix(features, recipe);
    const told = numbers.map((column) => column.values(entities));
    labels.int32('cluster').forEach((label, row) => {
      if (label !== cluster) return;
      const at = ids.length;
      ids.push(entities.ids[row]!);
      if (at >= size) return;
      values.set(matrix.values.subarray(row * nFeatures, (row + 1) * nFeatures), at * nFeatures);
      for (const [n, column] of columns.entries()) column[at] = told[n]![row]!;
    });
  }
  if (ids.length !== size) {
    throw new InvalidDatasetError(
      `The labels of run ${run.runId} hold ${ids.length} members of the segment, its record says ${size}. Run the dataset again.`,
      { reason: 'row_count_mismatch', runId: run.runId },
    );
  }
  return {
    recipe,
    ids,
    data: { nSamples: size, nFeatures, values },
    columnNames: numbers.map(({ name }) => name),
    columns,
  };
}

function rowsOf({ nFeatures, values }: Matrix, rows: Int32Array): Matrix {
  const chosen = new Float32Array(rows.length * nFeatures);
  rows.forEach((row, at) => {
    chosen.set(values.subarray(row * nFeatures, (row + 1) * nFeatures), at * nFeatures);
  });
  return { nSamples: rows.length, nFeatures, values: chosen };
}

/** Each feature to mean 0 and deviation 1 among these rows; a constant one becomes 0. */
function scaledAnew({ nSamples, nFeatures, values }: Matrix): Matrix {
  const scaled = new Float32Array(values.length);
  for (let j = 0; j < nFeatures; j++) {
    const column = new Float64Array(nSamples);
    for (let row = 0; row < nSamples; row++) column[row] = values[row * nFeatures + j]!;
    standardised(column).forEach((value, row) => {
      scaled[row * nFeatures + j] = value;
    });
  }
  return { nSamples, nFeatures, values: scaled };
}
