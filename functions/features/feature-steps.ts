import type { FeatureStep } from '../contracts/recipe.ts';
import { calendarOf } from './calendar.ts';
import type { EntityTable, EntityValues } from './entity-table.ts';

const DAY_MS = 86_400_000;

/**
 * Runs the steps of one feature over a column: float64 before scaling, NaN where a value is missing that nothing stands
 * in for. One customer is a table of one row, so that a batch and a single score take the same path to the same bits.
 * Of the cells as they are, the array is the column's own: read it, never write to it.
 */
export function runSteps(steps: readonly FeatureStep[], column: EntityValues, nRows: number): Float64Array {
  const [first, ...rest] = steps;
  if (first?.step === 'value' && rest.length === 0) return numbersOf(column, nRows);
  const values = first ? readColumn(first, column, nRows) : new Float64Array(nRows);
  for (const step of rest) applyStep(step, values);
  return values;
}

/** The column of a table. @throws Error for a table that lacks it: its maker and the recipe do not belong together */
export function columnOf(table: EntityTable, name: string): EntityValues {
  const column = table.columns.get(name);
  if (column) return column;
  throw new Error(`The entity table has no column ${name}: it has ${[...table.columns.keys()].join(', ')}.`);
}

/** Numbers of a column that depend on the text alone. */
export interface CodedNumbers {
  readonly codes: Int32Array;
  /** By code; the last one is that of a missing text, code −1. */
  readonly numbers: Float64Array;
}

/** The feature as one number per text of a column of categories; undefined for steps that need each row. */
export function codedNumbers(steps: readonly FeatureStep[], column: EntityValues): CodedNumbers | undefined {
  const [first, ...rest] = steps;
  if (first === undefined || rest.length > 0 || column.type !== 'category') return undefined;
  const { codes, dictionary } = column;
  const byText = (numberOf: (text: string) => number, whereMissing: number) => {
    const numbers = new Float64Array(dictionary.length + 1).fill(whereMissing);
    for (const [code, text] of dictionary.entries()) numbers[code] = numberOf(text);
    return { codes, numbers };
  };
  switch (first.step) {
    case 'ordinal': {
      const position = new Map(first.order.map((text, i) => [text, i]));
      return byText((text) => position.get(text) ?? Number.NaN, Number.NaN);
    }
    case 'equals':
      return byText((text) => (text === first.value ? 1 : 0), 0);
    case 'other': {
      const known = new Set(first.known);
      return byText((text) => (known.has(text) ? 0 : 1), 0);
    }
    default:
      return undefined;
  }
}

/** The first step: cells to numbers. */
function readColumn(step: FeatureStep, column: EntityValues, nRows: number): Float64Array {
  switch (step.step) {
    case 'ordinal':
      return ofTexts(step, column, new Float64Array(nRows).fill(Number.NaN));
    case 'equals':
    case 'other':
      return ofTexts(step, column, new Float64Array(nRows));
    case 'isMissing':
      return missing(column, nRows);
    case 'length':
      return lengths(column, nRows);
    case 'member':
      return members(column, nRows, step.value);
    case 'calendar':
      return calendarOf(step.timeZone).column(step.part, numbersOf(column, nRows));
    case 'recency': {
      const reference = Date.parse(step.referenceAt);
      const days = numbersOf(column, nRows).slice();
      for (let i = 0; i < nRows; i++) days[i] = Math.floor((reference - days[i]!) / DAY_MS);
      return days;
    }
    default: {
      const values = numbersOf(column, nRows).slice();
      if (step.step !== 'value') applyStep(step, values);
      return values;
    }
  }
}

/** A later step, in place. */
export function applyStep(step: FeatureStep, values: Float64Array): void {
  const n = values.length;
  switch (step.step) {
    case 'invert':
      for (let i = 0; i < n; i++) values[i] = step.from - values[i]!;
      break;
    case 'impute':
      for (let i = 0; i < n; i++) if (Number.isNaN(values[i]!)) values[i] = step.value;
      break;
    case 'isMissing':
      for (let i = 0; i < n; i++) values[i] = Number.isNaN(values[i]!) ? 1 : 0;
      break;
    case 'clip':
      for (let i = 0; i < n; i++) {
        const value = values[i]!;
        values[i] = value < step.lower ? step.lower : value > step.upper ? step.upper : value;
      }
      break;
    case 'log1p':
      for (let i = 0; i < n; i++) values[i] = Math.log1p(values[i]!);
      break;
    case 'cycle': {
      const wave = step.wave === 'sin' ? Math.sin : Math.cos;
      for (let i = 0; i < n; i++) values[i] = wave((2 * Math.PI * values[i]!) / step.period);
      break;
    }
    default:
      throw new Error(`The step ${step.step} reads a column: it can only come first.`);
  }
}

function numbersOf(column: EntityValues, nRows: number): Float64Array {
  if ('values' in column) return column.values;
  return new Float64Array(nRows).fill(Number.NaN);
}

/** One number per row from one per text; a column without texts leaves the values as they are. */
function ofTexts(step: FeatureStep, column: EntityValues, values: Float64Array): Float64Array {
  const coded = codedNumbers([step], column);
  if (coded === undefined) return values;
  const { codes, numbers } = coded;
  const whereMissing = numbers.length - 1;
  for (let i = 0; i < values.length; i++) values[i] = numbers[codes[i]! < 0 ? whereMissing : codes[i]!]!;
  return values;
}

function missing(column: EntityValues, nRows: number): Float64Array {
  const values = new Float64Array(nRows);
  if ('values' in column) {
    for (let i = 0; i < nRows; i++) values[i] = Number.isNaN(column.values[i]!) ? 1 : 0;
  } else if (column.type === 'category') {
    for (let i = 0; i < nRows; i++) values[i] = column.codes[i]! < 0 ? 1 : 0;
  } else for (let i = 0; i < nRows; i++) values[i] = column.nulls?.[i] === 1 ? 1 : 0;
  return values;
}

/** Entries per list; a missing list has none. */
function lengths(column: EntityValues, nRows: number): Float64Array {
  const values = new Float64Array(nRows);
  if (column.type !== 'list') return values;
  for (let i = 0; i < nRows; i++) values[i] = column.offsets[i + 1]! - column.offsets[i]!;
  return values;
}

function members(column: EntityValues, nRows: number, value: string): Float64Array {
  const values = new Float64Array(nRows);
  if (column.type !== 'list') return values;
  const wanted = column.dictionary.indexOf(value);
  if (wanted < 0) return values;
  for (let i = 0; i < nRows; i++) {
    for (let at = column.offsets[i]!; at < column.offsets[i + 1]!; at++) {
      if (column.codes[at] === wanted) values[i] = 1;
    }
  }
  return values;
}
