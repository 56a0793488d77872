import Table from 'cli-table3';
import type { ColumnReport, TableReport } from '../functions/tables/table-report.ts';
import { count } from './terminal.ts';

/** Columns that are listed; the JSON holds all. */
const SHOWN = 200;
const NOTES: Readonly<Record<ColumnReport['notes'][number], string>> = {
  ambiguous_day_and_month: 'day/month or month/day: no value tells',
  ambiguous_decimal_mark: 'decimal mark or thousands: no value tells',
  day_before_month: 'D/M/Y',
  month_before_day: 'M/D/Y',
  decimal_comma: 'decimal comma',
  integers_written_as_floats: 'integers written as 1.0',
  excel_serial_dates: 'look like Excel serial dates',
  lists_of_json: 'JSON lists',
  lists_of_bars: 'lists a|b',
  mixed_types: 'mixed: some values do not fit',
  formula_texts: 'texts that a spreadsheet would run as formulas',
};
const IGNORED = {
  empty: 'no value in any row',
  constant: 'the same in every row',
  row_number: 'numbers the rows',
} as const;

const number = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 6 });
const percent = (part: number, whole: number) => {
  if (part === 0) return '';
  const share = (100 * part) / whole;
  return share < 0.1 ? '<0.1%' : `${share.toFixed(1)}%`;
};

/** A report as text for people: the file, its rows, and a line per column. */
export function inspectText(report: TableReport): string {
  const { file, format, compression, encoding, delimiter, sheet, nRows, duplicates, columns } = report;
  const about = [
    format,
    compression === 'gzip' && 'gzip',
    encoding,
    delimiter !== undefined && `delimiter ${delimiter === '\t' ? 'tab' : delimiter}`,
    sheet !== undefined && `sheet ${sheet}`,
  ].filter(Boolean);
  const table = new Table({
    head: ['column', 'type', 'missing', 'distinct', 'values', 'remarks'],
    colAligns: ['left', 'left', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const column of columns.slice(0, SHOWN)) table.push(row(column, nRows));
  const rest = columns.length - SHOWN;
  return [
    `${file}: ${about.join(', ')}`,
    `${count(nRows)} rows, ${count(columns.length)} columns; ${duplicates.exact ? '' : 'about '}${count(duplicates.count)} rows repeat an earlier one`,
    ...(report.oneShardBecause === null ? [] : [`one worker reads it: ${report.oneShardBecause}`]),
    ...rejected(report),
    '',
    table.toString(),
    ...(rest > 0 ? [`and ${count(rest)} more columns: see --json`] : []),
    '',
  ].join('\n');
}

function rejected({ rejections, nRejected }: TableReport): string[] {
  if (nRejected === 0) return [];
  return [
    `${count(nRejected)} rows cannot be read:`,
    ...Object.entries(rejections).flatMap(([reason, { count: n, examples }]) => [
      `  ${reason} ${count(n)}`,
      ...examples.map(({ line, message, masked }) => `    line ${line}: ${message}: ${masked}`),
    ]),
  ];
}

function row(column: ColumnReport, nRows: number): string[] {
  const { name, type, nMissing, distinct, notes, suspectedMissing, personal, ignored, nNotFinite, numbers } =
    column;
  const remarks = [
    ignored !== null && IGNORED[ignored],
    ...suspectedMissing.map(({ value, count: n }) => `"${value}" may mean missing (${count(n)})`),
    ...notes.map((note) => NOTES[note]),
    nNotFinite > 0 && `${count(nNotFinite)} not finite`,
    numbers !== undefined &&
      (numbers.outlierShare ?? 0) >= 0.01 &&
      `${percent(numbers.outlierShare!, 1)} outliers`,
    personal !== null && `personal: ${personal}`,
  ].filter(Boolean);
  const short = name.length > 32 ? `${name.slice(0, 31)}…` : name;
  const nDistinct = `${distinct.exact ? '' : '~'}${count(distinct.count)}`;
  return [short, type, percent(nMissing, nRows), nDistinct, values(column), remarks.join('; ')];
}

function values({ numbers, span, top }: ColumnReport): string {
  if (numbers) {
    const { min, max, quantiles } = numbers;
    return `${number(min)} … ${number(quantiles.p50)} … ${number(max)}`;
  }
  if (span) return `${span.earliest.slice(0, 10)} … ${span.latest.slice(0, 10)}`;
  const shown = (top ?? [])
    .slice(0, 3)
    .map(({ value }) => (value.length > 16 ? `${value.slice(0, 15)}…` : value));
  return shown.join(', ');
}
