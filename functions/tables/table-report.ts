import type { TableFormat, TableLayout, TextEncoding } from '../contracts/table-layout.ts';
import { timeText } from './cells.ts';
import type { ColumnProfile } from './column-profile.ts';
import { isIndexName } from './index-name.ts';
import { type ColumnNote, type ColumnType, inferColumnType } from './infer-column-type.ts';
import { maskText } from './mask-text.ts';
import { type NumericSummary, numericSummary } from './numeric-summary.ts';
import { whyNotCut } from './open-table.ts';
import { type PersonalKind, personalKind } from './personal-columns.ts';
import { type SuspectedMissing, suspectedMissing } from './suspected-missing.ts';
import type { Rejections, TableProfile } from './table-profile.ts';

/** Categories that are listed. */
const TOP = 10;

/** Why a column is of no use as it is. */
export type IgnoredReason = 'empty' | 'constant' | 'row_number';

/** What was found in one column. */
export interface ColumnReport {
  readonly name: string;
  readonly type: ColumnType;
  readonly notes: readonly ColumnNote[];
  /** Rows without a value: nulls and empty texts. */
  readonly nMissing: number;
  readonly suspectedMissing: readonly SuspectedMissing[];
  /** Numbers that are not finite. */
  readonly nNotFinite: number;
  /** Different values; an estimate (standard error about 1 %) where not exact. */
  readonly distinct: { readonly count: number; readonly exact: boolean };
  /** For integers and decimals. */
  readonly numbers?: NumericSummary;
  /** For dates and timestamps, ISO 8601. */
  readonly span?: { readonly earliest: string; readonly latest: string };
  /** Most frequent values, for columns that repeat; masked where the column looks personal. */
  readonly top?: readonly { readonly value: string; readonly count: number }[];
  readonly personal: PersonalKind | null;
  readonly ignored: IgnoredReason | null;
}

/** What was found in a table, before anything is done with it. */
export interface TableReport {
  readonly file: string;
  readonly format: TableFormat;
  readonly compression: TableLayout['compression'];
  /** Only for text. */
  readonly encoding?: TextEncoding;
  readonly delimiter?: string;
  readonly sheet?: string;
  /** Why the file cannot be shared out among workers; null where it can. */
  readonly oneShardBecause: string | null;
  readonly nRows: number;
  readonly nRejected: number;
  readonly rejections: Readonly<Record<string, Rejections>>;
  /** Rows that repeat an earlier row in every column; an estimate where not exact. */
  readonly duplicates: { readonly count: number; readonly exact: boolean };
  readonly columns: readonly ColumnReport[];
}

/** The report on a table whose rows were all counted. */
export function tableReport(file: string, layout: TableLayout, profile: TableProfile): TableReport {
  const { nRows, rows, rejections } = profile;
  const isText = layout.format === 'csv' || layout.format === 'jsonl';
  return {
    file,
    format: layout.format,
    compression: layout.compression,
    ...(isText && { encoding: layout.encoding }),
    ...(layout.format === 'csv' && { delimiter: layout.separatedByBlanks ? 'blanks' : layout.delimiter }),
    ...(layout.sheet !== null && { sheet: layout.sheet }),
    oneShardBecause: whyNotCut(layout) ?? null,
    nRows,
    nRejected: [...rejections.values()].reduce((sum, { count }) => sum + count, 0),
    rejections: Object.fromEntries(rejections),
    duplicates: { count: Math.max(0, nRows - Math.min(rows.distinct, nRows)), exact: rows.exact },
    columns: profile.columns.map((column) => columnReport(column)),
  };
}

function columnReport(profile: ColumnProfile): ColumnReport {
  const { name, nRows, nMissing, nNotFinite, sketch, spans } = profile;
  const { type, decimal, order, notes } = inferColumnType(profile);
  const values = [...sketch.values()];
  const nValues = nRows - nMissing;
  const personal = personalKind(profile, type);
  const isNumeric = type === 'integer' || type === 'decimal';
  const numbers = isNumeric
    ? numericSummary(profile.numbers.plain, decimal === ',' ? profile.numbers.comma : profile.numbers.point)
    : undefined;
  const { min, max } = spans[order];
  const isTime = (type === 'date' || type === 'timestamp') && min <= max;
  const repeats =
    sketch.exact && type !== 'id' && (isNumeric ? sketch.distinct <= 2 * TOP : sketch.meanCount > 1);
  const show = personal === null ? (text: string) => text : maskText;
  const distinct = { count: Math.min(sketch.distinct, nValues), exact: sketch.exact };
  return {
    name,
    type,
    notes,
    nMissing,
    suspectedMissing: suspectedMissing(values, nValues),
    nNotFinite,
    distinct,
    ...(numbers && { numbers }),
    ...(isTime && { span: { earliest: timeText(min), latest: timeText(max) } }),
    ...(repeats && {
      top: values
        .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1))
        .slice(0, TOP)
        .map(({ text, count }) => ({ value: show(text), count })),
    }),
    personal,
    ignored: ignoredReason(profile, numbers),
  };
}

function ignoredReason(
  { name, nRows, nMissing, sketch }: ColumnProfile,
  numbers: NumericSummary | undefined,
): IgnoredReason | null {
  if (nMissing === nRows) return 'empty';
  if (nMissing === 0 && nRows > 1 && sketch.exact && sketch.distinct === 1) return 'constant';
  // The index that pandas writes: no name, and the numbers of the rows.
  const isCounted =
    numbers !== undefined && numbers.max - numbers.min === nRows - 1 && sketch.meanCount === 1;
  return isIndexName(name) && isCounted && numbers.min <= 1 ? 'row_number' : null;
}
