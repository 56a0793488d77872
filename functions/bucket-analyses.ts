import { decodeArrow } from './arrow/ipc.ts';
import type { FitTask, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import type { FittedRecipe } from './contracts/recipe.ts';
import type { ClusteringAlgorithm } from './contracts/segmentation-records.ts';
import { entityCells } from './features/entity-cells.ts';
import type { EntityTable } from './features/entity-table.ts';
import { readJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';
import type { AnalysisFit, SkippedAnalysis } from './segmentation/run-analysis.ts';
import { talliedColumns } from './segmentation/table-description.ts';
import type { CustomerCells } from './segments/lead-columns.ts';
import { type NearestCustomers, nearestCustomers } from './segments/sample-leads.ts';
import { type PartialTally, type TallyColumn, tallyRows } from './segments/segment-tally.ts';

/** Columns that segments are described by without being asked: each has a profile per segment, in every bucket. */
const MOST_COLUMNS = 300;

/** All columns of the table, but of a very wide one only those that its features are made of. */
function describedColumns(entities: EntityTable, recipe: FittedRecipe): Map<string, TallyColumn> {
  const columns = talliedColumns(entities, recipe);
  if (columns.size <= MOST_COLUMNS) return columns;
  const used = new Set(recipe.features.flatMap(({ name, source }) => [name, source]));
  return new Map([...columns].filter(([name]) => used.has(name)));
}

/** What the clusters of one algorithm are like, as far as the rows of one bucket tell. */
export interface BucketAnalysis {
  readonly algorithm: ClusteringAlgorithm;
  /** Per cluster. */
  readonly tallies: readonly PartialTally[];
  readonly nearest: readonly NearestCustomers[];
  /** Outliers among the rows, by their number in the bucket. */
  readonly outliers: readonly {
    readonly bucketRow: number;
    readonly id: string;
    readonly cells: CustomerCells;
  }[];
}

/** A bucket, and where the model puts its rows. */
export interface ClusteredBucket {
  readonly entities: EntityTable;
  readonly recipe: FittedRecipe;
  readonly labels: Int32Array;
  readonly distances: Float64Array;
}

/** The analyses of a run, the model's first, and those that its data did not allow. */
export async function analysesOf(
  objects: ObjectStore,
  { run }: Pick<RunPlan, 'run'>,
): Promise<{ readonly fits: readonly AnalysisFit[]; readonly skipped: readonly SkippedAnalysis[] }> {
  const keys = runKeys(run);
  const tasks = await readJson<FitTask[]>(objects, keys.candidates);
  const others = tasks.map(({ algorithm }) => algorithm).filter((name) => name !== 'structure');
  const names = [...new Set<ClusteringAlgorithm>(['kmeans', ...others])];
  const found = await Promise.all(
    names.map((name) => readJson<AnalysisFit | SkippedAnalysis>(objects, keys.analysis(name))),
  );
  return {
    fits: found.filter((fit): fit is AnalysisFit => !('skipped' in fit)),
    skipped: found.filter((fit): fit is SkippedAnalysis => 'skipped' in fit),
  };
}

/**
 * Tallies the rows of one bucket by the clusters of every algorithm of the run. Runs on orders are described by recency,
 * frequency and spend, very wide ones by their features, unless their configuration asks for other algorithms or outliers too.
 */
export async function analyseBucket(
  objects: ObjectStore,
  plan: RunPlan,
  bucket: number,
  { entities, recipe, labels, distances }: ClusteredBucket,
): Promise<BucketAnalysis[]> {
  const { fits, skipped } = await analysesOf(objects, plan);
  const columns = describedColumns(entities, recipe);
  const isModelAlone = fits.length + skipped.length === 1 && fits[0]?.nFar === null;
  if (isModelAlone && (plan.recipe === 'rfm' || columns.size > MOST_COLUMNS)) return [];
  return Promise.all(
    fits.map(async ({ algorithm, nClusters, far }): Promise<BucketAnalysis> => {
      const rows =
        algorithm === 'kmeans' ? { labels, distances } : await analysedRows(objects, plan, algorithm, bucket);
      return {
        algorithm,
        tallies: tallyRows(rows.labels, nClusters, columns),
        nearest: nearestCustomers(entities.ids, rows.labels, rows.distances, nClusters),
        outliers: far
          .filter((outlier) => outlier.bucket === bucket)
          .map(({ bucketRow }) => ({
            bucketRow,
            id: entities.ids[bucketRow]!,
            cells: entityCells(entities, bucketRow),
          })),
      };
    }),
  );
}

async function analysedRows(objects: ObjectStore, { run }: RunPlan, algorithm: string, bucket: number) {
  const file = decodeArrow(await objects.read(runKeys(run).analysisLabels(algorithm, bucket)));
  return { labels: file.int32('cluster'), distances: file.float64('distance') };
}
