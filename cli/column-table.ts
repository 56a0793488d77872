import Table from 'cli-table3';
import { count } from './terminal.ts';

/** Columns that are listed; the JSON holds all. */
const SHOWN = 200;
const NAME_CHARACTERS = 32;
const VALUE_CHARACTERS = 16;

/** What is said of one column of a table; a remark that is false is left out. */
export interface ColumnLine {
  readonly name: string;
  readonly type: string;
  readonly nMissing: number;
  readonly distinct?: { readonly count: number; readonly exact: boolean } | undefined;
  readonly values: string;
  readonly remarks: readonly (string | false)[];
}

/** 1234567.891 → `1,234,570`: six digits. */
export const number = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 6 });

/** A share of 0..1 as `12.3%`; nothing for none. */
export const percent = (share: number) => {
  if (share === 0) return '';
  return share < 0.001 ? '<0.1%' : `${(100 * share).toFixed(1)}%`;
};

/** Least, middle and greatest of some numbers. */
export const rangeText = (min: number, median: number, max: number) =>
  `${number(min)} … ${number(median)} … ${number(max)}`;

/** The first texts of many, cut to a few characters. */
export const someTexts = (texts: readonly string[]) =>
  texts
    .slice(0, 3)
    .map((text) => cut(text, VALUE_CHARACTERS))
    .join(', ');

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** Columns as a table of text, and how many more there are; missing values as shares of `nRows`. */
export function columnTable(lines: readonly ColumnLine[], nRows: number): string[] {
  const table = new Table({
    head: ['column', 'type', 'missing', 'distinct', 'values', 'remarks'],
    colAligns: ['left', 'left', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, type, nMissing, distinct, values, remarks } of lines.slice(0, SHOWN)) {
    const nDistinct = distinct ? `${distinct.exact ? '' : '~'}${count(distinct.count)}` : '';
    const missing = percent(nRows === 0 ? 0 : nMissing / nRows);
    table.push([
      cut(name, NAME_CHARACTERS),
      type,
      missing,
      nDistinct,
      values,
      remarks.filter(Boolean).join('; '),
    ]);
  }
  const rest = lines.length - SHOWN;
  return [table.toString(), ...(rest > 0 ? [`and ${count(rest)} more columns: see --json`] : [])];
}
