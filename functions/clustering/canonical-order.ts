/** What decides which of two clusters comes first. */
export interface RankedCluster {
  readonly size: number;
  readonly center: Float64Array;
}

/** Canonical order of clusters: by size, largest first, then by center, lexicographically ascending. */
export function byCanonicalOrder(a: RankedCluster, b: RankedCluster): number {
  if (a.size !== b.size) return b.size - a.size;
  const feature = a.center.findIndex((value, j) => value !== b.center[j]);
  return feature < 0 ? 0 : a.center[feature]! - b.center[feature]!;
}
