import type { Matrix } from '../arrow/matrix.ts';
import { dbscan } from '../clustering/dbscan.ts';
import { rowKDistances } from '../clustering/dbscan-eps.ts';
import type { Kernels } from '../kernels/instance.ts';
import { densityConfidence, densityRatio } from '../segments/density-risk.ts';
import { nearestCoreRows } from '../segments/nearest-core.ts';
import { clusterValidity } from './cluster-quality.ts';
import { type DbscanSettings, MOST_OUTLIERS, type TableClustering } from './table-clustering.ts';

/** Mean ratio of a cluster's rows up to which it is dense, and half dense. */
const DENSITY_CUTS = { high: 0.5, medium: 0.75 } as const;

/**
 * DBSCAN with a given radius or the knee of the k-distances, clusters by size. Confidence follows from how many radii out a
 * row is (ruling X09): its k-distance ÷ eps within a cluster, the distance to the nearest core row ÷ eps for noise.
 * @throws InsufficientDataError when `auto` finds no scale: all rows coincide
 */
export function clusterDbscan(
  kernels: Kernels,
  matrix: Matrix,
  { epsilon, minSamples, seed, mostOutliers = MOST_OUTLIERS }: DbscanSettings & { readonly seed: number },
): TableClustering {
  const { nFeatures, nSamples, values } = matrix;
  const found = dbscan(kernels, matrix, { eps: epsilon, minSamples, noiseDistances: true });
  const { nClusters, eps, nCore, nBorder, nNoise } = found;
  const labels = bySize(found.labels, nClusters);
  const reach = nSamples >= minSamples ? rowKDistances(kernels, matrix, minSamples) : undefined;
  const ratios = Float64Array.from(labels, (label, row) =>
    label < 0
      ? densityRatio('noise', found.noiseDistances![row]!, eps)
      : // A border row has ratio 1, which is also what its k-distance past eps is bounded to.
        densityRatio('core', reach?.[row] ?? eps, eps),
  );
  const furthest = [...labels.keys()]
    .filter((row) => labels[row]! < 0)
    .sort((a, b) => ratios[b]! - ratios[a]! || a - b)
    .slice(0, mostOutliers);
  const cores = nearestCoreRows(matrix, found, Int32Array.from(furthest));
  const rowAt = (row: number) => values.subarray(row * nFeatures, (row + 1) * nFeatures);
  const mean = meanRow(matrix);
  const { silhouette, daviesBouldin } = clusterValidity(kernels, matrix, labels, nClusters, seed);
  return {
    algorithm: 'dbscan',
    nClusters,
    labels,
    confidence: ratios.map(densityConfidence),
    selection: {
      candidates: [{ n_clusters: nClusters, silhouette, davies_bouldin: daviesBouldin }],
      reason:
        epsilon === 'auto'
          ? `epsilon ${eps.toPrecision(4)} is the knee of the distances to the ${minSamples}-th nearest row.`
          : `epsilon ${eps} was asked for.`,
    },
    far: furthest.map((row, i) => ({
      row,
      reference: cores[i]! < 0 ? mean : rowAt(cores[i]!),
      ratio: ratios[row]!,
    })),
    nFar: nNoise,
    density: densities(labels, ratios, nClusters),
    details: { epsilon: eps, n_core_points: nCore, n_border_points: nBorder },
  };
}

/** Labels with 0 for the largest cluster; equal ones keep their order. */
function bySize(labels: Int32Array, nClusters: number): Int32Array {
  const sizes = new Int32Array(nClusters);
  for (const label of labels) if (label >= 0) sizes[label]!++;
  const order = [...sizes.keys()].sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const rank = new Int32Array(nClusters);
  for (const [at, label] of order.entries()) rank[label] = at;
  return labels.map((label) => (label < 0 ? -1 : rank[label]!));
}

function densities(labels: Int32Array, ratios: Float64Array, nClusters: number) {
  const sums = new Float64Array(nClusters);
  const sizes = new Float64Array(nClusters);
  for (const [row, label] of labels.entries()) {
    if (label < 0) continue;
    sums[label]! += ratios[row]!;
    sizes[label]!++;
  }
  return Array.from(sums, (sum, label) => {
    const ratio = sum / sizes[label]!;
    return ratio <= DENSITY_CUTS.high ? 'high' : ratio <= DENSITY_CUTS.medium ? 'medium' : 'low';
  });
}

function meanRow({ nSamples, nFeatures, values }: Matrix): Float64Array {
  const mean = new Float64Array(nFeatures);
  for (let i = 0; i < values.length; i++) mean[i % nFeatures]! += values[i]! / nSamples;
  return mean;
}
