import { type Matrix, matrixRow } from '../arrow/matrix.ts';
import type { BisectingNode, TreeStatistics } from '../clustering/bisecting-tree.ts';
import { assessStructure } from '../clustering/structure.ts';
import type { AnalysisCandidate, CandidateFit, SelectionReport } from '../contracts/artifacts.ts';
import type { ClusteringAlgorithm } from '../contracts/segmentation-records.ts';
import { InsufficientDataError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import type { DendrogramDocument } from '../segments/dendrogram-document.ts';
import { type Contribution, riskAt, riskContributions } from '../segments/density-risk.ts';
import { furthestRows } from '../segments/outliers.ts';
import { clusterDbscan } from './cluster-dbscan.ts';
import { clusterHierarchical } from './cluster-hierarchical.ts';
import {
  type ClusterPlaces,
  type ClusterValidity,
  clusterGeometry,
  clusterValidity,
} from './cluster-quality.ts';
import { STRUCTURE_TEST } from './segment-table.ts';
import type { TableClustering } from './table-clustering.ts';

/** Outliers of a run that are explained one by one, the riskiest; the others are counted and labelled. */
export const MOST_RUN_OUTLIERS = 1000;

/** Where the clusters of a run lie and how good they are; see `ClusterGeometry` and `ClusterValidity`. */
export interface AnalysisFit {
  readonly algorithm: ClusteringAlgorithm;
  readonly nClusters: number;
  readonly geometry: ClusterPlaces;
  readonly validity: ClusterValidity;
  readonly selection: TableClustering['selection'];
  readonly density?: TableClustering['density'];
  readonly details: TableClustering['details'];
  /** Outliers in all; null where the algorithm does not look for them. */
  readonly nFar: number | null;
  /** The furthest first, at most `MOST_RUN_OUTLIERS`. */
  readonly far: readonly {
    /** Where the row lies: its bucket, and its number there. */
    readonly bucket: number;
    readonly bucketRow: number;
    /** Null where there is no dense region at all. */
    readonly ratio: number | null;
    readonly contributions: readonly Contribution[];
  }[];
  readonly tree?: {
    readonly tree: BisectingNode;
    readonly statistics: TreeStatistics;
    readonly dendrogram: DendrogramDocument;
  };
}

/** A fit of k-means with what its clusters are told by. */
export type DescribedFit = CandidateFit & Pick<AnalysisFit, 'geometry' | 'validity' | 'nFar' | 'far'>;

/** The fit of the model that was chosen, as the analyses beside it. */
export function modelAnalysis(
  { candidate, scores, geometry, validity, nFar, far }: DescribedFit,
  { candidates, reason }: SelectionReport,
): AnalysisFit {
  return {
    algorithm: 'kmeans',
    nClusters: candidate.nClusters,
    geometry,
    validity,
    selection: {
      candidates: candidates.map(({ nClusters, scores: { silhouette, daviesBouldin } }) => ({
        n_clusters: nClusters,
        silhouette,
        davies_bouldin: daviesBouldin,
      })),
      reason,
    },
    details: { convergence: { iterations: scores.iterations, final_inertia: scores.inertia } },
    nFar,
    far,
  };
}

/** Rows of all buckets in canonical order, and where the clusters that they are in lie. */
export interface PlacedRows {
  readonly matrix: Matrix;
  readonly labels: Int32Array;
  /** Per cluster. */
  readonly centers: readonly ArrayLike<number>[];
  /** Per row, to the center of its cluster. */
  readonly distances: Float64Array;
  /** Names, in order of the columns of the matrix. */
  readonly features: readonly string[];
  readonly bucketRows: readonly number[];
}

/**
 * Outliers of k-means: at most the share `contamination` of all rows, those furthest from their centers, each with the
 * risk that distance ÷ threshold gives and what each feature adds to it. Without a contamination nobody looks for them.
 */
export function farRows(
  { matrix, labels, centers, distances, features, bucketRows }: PlacedRows,
  contamination: number | undefined,
): Pick<AnalysisFit, 'nFar' | 'far'> {
  if (contamination === undefined) return { nFar: null, far: [] };
  const { far, threshold } = furthestRows(distances, contamination);
  return {
    nFar: far.length,
    far: far.slice(0, MOST_RUN_OUTLIERS).map((row) => {
      const ratio = distances[row]! / threshold;
      const reference = centers[labels[row]!]!;
      return {
        ...placeOf(row, bucketRows),
        ratio: Number.isFinite(ratio) ? ratio : null,
        contributions: contributionsOf(ratio, matrixRow(matrix, row), reference, features),
      };
    }),
  };
}

function contributionsOf(
  ratio: number,
  row: ArrayLike<number>,
  reference: ArrayLike<number>,
  features: readonly string[],
): Contribution[] {
  return riskContributions(riskAt(ratio), row, reference, features).filter(
    ({ contribution }) => contribution !== 0,
  );
}

/** An analysis that the data does not allow. */
export interface SkippedAnalysis {
  readonly algorithm: AnalysisFit['algorithm'];
  /** Why, and what to do. */
  readonly skipped: string;
}

/** Whether there is any structure: shares of tables without one that cluster as well. */
export interface StructureFit {
  readonly algorithm: 'structure';
  readonly p_uniform: number;
  readonly p_independent: number;
}

/** A clustering of all rows of a run. */
export interface AnalysedRows {
  readonly fit: AnalysisFit;
  /** Per row; −1 for noise. */
  readonly labels: Int32Array;
  /** Per row, 0..1. */
  readonly confidence: Float64Array;
  /** Per row, to the center of its cluster; NaN for noise. */
  readonly distances: Float64Array;
}

/** Clusters all rows by DBSCAN or into a tree. The same rows, options and seed give the same bytes. */
export function analyseRows(
  kernels: Kernels,
  matrix: Matrix,
  candidate: Exclude<AnalysisCandidate, { algorithm: 'structure' }>,
  features: readonly string[],
  bucketRows: readonly number[] = [matrix.nSamples],
): AnalysedRows {
  const { algorithm, seed } = candidate;
  const tree =
    candidate.algorithm === 'hierarchical' ? clusterHierarchical(kernels, matrix, candidate) : undefined;
  const found: Omit<TableClustering, 'details'> & Partial<Pick<TableClustering, 'details'>> =
    candidate.algorithm === 'dbscan'
      ? clusterDbscan(kernels, matrix, { ...candidate, mostOutliers: MOST_RUN_OUTLIERS })
      : tree!;
  const { labels, nClusters, confidence, selection, density, details = {} } = found;
  const { distances, ...geometry } = clusterGeometry(matrix, labels, nClusters);
  return {
    fit: {
      algorithm,
      nClusters,
      geometry: plainPlaces(geometry),
      validity: clusterValidity(kernels, matrix, labels, nClusters, seed),
      selection,
      ...(density && { density }),
      details,
      nFar: found.nFar ?? null,
      far: found.far.map(({ row, reference, ratio }) => ({
        ...placeOf(row, bucketRows),
        ratio: Number.isFinite(ratio) ? ratio : null,
        contributions: contributionsOf(ratio, matrixRow(matrix, row), reference, features),
      })),
      ...(tree && {
        tree: {
          tree: withoutCenters(tree.tree),
          statistics: tree.statistics,
          dendrogram: tree.dendrogram,
        },
      }),
    },
    labels,
    confidence,
    distances,
  };
}

/** The bucket that a row of the run lies in, and its number there. */
function placeOf(row: number, bucketRows: readonly number[]): { bucket: number; bucketRow: number } {
  let first = 0;
  for (const [bucket, rows] of bucketRows.entries()) {
    if (row < first + rows) return { bucket, bucketRow: row - first };
    first += rows;
  }
  throw new RangeError(`Row ${row} lies in no bucket: there are ${first} rows.`);
}

/** The same as plain numbers, which JSON keeps. */
export function plainPlaces({ sizes, centers, cohesion, separation }: ClusterPlaces): ClusterPlaces {
  return { sizes, centers: centers.map((center) => Array.from(center)), cohesion, separation };
}

/** Tests for structure; undefined where there are too few different rows for it. */
export function structureOfRows(kernels: Kernels, matrix: Matrix, seed: number): StructureFit | undefined {
  try {
    const { pUniform, pIndependent } = assessStructure(kernels, matrix, { seed, ...STRUCTURE_TEST });
    return { algorithm: 'structure', p_uniform: pUniform, p_independent: pIndependent };
  } catch (error) {
    if (error instanceof InsufficientDataError) return undefined;
    throw error;
  }
}

/** Centers are many numbers that nobody looks at in a tree; those of its leaves are among the clusters'. */
function withoutCenters({ children, ...node }: BisectingNode): BisectingNode {
  return {
    ...node,
    center: new Float64Array(),
    ...(children && { children: [withoutCenters(children[0]), withoutCenters(children[1])] as const }),
  };
}
