import type { ClusterAnswer } from '../contracts/api-cluster-answer.ts';
import type { ClusteringAlgorithm } from '../contracts/segmentation-records.ts';

/** Parts of the answer that one algorithm alone has. */
export type AlgorithmDetails = Pick<
  ClusterAnswer,
  'convergence' | 'epsilon' | 'n_core_points' | 'n_border_points' | 'tree' | 'statistics' | 'dendrogram'
>;

/** A row far from its kind. */
export interface FarRow {
  readonly row: number;
  /** Kernel features of what its distance is measured from. */
  readonly reference: ArrayLike<number>;
  /** In radii, above 1. */
  readonly ratio: number;
}

/** What one algorithm made of a table, in numbers. */
export interface TableClustering {
  readonly algorithm: ClusteringAlgorithm;
  readonly nClusters: number;
  /** Per row, 0 for the largest cluster; −1 for noise. */
  readonly labels: Int32Array;
  /** Per row, 0..1. */
  readonly confidence: Float64Array;
  /** Every number of clusters that was tried, and why it is this one. */
  readonly selection: ClusterAnswer['selection'];
  /** The furthest first, at most `MOST_OUTLIERS`. */
  readonly far: readonly FarRow[];
  /** Far rows in all; undefined where the algorithm does not look for them. */
  readonly nFar: number | undefined;
  /** Per cluster, of DBSCAN. */
  readonly density?: readonly ('high' | 'medium' | 'low')[];
  readonly details: AlgorithmDetails;
}

/** Outliers that are described one by one: an answer has to get through the platform. */
export const MOST_OUTLIERS = 100;

/** Options of DBSCAN. */
export interface DbscanSettings {
  readonly epsilon: number | 'auto';
  readonly minSamples: number;
  /** Outliers that are described, at most; default: `MOST_OUTLIERS`. */
  readonly mostOutliers?: number | undefined;
}

/** Options of the tree. */
export interface TreeSettings {
  readonly maxDepth: number;
  readonly minPoints?: number | undefined;
  readonly minSilhouette: number;
  readonly seed: number;
}

/** Options of all algorithms. */
export interface ClusteringOptions extends DbscanSettings, TreeSettings {
  readonly nClusters: number | 'auto';
  readonly contamination?: number | undefined;
}
