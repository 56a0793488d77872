import type { EntityCell, EntityColumn, FittedFeature, FittedRecipe } from '../contracts/recipe.ts';
import { InvalidRequestError } from '../errors.ts';
import type { EntityTable, EntityValues } from './entity-table.ts';
import { type CodedNumbers, codedNumbers, columnOf, runSteps } from './feature-steps.ts';

/** A feature of all rows before scaling, in its own unit: float64, NaN where a missing value has no stand-in. */
export function rawFeature({ steps, source }: FittedFeature, table: EntityTable): Float64Array {
  return runSteps(steps, columnOf(table, source), table.nRows);
}

/** A value before scaling in kernel units: computed in float64, rounded to float32 once. */
export function scaleValue({ offset, scale }: Pick<FittedFeature, 'offset' | 'scale'>, raw: number): number {
  return Math.fround((raw - offset) / scale);
}

/** A kernel value in the feature's own unit again, in float64. */
export function unscaleValue(
  { offset, scale }: Pick<FittedFeature, 'offset' | 'scale'>,
  scaled: number,
): number {
  return scaled * scale + offset;
}

/** One feature of all rows in kernel units. @param scaled receives it */
export function featureColumn(
  feature: FittedFeature,
  table: EntityTable,
  scaled = new Float32Array(table.nRows),
): Float32Array {
  const { offset, scale, steps, source } = feature;
  const coded = codedNumbers(steps, columnOf(table, source));
  if (coded !== undefined) return codedColumn(feature, coded, scaled);
  const raw = rawFeature(feature, table);
  for (let i = 0; i < raw.length; i++) scaled[i] = (raw[i]! - offset) / scale;
  return scaled;
}

/** Each text's number is scaled once, to the same bits as row by row. */
function codedColumn(
  { offset, scale }: Pick<FittedFeature, 'offset' | 'scale'>,
  { codes, numbers }: CodedNumbers,
  scaled: Float32Array,
): Float32Array {
  const byCode = Float32Array.from(numbers, (number) => (number - offset) / scale);
  const whereMissing = numbers.length - 1;
  for (let i = 0; i < codes.length; i++) scaled[i] = byCode[codes[i]! < 0 ? whereMissing : codes[i]!]!;
  return scaled;
}

/** All features of all rows in kernel units, in the order of the recipe. */
export function applyRecipe(recipe: FittedRecipe, table: EntityTable): Float32Array[] {
  return recipe.features.map((feature) => featureColumn(feature, table));
}

/**
 * The features of one customer, to the same bits as in a batch. Unknown fields are refused, missing ones are missing
 * values.
 * @throws InvalidRequestError for a field that is no column, a cell of the wrong type, or one so far out that its
 * feature is not a finite float32
 */
export function applyRecipeToCells(
  recipe: FittedRecipe,
  cells: Readonly<Record<string, EntityCell>>,
): Float32Array {
  const table = tableOfCells(recipe.columns, cells);
  return Float32Array.from(recipe.features, (feature) => {
    const [value = Number.NaN] = featureColumn(feature, table);
    if (Number.isFinite(value)) return value;
    const cell = cells[feature.source] ?? null;
    const given = Object.keys(cells).filter((name) => cells[name] !== null);
    throw new InvalidRequestError(
      cell === null
        ? `Invalid input: the model needs the column ${feature.source}; found ${given.join(', ') || 'none'}. Give it a value.`
        : `Invalid input: ${feature.source} is ${JSON.stringify(cell).slice(0, 100)}, too far from the ${recipe.nSamples} rows of the model to be scored.`,
      { reason: 'feature_value', feature: feature.name, column: feature.source },
    );
  });
}

/** The range of dates in JavaScript, ms from the epoch. */
const LATEST_MS = 8.64e15;

/** A date, or an instant with its zone: what is read the same everywhere. */
const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** An entity table of one row. @throws InvalidRequestError for unknown columns and cells of the wrong type */
export function tableOfCells(
  columns: readonly EntityColumn[],
  cells: Readonly<Record<string, EntityCell>>,
): EntityTable {
  const unknown = Object.keys(cells).find((name) => !columns.some((column) => column.name === name));
  if (unknown !== undefined) {
    throw new InvalidRequestError(
      `Invalid input: there is no column ${JSON.stringify(unknown)}. The model's columns are ${columns.map(({ name }) => name).join(', ')}.`,
      { reason: 'unknown_column', column: unknown },
    );
  }
  return {
    nRows: 1,
    ids: [''],
    columns: new Map(columns.map((column) => [column.name, cellValues(column, cells[column.name] ?? null)])),
  };
}

function cellValues({ name, type }: EntityColumn, cell: EntityCell): EntityValues {
  const refuse = (expected: string): never => {
    throw new InvalidRequestError(
      `Invalid input: ${name} must be ${expected} or null; found ${JSON.stringify(cell).slice(0, 100)}.`,
      { reason: 'cell_type', column: name },
    );
  };
  if (type === 'category') {
    if (cell === null) return { type, codes: Int32Array.of(-1), dictionary: [] };
    return typeof cell === 'string'
      ? { type, codes: Int32Array.of(0), dictionary: [cell] }
      : refuse('a text');
  }
  if (type === 'list') {
    if (cell === null) {
      return {
        type,
        offsets: Int32Array.of(0, 0),
        codes: new Int32Array(),
        dictionary: [],
        nulls: Uint8Array.of(1),
      };
    }
    if (!Array.isArray(cell)) return refuse('a list of texts');
    const dictionary = [...new Set(cell as readonly string[])];
    const codes = Int32Array.from(cell as readonly string[], (entry) => dictionary.indexOf(entry));
    return { type, offsets: Int32Array.of(0, codes.length), codes, dictionary };
  }
  if (cell === null) return { type, values: Float64Array.of(Number.NaN) };
  if (type === 'time' && typeof cell === 'string') {
    const ms = INSTANT.test(cell) ? Date.parse(cell) : Number.NaN;
    return Number.isNaN(ms)
      ? refuse('an instant in ISO 8601 (2026-01-31T12:00:00Z)')
      : { type, values: Float64Array.of(ms) };
  }
  const isNumber =
    typeof cell === 'number' && Math.abs(cell) <= (type === 'time' ? LATEST_MS : Number.MAX_VALUE);
  if (isNumber && (type !== 'boolean' || cell === 0 || cell === 1))
    return { type, values: Float64Array.of(cell) };
  return refuse(
    type === 'boolean'
      ? '0 or 1'
      : type === 'time'
        ? 'an instant in ISO 8601 or ms since the epoch'
        : 'a finite number',
  );
}
