import type { FittedRecipe } from '../contracts/recipe.ts';
import type { EntityTable } from '../features/entity-table.ts';
import { runSteps } from '../features/feature-steps.ts';
import type { TallyColumn } from './segment-tally.ts';

/**
 * What segments are described by: the numbers, flags and categories of the entity table, and days since a time where the
 * recipe makes them. Lists and instants themselves say little in a mean.
 */
export function tallyColumns(recipe: FittedRecipe, table: EntityTable): Map<string, TallyColumn> {
  const columns = new Map<string, TallyColumn>();
  for (const [name, column] of table.columns) {
    if (column.type !== 'time' && column.type !== 'list') columns.set(name, column);
  }
  for (const { name, source, steps } of recipe.features) {
    const [first] = steps;
    const column = table.columns.get(source);
    if (first?.step !== 'recency' || !column || steps.some(({ step }) => step === 'isMissing')) continue;
    columns.set(name, { type: 'number', values: runSteps([first], column, table.nRows) });
  }
  return columns;
}
