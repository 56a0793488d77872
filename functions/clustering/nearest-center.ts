/** The cluster a row belongs to, and how far its center is. */
export interface NearestCenter {
  /** Index of the center, 0 … nClusters − 1. */
  readonly label: number;
  /** Euclidean distance, in the unit of the row. */
  readonly distance: number;
}

/**
 * Nearest center of one row: sums of squared differences in float64, feature by feature, the lowest index on ties.
 * A row of float32 values gets the label and the distance, bit for bit, that `assign` gives it among any others.
 */
export function nearestCenter(row: ArrayLike<number>, centers: readonly ArrayLike<number>[]): NearestCenter {
  let label = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [c, center] of centers.entries()) {
    let sum = 0;
    for (let j = 0; j < row.length; j++) sum += (row[j]! - center[j]!) ** 2;
    if (sum < least) {
      least = sum;
      label = c;
    }
  }
  return { label, distance: Math.sqrt(least) };
}
