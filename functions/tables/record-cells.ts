import type { CellFormat, EntityColumnPlan } from '../contracts/artifacts.ts';
import type { EntityCell } from '../contracts/recipe.ts';
import { BatchRecords } from './batch-records.ts';
import { cellColumn } from './cell-columns.ts';
import { cellsOfValues } from './cells-of-values.ts';
import { listEntries } from './list-entries.ts';

/** The cells of one raw record, and the columns whose value is none of their type. */
export interface RecordCells {
  readonly cells: Readonly<Record<string, EntityCell>>;
  readonly unreadable: readonly string[];
}

/**
 * Reads one raw record, by header names, as the rows of a file are read: through the same parsers, to the same bits.
 * Values may be texts as a file holds them, or the numbers, booleans and lists of JSON.
 */
export function recordCells(
  columns: readonly EntityColumnPlan[],
  formats: readonly CellFormat[],
  record: Readonly<Record<string, unknown>>,
): RecordCells {
  const cells: Record<string, EntityCell> = {};
  const unreadable: string[] = [];
  for (const [i, plan] of columns.entries()) {
    const value = record[plan.source] ?? null;
    const isNumber = typeof value === 'number';
    // A number of JSON is no text of the file's locale.
    const collector = cellColumn(plan, isNumber ? { ...formats[i]!, decimal: '.' } : formats[i]!);
    const batch = { nRows: 1, columns: [cellsOfValues([value])], places: { first: 1 } };
    new BatchRecords(1, 1).forEach(batch, (row) => collector.add(row, 0));
    if (collector.unreadable().count > 0) unreadable.push(plan.source);
    const typed = collector.finish();
    if ('values' in typed) {
      const number = typed.values.at(0);
      cells[plan.name] = Number.isNaN(number) ? null : number;
      continue;
    }
    const text = typed.dictionary[typed.codes.at(0)];
    const entries = text !== undefined && plan.type === 'list' ? listEntries(text, plan.separator) : text;
    cells[plan.name] = entries ?? null;
  }
  return { cells, unreadable };
}
