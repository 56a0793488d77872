import type {
  EntityCell,
  EntityColumn,
  FeatureStep,
  FittedFeature,
  FittedRecipe,
} from '../contracts/recipe.ts';

/** A recipe as far as moves need it. */
export type MovableRecipe = Pick<FittedRecipe, 'columns' | 'features' | 'referenceAt'>;

/** Other values that a cell may take, besides ranges of numbers. A missing value stays missing. */
export function otherCells(recipe: MovableRecipe, column: EntityColumn, cell: EntityCell): EntityCell[] {
  const steps = stepsFrom(recipe, column.name);
  if (column.type === 'boolean') return typeof cell === 'number' ? [cell === 0 ? 1 : 0] : [];
  if (column.type === 'category') {
    return typeof cell === 'string' ? knownValues(steps).filter((value) => value !== cell) : [];
  }
  if (column.type === 'list') return Array.isArray(cell) ? toggledLists(steps, cell) : [];
  if (column.type === 'time' && typeof cell === 'number') {
    const referenceMs = Date.parse(recipe.referenceAt);
    // An instant after the reference has not happened.
    return shiftedTimes(cell).filter((instant) => instant <= referenceMs || instant <= cell);
  }
  return [];
}

/** Values of a category that the recipe tells apart: switching to one is what one-hot features allow. */
function knownValues(steps: readonly FeatureStep[]): string[] {
  const values = steps.flatMap((step) => {
    if (step.step === 'equals') return [step.value];
    if (step.step === 'ordinal') return step.order;
    return step.step === 'other' ? step.known : [];
  });
  return [...new Set(values)];
}

/** The list with one entry that the recipe knows more, or less. */
function toggledLists(steps: readonly FeatureStep[], list: readonly string[]): (readonly string[])[] {
  const entries = new Set(steps.flatMap((step) => (step.step === 'member' ? [step.value] : [])));
  return [...entries].map((entry) =>
    list.includes(entry) ? list.filter((one) => one !== entry) : [...list, entry],
  );
}

const MS_PER_HOUR = 3_600_000;
const MAX_HOURS = 23;
const MAX_DAYS = 366;

/** Whole hours within a day, and whole days within a year, either way; the shortest first. */
function shiftedTimes(instant: number): number[] {
  const hours = Array.from({ length: MAX_HOURS }, (_, i) => i + 1);
  const days = Array.from({ length: MAX_DAYS }, (_, i) => 24 * (i + 1));
  return [...hours, ...days].flatMap((shift) => [
    instant - shift * MS_PER_HOUR,
    instant + shift * MS_PER_HOUR,
  ]);
}

/**
 * The values of a number that the fitted data holds, in its own unit: between them a change is one that customers show.
 * undefined where no feature follows the number.
 */
export function numberRange(
  { features }: Pick<FittedRecipe, 'features'>,
  column: string,
): { readonly min: number; readonly max: number } | undefined {
  const ends = features
    .filter(({ source, steps }) => source === column && isMonotone(steps))
    .flatMap((feature) => [valueBefore(feature, feature.min), valueBefore(feature, feature.max)])
    .filter(Number.isFinite);
  return ends.length === 0 ? undefined : { min: Math.min(...ends), max: Math.max(...ends) };
}

function isMonotone(steps: readonly FeatureStep[]): boolean {
  const [first, ...rest] = steps;
  return first?.step === 'value' && rest.every(({ step }) => step !== 'isMissing' && step !== 'cycle');
}

/** The cell that a value before scaling comes from: the steps undone, last first. */
function valueBefore({ steps }: FittedFeature, value: number): number {
  return steps.reduceRight((raw, step) => {
    if (step.step === 'log1p') return Math.expm1(raw);
    return step.step === 'invert' ? step.from - raw : raw;
  }, value);
}

function stepsFrom({ features }: MovableRecipe, column: string): FeatureStep[] {
  return features.flatMap(({ source, steps }) => (source === column ? steps : []));
}
