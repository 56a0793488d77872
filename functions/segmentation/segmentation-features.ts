import type { Matrix } from '../arrow/matrix.ts';
import type { EntityColumn, FittedRecipe, RecipeSpec } from '../contracts/recipe.ts';
import { InvalidRequestError } from '../errors.ts';
import { applyRecipe } from '../features/apply-recipe.ts';
import { EntityPartials } from '../features/entity-partials.ts';
import { type EntityTable, headOf } from '../features/entity-table.ts';
import { fitRecipe } from '../features/fit-recipe.ts';

/** Features of a segmentation in memory, at most: categories of many values get fewer 0/1 columns each. */
export const MOST_FEATURES = 300;
/** Values of a category that become columns, at most and at least. */
const CATEGORY_WIDTH = { most: 50, least: 3 } as const;
/** Rows that correlations are judged on, as in a run. */
const SAMPLE_ROWS = 10_000;

/** A fitted recipe, and the table as it makes it. */
export interface SegmentationFeatures {
  readonly recipe: FittedRecipe;
  readonly matrix: Matrix;
}

/**
 * Fits a recipe on a whole table and applies it.
 * @throws InsufficientDataError when no feature tells rows apart
 * @throws InvalidRequestError when more than `MOST_FEATURES` would be needed whatever their categories
 */
export function segmentationFeatures(
  table: EntityTable,
  spec: RecipeSpec,
  columns: readonly EntityColumn[],
  referenceAt: string,
): SegmentationFeatures {
  const bounded = boundedSpec(spec);
  const partials = new EntityPartials(bounded, columns, referenceAt);
  partials.add(table);
  const recipe = fitRecipe(bounded, {
    recipe: 'table',
    columns: columns.map(({ name, type, unit, source }) => ({ name, type, unit, source })),
    partials: [partials.toJSON()],
    referenceAt,
    sample: headOf(table, SAMPLE_ROWS),
  });
  const nFeatures = recipe.features.length;
  if (nFeatures > MOST_FEATURES) {
    throw new InvalidRequestError(
      `The columns make ${nFeatures} features; at most ${MOST_FEATURES} are segmented at once. Name fewer under "features".`,
      { reason: 'too_many_features', found: nFeatures, expected: MOST_FEATURES },
    );
  }
  const values = new Float32Array(table.nRows * nFeatures);
  for (const [j, column] of applyRecipe(recipe, table).entries()) {
    for (let row = 0; row < table.nRows; row++) values[row * nFeatures + j] = column[row]!;
  }
  return { recipe, matrix: { nSamples: table.nRows, nFeatures, values } };
}

/** The spec with as many columns per category as keep all of them within the bound; what is configured stays. */
function boundedSpec(spec: RecipeSpec): RecipeSpec {
  const open = spec.specs.filter((one) => one.kind === 'onehot' && one.maxCategories === undefined).length;
  if (open === 0) return spec;
  const width = Math.floor((MOST_FEATURES - (spec.specs.length - open)) / open) - 2;
  const maxCategories = Math.max(CATEGORY_WIDTH.least, Math.min(CATEGORY_WIDTH.most, width));
  return {
    ...spec,
    specs: spec.specs.map((one) =>
      one.kind === 'onehot' && one.maxCategories === undefined ? { ...one, maxCategories } : one,
    ),
  };
}
