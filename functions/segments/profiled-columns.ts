import type { FittedRecipe } from '../contracts/recipe.ts';
import { rawFeature } from '../features/apply-recipe.ts';
import type { EntityTable } from '../features/entity-table.ts';

/** What segments are described by: numbers with their statistics, texts with their shares. */
export interface ProfiledColumns {
  readonly numbers: readonly {
    readonly name: string;
    readonly values: (table: EntityTable) => Float64Array;
  }[];
  readonly texts: readonly string[];
}

/**
 * The columns of the entity table as segments are described by them: numbers and 0/1 as they are (NaN where missing), an
 * instant as the days since it where the recipe counts them, categories and lists by their texts.
 */
export function profiledColumns({ columns, features }: FittedRecipe): ProfiledColumns {
  const isOf = (type: string) => columns.filter((column) => column.type === type);
  const plain = columns.filter(({ type }) => type === 'number' || type === 'boolean');
  const recencies = features.filter(
    ({ steps }) => steps[0]?.step === 'recency' && steps.at(-1)?.step !== 'isMissing',
  );
  return {
    numbers: [
      ...plain.map(({ name }) => ({
        name,
        values: (table: EntityTable) => {
          const column = table.columns.get(name);
          if (column === undefined || !('values' in column))
            throw new Error(`the table lacks the numbers ${name}`);
          return column.values;
        },
      })),
      ...recencies.map((feature) => ({
        name: feature.name,
        values: (table: EntityTable) => rawFeature(feature, table),
      })),
    ],
    texts: [...isOf('category'), ...isOf('list')].map(({ name }) => name),
  };
}
