import type { Model } from '../contracts/artifacts.ts';
import { InvalidRequestError } from '../errors.ts';
import { confidenceAt } from './model.ts';
import { type NearestCenter, nearestCenter } from './nearest-center.ts';

/** Where a model puts one row. */
export interface Score extends NearestCenter {
  /** max(0, 1 − distance / 5), 0..1. */
  readonly confidence: number;
}

/**
 * Scores one row of raw feature values as the batch would: scaled in float64, rounded to float32 once, nearest center.
 * @throws InvalidRequestError for a feature that is missing, or so large that its scaled value is not a float32
 */
export function scoreRow({ recipe, centers }: Model, raw: Readonly<Record<string, number>>): Score {
  const row = recipe.features.map(({ name, offset, scale }) => {
    const value = raw[name];
    const scaled = Math.fround(((value ?? Number.NaN) - offset) / scale);
    if (Number.isFinite(scaled)) return scaled;
    throw new InvalidRequestError(
      value === undefined
        ? `Invalid input: the model needs the feature ${name}; found ${Object.keys(raw).join(', ') || 'none'}.`
        : `Invalid input: ${name} is ${value}, too far from the ${recipe.nSamples} customers of the model to be scored.`,
      { reason: 'feature_value', feature: name },
    );
  });
  const nearest = nearestCenter(row, centers);
  return { ...nearest, confidence: confidenceAt(nearest.distance) };
}
