import type { Rows } from '../../functions/clustering/neighbor-tree.ts';

/** DBSCAN by its definition, all pairs in float64: the labels scikit-learn gives. */
export function dbscanOracle({ nSamples, nFeatures, values }: Rows, eps: number, minSamples: number) {
  const distanceSquared = (a: number, b: number) => {
    let sum = 0;
    for (let j = 0; j < nFeatures; j++) {
      const difference = values[a * nFeatures + j]! - values[b * nFeatures + j]!;
      sum += difference * difference;
    }
    return sum;
  };
  const neighbors = Array.from({ length: nSamples }, (_, a) =>
    Array.from({ length: nSamples }, (_, b) => b).filter((b) => distanceSquared(a, b) <= eps * eps),
  );
  const isCore = neighbors.map((list) => list.length >= minSamples);
  const labels = new Int32Array(nSamples).fill(-1);
  let nClusters = 0;
  for (let row = 0; row < nSamples; row++) {
    if (!isCore[row] || labels[row]! >= 0) continue;
    const cluster = nClusters++;
    const queue = [row];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (labels[next]! >= 0) continue;
      labels[next] = cluster;
      if (isCore[next]) queue.push(...neighbors[next]!);
    }
  }
  const noiseDistances = Float64Array.from(labels, (label, row) => {
    if (label >= 0) return Number.NaN;
    let nearest = Number.POSITIVE_INFINITY;
    for (let b = 0; b < nSamples; b++) {
      if (isCore[b]) nearest = Math.min(nearest, Math.sqrt(distanceSquared(row, b)));
    }
    return nearest;
  });
  return { labels, nClusters, nCore: isCore.filter(Boolean).length, noiseDistances };
}
