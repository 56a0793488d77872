import type { CandidateFit, Model } from '../contracts/artifacts.ts';
import type { FittedRecipe } from '../contracts/recipe.ts';
import { unscaleValue } from '../features/apply-recipe.ts';

/** Distance at which confidence reaches zero, in scaled units. */
const CONFIDENCE_REACH = 5;

/** Confidence of an assignment at a Euclidean distance (scaled units): max(0, 1 − distance / 5), 0..1. */
export function confidenceAt(distance: number): number {
  return Math.max(0, 1 - distance / CONFIDENCE_REACH);
}

/** The model of a fit: all that is needed to score a new row. */
export function modelOf(
  recipe: FittedRecipe,
  { candidate, centers, sizes, scores, importance }: CandidateFit,
): Model {
  const { algorithm, nClusters, seed } = candidate;
  return { version: 1, recipe, algorithm, nClusters, seed, centers, sizes, scores, importance };
}

/** Centers as the kernels take them: nClusters × nFeatures, row-major. */
export function flatCenters({ centers }: Pick<Model, 'centers'>): Float64Array {
  return Float64Array.from(centers.flat());
}

/** The center of one cluster in the units of its features, before scaling, by feature name. */
export function rawCenter({ recipe, centers }: Model, cluster: number): Record<string, number> {
  const center = centers[cluster] ?? [];
  return Object.fromEntries(
    recipe.features.map((feature, f) => [feature.name, unscaleValue(feature, center[f] ?? Number.NaN)]),
  );
}
