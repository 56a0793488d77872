/** What a row is to DBSCAN. */
export type DensityRole = 'core' | 'border' | 'noise';

/**
 * How far out a row is, in radii: for a core row its k-distance ÷ eps (distance to its minSamples-th nearest row, itself
 * counted), at most 1; for a border row 1; for noise the distance to the nearest core row ÷ eps, above 1.
 * @param distance the k-distance of a core row or the core distance of noise; infinite where there is no core at all
 */
export function densityRatio(role: DensityRole, distance: number, eps: number): number {
  if (role === 'border') return 1;
  const ratio = distance / eps;
  // Rounding of float32 distances must not turn a core row into an outlier, nor noise into a member.
  return role === 'core' ? Math.min(1, ratio) : Math.max(1 + 4 * Number.EPSILON, ratio);
}

/** Risk of a row that is `ratio` radii out: ratio ÷ (1 + ratio), 0..1. Members have at most 0.5, outliers more. */
export function riskAt(ratio: number): number {
  return ratio === Number.POSITIVE_INFINITY ? 1 : ratio / (1 + ratio);
}

/** Confidence of a row's membership, 1 ÷ (1 + ratio) = 1 − risk: below 0.5 exactly for outliers. */
export function densityConfidence(ratio: number): number {
  return 1 / (1 + ratio);
}

/** How much of a score is due to one feature. */
export interface Contribution {
  readonly feature: string;
  readonly contribution: number;
}

/**
 * Shares out a risk score over the features by their part of the squared distance from a reference (the nearest core
 * row, or the center): risk × (x − r)² ÷ Σ (x − r)². They sum to the score. Largest first, then in order of the features.
 */
export function riskContributions(
  risk: number,
  row: ArrayLike<number>,
  reference: ArrayLike<number>,
  features: readonly string[],
): Contribution[] {
  const squares = features.map((_, f) => (row[f]! - reference[f]!) ** 2);
  const total = squares.reduce((sum, square) => sum + square, 0);
  return features
    .map((feature, f) => ({
      feature,
      contribution: total === 0 ? risk / features.length : (risk * squares[f]!) / total,
    }))
    .sort((a, b) => b.contribution - a.contribution);
}
