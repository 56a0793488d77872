import type { DateOrder, DecimalMark } from '../contracts/table-layout.ts';
import type { ColumnProfile } from './column-profile.ts';
import { dateOrder } from './local-dates.ts';
import { decimalMark } from './local-numbers.ts';

/** What the values of a column are. */
export type ColumnType =
  | 'empty'
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'date'
  | 'timestamp'
  | 'list'
  | 'id'
  | 'category'
  | 'text';

/** Remarks on a column, each a fact that the data show. */
export type ColumnNote =
  | 'ambiguous_day_and_month'
  | 'ambiguous_decimal_mark'
  | 'day_before_month'
  | 'month_before_day'
  | 'decimal_comma'
  | 'integers_written_as_floats'
  | 'excel_serial_dates'
  | 'lists_of_json'
  | 'lists_of_bars'
  | 'mixed_types'
  | 'formula_texts';

/** A column's type, how its values are written, and what is remarkable. */
export interface InferredType {
  readonly type: ColumnType;
  readonly decimal: DecimalMark;
  readonly order: DateOrder;
  readonly notes: readonly ColumnNote[];
}

/** Share of values that decide a type; the others are reported as unreadable. */
const DECISIVE = 0.95;
/** Categories repeat: at most this many, and at most this share of the values, are different. */
const MOST_CATEGORIES = 1000;
const CATEGORY_SHARE = 0.5;

/** Whether a column goes by the name of an identifier: `id`, or a name that ends in it, in a number or in a key. */
const ID_NAME = /^(id|uuid|guid|key)$|[_ -](id|uuid|guid|key|no|nr|number)$|[a-z](Id|ID|No|Number|Key)$/i;
const DATE_NAME = /date|time|datum|day|created|updated|(^|_)at$/i;
/** Excel serials of 1954 to 2119: days since 1899-12-30. */
const SERIALS = [20_000, 80_000] as const;

/** Infers what the values of a column are. Words for "no value" do not count. */
export function inferColumnType(profile: ColumnProfile): InferredType {
  const { kinds, name, sketch } = profile;
  const decimal = decimalMark({
    point: profile.having('point'),
    comma: profile.having('comma'),
  });
  const dates = dateOrder({
    ymd: profile.having('ymd'),
    dmy: profile.having('dmy'),
    mdy: profile.having('mdy'),
  });
  const n = profile.nRows - profile.nMissing - profile.having('missingWord');
  const base = { decimal, order: dates.order };
  const is = (count: number) => count >= DECISIVE * n && count > 0;
  const notes: ColumnNote[] = profile.having('formula') > 0 ? ['formula_texts'] : [];
  const inferred = (type: ColumnType, ...more: readonly ColumnNote[]) => ({
    ...base,
    type,
    notes: [...notes, ...more],
  });
  if (n <= 0) return inferred('empty');
  if (is(kinds.boolean) || is(profile.having('boolean'))) return inferred('boolean');
  const nDates = profile.having(dates.order);
  if (is(kinds.time) || is(nDates)) {
    const more: ColumnNote[] = [];
    if (dates.isAmbiguous) more.push('ambiguous_day_and_month');
    else if (dates.order !== 'ymd')
      more.push(dates.order === 'dmy' ? 'day_before_month' : 'month_before_day');
    return inferred(profile.having('time') > 0 ? 'timestamp' : 'date', ...more);
  }
  const nNumbers = profile.having(decimal === ',' ? 'comma' : 'point');
  if (is(nNumbers)) {
    const more: ColumnNote[] = [];
    const isWhole = profile.having(decimal === ',' ? 'wholeComma' : 'wholePoint') === nNumbers;
    if (decimal === ',') more.push('decimal_comma');
    // Numbers that both marks read, but differently, and none that only one of them reads.
    const nPlain = profile.having('plain');
    if (profile.having('point') === profile.having('comma') && nPlain < nNumbers)
      more.push('ambiguous_decimal_mark');
    if (isWhole && profile.having('floatWhole') > 0) more.push('integers_written_as_floats');
    const { min, max } = profile.numbers.plain;
    if (DATE_NAME.test(name) && min >= SERIALS[0] && max <= SERIALS[1]) more.push('excel_serial_dates');
    if (isWhole && ID_NAME.test(name)) return inferred('id', ...more);
    if (isWhole && min === 0 && max === 1) return inferred('boolean', ...more);
    return inferred(isWhole ? 'integer' : 'decimal', ...more);
  }
  if (is(profile.having('jsonList'))) return inferred('list', 'lists_of_json');
  if (profile.having('barList') >= n / 2) return inferred('list', 'lists_of_bars');
  const isMixed = nNumbers > n / 2 || nDates > n / 2;
  const mixed: ColumnNote[] = isMixed ? ['mixed_types'] : [];
  const isUnique = () => sketch.distinct > 1 && sketch.meanCount === 1;
  if (ID_NAME.test(name) || (n > 20 && profile.having('words') === 0 && isUnique()))
    return inferred('id', ...mixed);
  const isCategory =
    sketch.exact && sketch.distinct <= MOST_CATEGORIES && sketch.distinct <= Math.max(2, CATEGORY_SHARE * n);
  return inferred(isCategory ? 'category' : 'text', ...mixed);
}
