import type { RunPlan } from '../contracts/artifacts.ts';
import type { EntityCell } from '../contracts/recipe.ts';
import { InvalidRequestError } from '../errors.ts';
import { recordCells } from '../tables/record-cells.ts';

/**
 * The cells of one raw record of a request, read as the rows of a run's files were read; of orders the record has the
 * columns of the entity table.
 * @param pointer JSON pointer of the record in the body
 * @throws InvalidRequestError naming every field that no column answers to, or whose value cannot be read
 */
export function cellsOfRecord(
  plan: RunPlan,
  record: Readonly<Record<string, unknown>>,
  pointer: string,
): Readonly<Record<string, EntityCell>> {
  if (plan.recipe !== 'table') return record as Record<string, EntityCell>;
  const { entity, files } = plan;
  const known = new Set([
    ...entity.columns.map(({ source }) => source),
    ...entity.ignored.map(({ name }) => name),
    ...(entity.idColumn === null ? [] : [entity.idColumn]),
  ]);
  const { cells, unreadable } = recordCells(entity.columns, files[0]!.cells, record);
  const errors = [
    ...Object.keys(record)
      .filter((name) => !known.has(name))
      .map((name) => ({ name, detail: 'unknown column' })),
    ...unreadable.map((name) => ({
      name,
      detail: `is no ${entity.columns.find(({ source }) => source === name)?.type ?? 'value'}`,
    })),
  ].map(({ name, detail }) => ({
    in: 'body',
    pointer: `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    detail,
  }));
  if (errors.length === 0) return cells;
  throw new InvalidRequestError(
    `Invalid input: ${errors.map((error) => `body ${error.pointer}: ${error.detail}`).join('; ')}. ` +
      `The columns are ${entity.columns.map(({ source }) => source).join(', ')}.`,
    { reason: 'invalid_fields', errors },
  );
}
