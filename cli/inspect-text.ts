import type { ColumnReport, TableReport } from '../functions/tables/table-report.ts';
import { type ColumnLine, columnTable, percent, rangeText, someTexts } from './column-table.ts';
import { count, printable } from './terminal.ts';

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
  const lines = [
    `${file}: ${about.join(', ')}`,
    `${count(nRows)} rows, ${count(columns.length)} columns; ${duplicates.exact ? '' : 'about '}${count(duplicates.count)} rows repeat an earlier one`,
    ...(report.oneShardBecause === null ? [] : [`one worker reads it: ${report.oneShardBecause}`]),
    ...rejected(report),
    '',
    ...columnTable(columns.map(line), nRows),
    '',
  ];
  return printable(lines.join('\n'));
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

function line(column: ColumnReport): ColumnLine {
  const { name, type, nMissing, distinct, notes, suspectedMissing, personal, ignored, nNotFinite, numbers } =
    column;
  const outliers = numbers?.outlierShare ?? 0;
  const remarks = [
    ignored !== null && IGNORED[ignored],
    ...suspectedMissing.map(({ value, count: n }) => `"${value}" may mean missing (${count(n)})`),
    ...notes.map((note) => NOTES[note]),
    nNotFinite > 0 && `${count(nNotFinite)} not finite`,
    outliers >= 0.01 && `${percent(outliers)} outliers`,
    personal !== null && `personal: ${personal}`,
  ];
  return { name, type, nMissing, distinct, values: values(column), remarks };
}

function values({ numbers, span, top = [] }: ColumnReport): string {
  if (numbers) return rangeText(numbers.min, numbers.quantiles.p50, numbers.max);
  if (span) return `${span.earliest.slice(0, 10)} … ${span.latest.slice(0, 10)}`;
  return someTexts(top.map(({ value }) => value));
}
