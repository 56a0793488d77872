import type {
  EntityColumn,
  FeatureSpec,
  FeatureStep,
  FittedFeature,
  FittedRecipe,
  LeftOutFeature,
  PartialEntities,
  RecipeSpec,
  Scaling,
} from '../contracts/recipe.ts';
import { InsufficientDataError } from '../errors.ts';
import { type MergedSpec, mergePartials } from './entity-partials.ts';
import type { EntityTable } from './entity-table.ts';
import { fitFeature, scalingOf } from './fit-feature.ts';
import { selectFeatures } from './select-features.ts';
import { type UnfittedFeature, unfittedFeatures } from './unfitted-features.ts';
import { MOST_DISTINCT } from './vocabulary.ts';

/** One-hot columns of a column, at most, unless its spec says otherwise. */
const MOST_CATEGORIES = 50;
/** Members of a list that become features, unless its spec says otherwise. */
const TOP_MEMBERS = 10;

/** What a recipe is fitted on. */
export interface RecipeData {
  readonly recipe: FittedRecipe['recipe'];
  readonly columns: readonly EntityColumn[];
  /** Of all buckets, in any order. */
  readonly partials: readonly PartialEntities[];
  /** ISO 8601 UTC; the same as the partials were collected with. */
  readonly referenceAt: string;
  /**
   * The first rows in canonical order, at most 10,000: the rows of the lowest hashes, so a uniform sample that no
   * sharding changes. Correlations and shares of one value are judged on it.
   */
  readonly sample: EntityTable;
}

/**
 * Fits every parameter of a recipe and chooses the features that take part.
 * @throws InsufficientDataError when no feature is left that tells rows apart
 */
export function fitRecipe(spec: RecipeSpec, data: RecipeData): FittedRecipe {
  const { recipe, columns, referenceAt, sample } = data;
  const merged = mergePartials(data.partials);
  const leftOut: LeftOutFeature[] = [];
  const made = spec.specs.flatMap((one, s) => {
    const unit = columns.find(({ name }) => name === one.column)?.unit ?? '';
    const bases = unfittedFeatures(one, spec, referenceAt, unit);
    return fitSpec(one, bases, merged.specs[s]!, merged.nRows, spec.scaling, leftOut);
  });
  const { features, leftOut: unused } = selectFeatures(uniquelyNamed(made), sample, spec.selection);
  if (features.length === 0) {
    const reasons = [...leftOut, ...unused].map(({ name, detail }) => `${name}: ${detail}`);
    throw new InsufficientDataError(
      `No feature tells the ${merged.nRows} rows apart (${reasons.slice(0, 20).join('; ') || 'no column was usable'}). ` +
        'Add columns that vary, or name them in the dataset configuration under "featuresToUse".',
      { reason: 'no_features' },
    );
  }
  return {
    recipe,
    version: 2,
    referenceAt,
    nSamples: merged.nRows,
    columns,
    features,
    leftOut: [...leftOut, ...unused],
  };
}

function fitSpec(
  spec: FeatureSpec,
  bases: readonly UnfittedFeature[],
  merged: MergedSpec,
  nRows: number,
  scaling: Scaling,
  leftOut: LeftOutFeature[],
): FittedFeature[] {
  const numbers = bases.map((base, f) => fitFeature(base, spec, merged.features[f]!, scaling));
  const nMissing = Math.max(merged.missing, ...merged.features.map(({ missing }) => missing), 0);
  // One indicator per column: its features are all missing together.
  const indicator = nMissing > 0 ? indicatorSteps(spec, bases) : undefined;
  const flags = indicator ? [flag(spec, `${spec.column}_missing`, indicator, nMissing, nRows)] : [];
  if (spec.kind !== 'onehot' && spec.kind !== 'list') return [...numbers, ...flags];
  const ranked = merged.vocabulary.ranked();
  if (!ranked) {
    leftOut.push({
      name: spec.column,
      source: spec.column,
      reason: 'high_cardinality',
      detail: `more than ${MOST_DISTINCT} different values`,
    });
    return numbers;
  }
  const most = spec.kind === 'onehot' ? (spec.maxCategories ?? MOST_CATEGORIES) : (spec.top ?? TOP_MEMBERS);
  const top = ranked.slice(0, most);
  if (spec.kind === 'list') {
    const members = top.map(({ text, count }) =>
      flag(spec, `${spec.column}~${text}`, [{ step: 'member', value: text }], count, nRows),
    );
    return [...numbers, ...members, ...flags];
  }
  const others = ranked.slice(most).reduce((sum, { count }) => sum + count, 0);
  const columns = top.map(({ text, count }) =>
    flag(spec, `${spec.column}=${text}`, [{ step: 'equals', value: text }], count, nRows),
  );
  const known = top.map(({ text }) => text);
  // Without a rest it would be 0 in every row and every center: no label depends on such a feature.
  const other = flag(spec, `${spec.column}=other`, [{ step: 'other', known }], others, nRows);
  return [...columns, ...(others > 0 ? [other] : []), ...flags];
}

/** The steps of an indicator of missing values; undefined where none is wanted. A time's is that of its recency. */
function indicatorSteps(
  spec: FeatureSpec,
  bases: readonly UnfittedFeature[],
): readonly FeatureStep[] | undefined {
  if (spec.kind === 'calendar' || ('indicator' in spec && spec.indicator === false)) return undefined;
  const isText = spec.kind === 'onehot' || spec.kind === 'list';
  // A value that is missing in the data, or that its ordinal list does not know.
  return [...(isText ? [] : (bases[0]?.steps ?? [])), { step: 'isMissing' }];
}

/** A 0/1 feature that is 1 in `count` of the rows: its moments follow from the count. */
function flag(
  spec: FeatureSpec,
  name: string,
  steps: FittedFeature['steps'],
  count: number,
  nRows: number,
): FittedFeature {
  const moments = {
    count: nRows,
    sum: count > 0 ? [count] : [],
    sumOfSquares: count > 0 ? [count] : [],
    min: count < nRows ? 0 : 1,
    max: count > 0 ? 1 : 0,
  };
  const isIndicator = steps.at(-1)?.step === 'isMissing';
  const values = () => [
    { value: 0, count: nRows - count },
    { value: 1, count },
  ];
  const scaling = (isIndicator ? undefined : spec.scaling) ?? 'none';
  return { name, unit: '0/1', source: spec.column, steps, ...scalingOf(scaling, moments, values) };
}

/** Two columns may make features of one name (two times, both with `hour_of_day`): later ones say their column too. */
function uniquelyNamed(features: readonly FittedFeature[]): FittedFeature[] {
  const taken = new Set<string>();
  return features.map((feature) => {
    let { name } = feature;
    if (taken.has(name)) name = `${feature.source}_${name}`;
    for (let n = 2; taken.has(name); n++) name = `${feature.source}_${feature.name}_${n}`;
    taken.add(name);
    return name === feature.name ? feature : { ...feature, name };
  });
}
