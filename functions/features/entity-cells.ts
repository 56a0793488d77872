import type { EntityCell } from '../contracts/recipe.ts';
import type { EntityTable, EntityValues } from './entity-table.ts';

/** The values of one row that are not missing, by column. */
export function entityCells(
  { columns }: EntityTable,
  row: number,
): Record<string, Exclude<EntityCell, null>> {
  return Object.fromEntries(
    [...columns].flatMap(([name, column]) => {
      const cell = cellOf(column, row);
      return cell === null ? [] : [[name, cell]];
    }),
  );
}

function cellOf(column: EntityValues, row: number): EntityCell {
  if ('values' in column) {
    const value = column.values[row]!;
    return Number.isNaN(value) ? null : value;
  }
  if (column.type === 'category') return column.dictionary[column.codes[row]!] ?? null;
  if (column.nulls?.[row] === 1) return null;
  const { offsets, codes, dictionary } = column;
  return Array.from(codes.subarray(offsets[row], offsets[row + 1]), (code) => dictionary[code]!);
}
