import type { Model } from '../contracts/artifacts.ts';
import type { EntityCell } from '../contracts/recipe.ts';
import { applyRecipeToCells } from '../features/apply-recipe.ts';
import { confidenceAt } from './model.ts';
import { type NearestCenter, nearestCenter } from './nearest-center.ts';

/** Where a model puts one row. */
export interface Score extends NearestCenter {
  /** max(0, 1 − distance / 5), 0..1. */
  readonly confidence: number;
}

/**
 * Scores one row of the entity table as the batch would: the same features to the same bits, nearest center.
 * @param cells by column of the entity table; a column that is left out has no value
 * @param placed cluster that the row is known to be in, which need not be the nearest; −1: not known
 * @throws InvalidRequestError for a column that the model does not have, a cell of the wrong type or too far out
 */
export function scoreRow(
  { recipe, centers }: Model,
  cells: Readonly<Record<string, EntityCell>>,
  placed = -1,
): Score {
  const row = Array.from(applyRecipeToCells(recipe, cells));
  const own = centers[placed];
  const { label, distance } = own
    ? { ...nearestCenter(row, [own]), label: placed }
    : nearestCenter(row, centers);
  return { label, distance, confidence: confidenceAt(distance) };
}
