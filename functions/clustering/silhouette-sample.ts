import type { Matrix } from '../arrow/matrix.ts';
import { Random } from '../stats/random.ts';

/** Rows up to which the silhouette is exact; its cost grows with their square. */
export const EXACT_SILHOUETTE_ROWS = 20_000;

/** Rows that even the smallest cluster sends into a sample, if it has them. */
const LEAST_PER_CLUSTER = 30;

/** Rows of a clustering, with their labels. */
export interface LabelledRows {
  readonly data: Matrix;
  readonly labels: Int32Array;
}

/**
 * The rows to compute a silhouette on: all of them up to `limit`, else a seeded sample stratified by cluster, so that
 * a cluster of a few rows is not lost. Drawn from the canonical row order: no sharding changes it.
 */
export function silhouetteSample(
  { data, labels }: LabelledRows,
  nClusters: number,
  seed: number,
  limit = EXACT_SILHOUETTE_ROWS,
): LabelledRows {
  const { nSamples, nFeatures, values } = data;
  if (nSamples <= limit) return { data, labels };
  const random = new Random(seed);
  const rows = rowsByCluster(labels, nClusters).flatMap((members, cluster) => {
    const quota = Math.floor((limit * members.length) / nSamples);
    const size = Math.max(quota, Math.min(members.length, LEAST_PER_CLUSTER));
    return Array.from(random.fork(cluster).sample(members.length, size), (i) => members[i] ?? 0);
  });
  const sampled = new Float32Array(rows.length * nFeatures);
  rows.forEach((row, i) => {
    sampled.set(values.subarray(row * nFeatures, (row + 1) * nFeatures), i * nFeatures);
  });
  return {
    data: { nSamples: rows.length, nFeatures, values: sampled },
    labels: Int32Array.from(rows, (row) => labels[row] ?? 0),
  };
}

function rowsByCluster(labels: Int32Array, nClusters: number): Int32Array[] {
  const sizes = new Int32Array(nClusters);
  for (const label of labels) sizes[label]!++;
  const members = Array.from(sizes, (size) => new Int32Array(size));
  const ends = new Int32Array(nClusters);
  labels.forEach((label, row) => {
    members[label]![ends[label]!++] = row;
  });
  return members;
}
