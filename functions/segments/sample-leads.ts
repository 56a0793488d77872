/** Customers of one cluster nearest to its center, nearest first; merges with others in any order. */
export type NearestCustomers = readonly (readonly [distance: number, id: string])[];

/** Customers shown per segment. */
export const SAMPLE_SIZE = 3;

/**
 * The `size` customers of each cluster that are nearest to its center; of equally near ones those with the smaller id.
 * @param distances Euclidean, to each row's own center
 * @returns per cluster; rows labelled −1 belong to none
 */
export function nearestCustomers(
  ids: readonly string[],
  labels: ArrayLike<number>,
  distances: ArrayLike<number>,
  nClusters: number,
  size: number = SAMPLE_SIZE,
): NearestCustomers[] {
  const nearest = Array.from({ length: nClusters }, (): (readonly [number, string])[] => []);
  ids.forEach((id, row) => {
    const kept = nearest[labels[row]!];
    if (kept === undefined) return;
    const entry = [distances[row]!, id] as const;
    const last = kept.at(-1);
    if (kept.length >= size && last !== undefined && nearestFirst(last, entry) <= 0) return;
    kept.push(entry);
    kept.sort(nearestFirst);
    kept.length = Math.min(kept.length, size);
  });
  return nearest;
}

/** Merges what several buckets found for one cluster. */
export function mergeNearest(
  parts: readonly NearestCustomers[],
  size: number = SAMPLE_SIZE,
): NearestCustomers {
  return parts.flat().sort(nearestFirst).slice(0, size);
}

function nearestFirst([a, m]: readonly [number, string], [b, n]: readonly [number, string]): number {
  return a - b || (m < n ? -1 : m > n ? 1 : 0);
}
