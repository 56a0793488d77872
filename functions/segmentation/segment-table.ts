import { assessStructure, type StructureAssessment } from '../clustering/structure.ts';
import type { ClusterAnswer } from '../contracts/api-cluster-answer.ts';
import type { EntityColumn, RecipeSpec } from '../contracts/recipe.ts';
import type { ClusteringAlgorithm } from '../contracts/segmentation-records.ts';
import { InsufficientDataError } from '../errors.ts';
import { entityCells } from '../features/entity-cells.ts';
import type { EntityTable } from '../features/entity-table.ts';
import type { Kernels } from '../kernels/instance.ts';
import { findLeadColumns } from '../segments/lead-columns.ts';
import type { LeadNameTable } from '../segments/lead-name-rules.ts';
import type { Locale } from '../segments/localized-text.ts';
import type { Population } from '../segments/outlier-rules.ts';
import { byRisk, describeOutlier } from '../segments/outliers.ts';
import type { Tally } from '../segments/segment-tally.ts';
import { judgeRun, type RunFacts, refuseIfAdvised } from '../segments/verdicts.ts';
import { clusterDbscan } from './cluster-dbscan.ts';
import { clusterHierarchical, treeDetails } from './cluster-hierarchical.ts';
import { clusterKMeans } from './cluster-kmeans.ts';
import { type ClusterValidity, clusterGeometry, clusterValidity } from './cluster-quality.ts';
import { segmentationFeatures } from './segmentation-features.ts';
import type { AlgorithmDetails, ClusteringOptions, TableClustering } from './table-clustering.ts';
import {
  type DescribedTable,
  describeClusters,
  describedTable,
  talliedClusters,
} from './table-description.ts';

/** A table in memory, and how it becomes features. */
export interface SegmentedInput {
  readonly table: EntityTable;
  readonly columns: readonly EntityColumn[];
  readonly spec: RecipeSpec;
  /** Instant that days are counted back from, ms since the epoch. */
  readonly referenceMs: number;
}

/** What is computed, and in which language it is told. */
export interface SegmentationOptions extends ClusteringOptions {
  readonly algorithms: readonly ClusteringAlgorithm[];
  readonly minDataPoints: number;
  readonly locale: Locale;
  /** Cut points and words of names; default: the published ones. */
  readonly names?: LeadNameTable;
}

/** The answer of one algorithm, but for what a request adds. */
export type Segmentation = Omit<ClusterAnswer, 'success' | 'generated_at' | 'client_vertical'>;

/** Tables without clusters that the structure test compares with, and its rows. */
export const STRUCTURE_TEST = { nReferences: 39, maxRows: 200, maxClusters: 4 } as const;

/**
 * Segments a table: recipe, clustering by each algorithm, scores, outliers, tree, names, characteristics, recommendations
 * and what the published rules have to say about it. The same table, options and seed give the same answer.
 * @returns one answer per algorithm, in their order
 * @throws InsufficientDataError for fewer rows than `minDataPoints`, or than clusters; or without a feature
 * @throws InvalidRequestError for an option out of range
 */
export function segmentTable(
  kernels: Kernels,
  { table, columns, spec, referenceMs }: SegmentedInput,
  options: SegmentationOptions,
): Segmentation[] {
  const { algorithms, locale, seed } = options;
  const known: RunFacts = {
    rows: table.nRows,
    min_data_points: options.minDataPoints,
    ...(options.nClusters !== 'auto' && { requested_clusters: options.nClusters }),
  };
  for (const algorithm of algorithms) refuseIfAdvised(judgeRun(algorithm, known, locale));
  const { recipe, matrix } = segmentationFeatures(table, spec, columns, new Date(referenceMs).toISOString());
  const described = describedTable(table, recipe, matrix, locale, options.names);
  const structure = structureOf(kernels, described, seed);

  return algorithms.map((algorithm) => {
    const tree = algorithm === 'hierarchical' ? clusterHierarchical(kernels, matrix, options) : undefined;
    const clustering: Omit<TableClustering, 'details'> & { details?: AlgorithmDetails } =
      tree ?? (algorithm === 'dbscan' ? clusterDbscan : clusterKMeans)(kernels, matrix, options);
    const { labels, nClusters, confidence, selection, nFar } = clustering;
    const geometry = clusterGeometry(matrix, labels, nClusters);
    const validity = clusterValidity(kernels, matrix, labels, nClusters, seed);
    const advice = judgeRun(
      algorithm,
      { ...known, ...factsOf(geometry.sizes, validity, table.nRows), ...structure },
      locale,
    );
    const withheld = advice.find(({ severity }) => severity === 'verdict')?.code;
    const { clusters, labelOf } = describeClusters(
      described,
      talliedClusters(described, clustering, geometry),
      geometry,
      validity,
      withheld,
    );
    return {
      algorithm,
      n_clusters: nClusters,
      clusters,
      total_leads: table.nRows,
      silhouette_scores: { overall: validity.silhouette, by_cluster: validity.byCluster },
      members: table.ids.map((lead_id, row) => ({
        lead_id,
        cluster_id: labels[row]!,
        confidence: confidence[row]!,
      })),
      features: {
        used: recipe.features.map(({ name }) => name),
        left_out: recipe.leftOut.map(({ name, reason, detail }) => ({ name, reason, detail })),
      },
      selection,
      advice: advice.map(({ status: _status, ...told }) => told),
      ...(tree ? treeDetails(tree, locale, labelOf) : clustering.details),
      ...(nFar !== undefined && {
        n_outliers: nFar,
        outliers: outliersOf(described, clustering.far, referenceMs),
      }),
    };
  });
}

/** What the published rules look at. */
export function factsOf(sizes: readonly number[], { silhouette }: ClusterValidity, nRows: number): RunFacts {
  const clustered = sizes.reduce((sum, size) => sum + size, 0);
  return {
    clusters: sizes.length,
    ...(silhouette !== null && { silhouette }),
    ...(sizes.length > 0 && { largest_share: Math.max(...sizes) / nRows }),
    noise_share: 1 - clustered / nRows,
  };
}

/** Whether there are clusters at all; nothing is known where the test has too few different rows. */
function structureOf(kernels: Kernels, { matrix }: DescribedTable, seed: number): RunFacts {
  let found: StructureAssessment;
  try {
    found = assessStructure(kernels, matrix, { seed, ...STRUCTURE_TEST });
  } catch (error) {
    if (error instanceof InsufficientDataError) return {};
    throw error;
  }
  return { p_uniform: found.pUniform, p_independent: found.pIndependent };
}

function outliersOf(
  { table, recipe, matrix, whole, locale }: DescribedTable,
  far: TableClustering['far'],
  referenceMs: number,
): NonNullable<Segmentation['outliers']> {
  const context = {
    features: recipe.features.map(({ name }) => name),
    columns: findLeadColumns([...table.columns.keys()]),
    population: populationOf(whole),
    referenceMs,
    locale,
  };
  const { nFeatures, values } = matrix;
  return far
    .map(({ row, reference, ratio }) => {
      const outlier = describeOutlier(
        {
          id: table.ids[row]!,
          row: values.subarray(row * nFeatures, (row + 1) * nFeatures),
          reference,
          ratio,
          cells: entityCells(table, row),
        },
        context,
      );
      // What adds nothing to the score is left out; the rest still sums to it.
      return {
        ...outlier,
        contributions: outlier.contributions.filter(({ contribution }) => contribution !== 0),
      };
    })
    .sort(byRisk);
}

/** What the rules about outliers compare a customer with. */
export function populationOf({ numbers, categories }: Tally): Population {
  return {
    quantile: (column, q) => numbers.get(column)?.quantile(q) ?? Number.NaN,
    share: (column, value) => {
      const counts = categories.get(column) ?? [];
      const total = counts.reduce((sum, [, count]) => sum + count, 0);
      return (counts.find(([text]) => text === value)?.[1] ?? 0) / Math.max(1, total);
    },
  };
}
