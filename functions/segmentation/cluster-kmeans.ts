import type { Matrix } from '../arrow/matrix.ts';
import { type KMeansFit, kmeans } from '../clustering/kmeans.ts';
import { confidenceAt } from '../clustering/model.ts';
import { selectCandidate } from '../clustering/search.ts';
import { InsufficientDataError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { furthestRows } from '../segments/outliers.ts';
import { type ClusterValidity, clusterValidity, distanceOf } from './cluster-quality.ts';
import { type ClusteringOptions, MOST_OUTLIERS, type TableClustering } from './table-clustering.ts';

/** Numbers of clusters that are searched, and iterations of a fit at most (S0-10). */
const SEARCHED = { min: 3, max: 10 } as const;
const MAX_ITERATIONS = 100;
/** Starts of each fit. */
const STARTS = 5;

interface Candidate {
  readonly candidate: { readonly nClusters: number };
  readonly fit: KMeansFit;
  readonly scores: { readonly silhouette: number; readonly daviesBouldin: number };
  readonly validity: ClusterValidity;
}

/**
 * K-means with a given number of clusters, or the best of 3 to 10 by silhouette; as many as there are different rows. With a
 * contamination, that share of the rows is far out, those furthest from their centers.
 * @throws InsufficientDataError for fewer different rows than clusters
 */
export function clusterKMeans(
  kernels: Kernels,
  matrix: Matrix,
  { nClusters, seed, contamination }: ClusteringOptions,
): TableClustering {
  const fitOf = (k: number): Candidate => {
    const fit = kmeans(kernels, matrix, { nClusters: k, seed, nInit: STARTS, maxIter: MAX_ITERATIONS });
    const validity = clusterValidity(kernels, matrix, fit.labels, k, seed);
    return {
      candidate: { nClusters: k },
      fit,
      scores: { silhouette: validity.silhouette!, daviesBouldin: validity.daviesBouldin! },
      validity,
    };
  };
  const fits = nClusters === 'auto' ? searched(fitOf) : [fitOf(nClusters)];
  const { selected, report } = selectCandidate(fits);
  const { labels, centers, iterations, inertia } = selected.fit;
  const { nFeatures, values } = matrix;
  const centerOf = (row: number) =>
    centers.subarray(labels[row]! * nFeatures, (labels[row]! + 1) * nFeatures);
  const distances = Float64Array.from(labels, (_, row) =>
    distanceOf(values.subarray(row * nFeatures, (row + 1) * nFeatures), centerOf(row)),
  );
  const { far, threshold } =
    contamination === undefined ? { far: undefined } : furthestRows(distances, contamination);
  return {
    algorithm: 'kmeans',
    nClusters: selected.candidate.nClusters,
    labels,
    confidence: distances.map(confidenceAt),
    selection: {
      candidates: report.candidates.map(({ nClusters: k, scores }) => ({
        n_clusters: k,
        silhouette: scores.silhouette,
        davies_bouldin: scores.daviesBouldin,
      })),
      reason: report.reason,
    },
    far: (far ?? []).slice(0, MOST_OUTLIERS).map((row) => ({
      row,
      reference: centerOf(row),
      ratio: distances[row]! / threshold!,
    })),
    nFar: far?.length,
    details: { convergence: { iterations, final_inertia: inertia } },
  };
}

/** All numbers of clusters that the table has different rows for; at least the smallest. */
function searched(fitOf: (k: number) => Candidate): Candidate[] {
  const fits: Candidate[] = [];
  for (let k: number = SEARCHED.min; k <= SEARCHED.max; k++) {
    try {
      fits.push(fitOf(k));
    } catch (error) {
      if (error instanceof InsufficientDataError && fits.length > 0) break;
      throw error;
    }
  }
  return fits;
}
