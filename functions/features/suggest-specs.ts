import type { DatasetConfig, DatasetKind } from '../contracts/dataset.ts';
import {
  type EntityColumn,
  type FeatureSpec,
  type RecipeSpec,
  type SelectionSpec,
  selectionSpecSchema,
} from '../contracts/recipe.ts';
import { InvalidRequestError } from '../errors.ts';
import { FEATURE_GROUPS, plainName } from './feature-groups.ts';

/** Order of the lifetime value classes, in the words of the data. */
const LTV_CLASSES = ['Low', 'Medium', 'High'];
/** A score that is high for what is low in all others. */
const INVERTED_FROM = 100;

/** What the dataset's columns are to be made of. */
export interface SpecSource {
  readonly config: Pick<
    DatasetConfig,
    'features' | 'featuresToUse' | 'scaling' | 'selection' | 'timeZone' | 'personal'
  >;
  readonly kind: DatasetKind;
  readonly columns: readonly EntityColumn[];
  /** Column that recency and calendar features are read from; null where there is none. */
  readonly timeColumn: string | null;
}

/**
 * The recipe of a dataset: its configuration where it says something, else what kind and types suggest. Leads get the
 * features their source recommends (days since, hour, weekend, business hours, classes in order, scores) on 0..1; all
 * other kinds z-scores of numbers, 0/1 columns of categories and days since each time.
 * @throws InvalidRequestError for configured features or groups that no column answers to, listing those that exist
 */
export function suggestSpecs(source: SpecSource): RecipeSpec {
  const { config, kind, columns } = source;
  const chosen = chosenColumns(source);
  return {
    scaling: config.scaling ?? (kind === 'leads' ? 'minmax' : 'zscore'),
    timeZone: config.timeZone,
    specs: config.features
      ? checkedSpecs(config.features, columns)
      : chosen.flatMap((c) => specsOf(c, source)),
    selection: selectionOf(config.selection),
  };
}

function selectionOf(selection: DatasetConfig['selection']): SelectionSpec | undefined {
  if (selection === null) return undefined;
  return selection ?? selectionSpecSchema.parse({});
}

function chosenColumns({ config, columns }: SpecSource): readonly EntityColumn[] {
  const personal = new Set(config.personal?.columns.map(plainName));
  const usable = columns.filter(
    ({ name, source }) => !personal.has(plainName(source)) && !personal.has(plainName(name)),
  );
  const { featuresToUse } = config;
  if (!featuresToUse) return usable;
  const wanted = new Set<string>();
  for (const asked of featuresToUse) {
    const [, group] =
      Object.entries(FEATURE_GROUPS).find(([name]) => plainName(name) === plainName(asked)) ?? [];
    const names = new Set([asked, ...(group ?? [])].map(plainName));
    const found = usable.filter(
      ({ name, source }) => names.has(plainName(name)) || names.has(plainName(source)),
    );
    if (found.length === 0) throw unknownFeature(asked, usable);
    for (const { name } of found) wanted.add(name);
  }
  return usable.filter(({ name }) => wanted.has(name));
}

function specsOf(column: EntityColumn, { kind, timeColumn }: SpecSource): FeatureSpec[] {
  const { name, type } = column;
  const plain = plainName(name);
  if (type === 'number') {
    return [{ kind: 'numeric', column: name, ...(plain === 'botscore' && { invert: INVERTED_FROM }) }];
  }
  if (type === 'boolean') return [{ kind: 'boolean', column: name }];
  if (type === 'list') return [{ kind: 'list', column: name }];
  if (type === 'category') {
    return plain === 'ltvclass'
      ? [{ kind: 'ordinal', column: name, order: LTV_CLASSES }]
      : [{ kind: 'onehot', column: name }];
  }
  const recency: FeatureSpec = { kind: 'recency', column: name };
  if (kind !== 'leads' || name !== timeColumn) return [recency];
  return [
    { ...recency, name: 'days_since_lead' },
    { kind: 'calendar', column: name, parts: ['hour_of_day', 'is_weekend', 'is_business_hours'] },
  ];
}

function checkedSpecs(
  specs: readonly FeatureSpec[],
  columns: readonly EntityColumn[],
): readonly FeatureSpec[] {
  return specs.map((spec) => {
    const found = columns.find(({ name, source }) => spec.column === name || spec.column === source);
    if (!found) throw unknownFeature(spec.column, columns);
    const { type } = found;
    if (!TYPES[spec.kind].includes(type)) {
      throw new InvalidRequestError(
        `The feature of kind ${spec.kind} needs a column of type ${TYPES[spec.kind].join(' or ')}, but "${found.name}" is of type ${type}. ` +
          'Choose another kind, or set the type of the column under "columns".',
        { reason: 'feature_kind', column: found.name },
      );
    }
    return { ...spec, column: found.name };
  });
}

/** Column types that each kind of feature reads. */
const TYPES: Readonly<Record<FeatureSpec['kind'], readonly EntityColumn['type'][]>> = {
  numeric: ['number', 'boolean'],
  onehot: ['category'],
  ordinal: ['category'],
  boolean: ['boolean'],
  calendar: ['time'],
  recency: ['time'],
  list: ['list'],
};

function unknownFeature(asked: string, columns: readonly EntityColumn[]): InvalidRequestError {
  const groups = Object.keys(FEATURE_GROUPS).join(', ');
  return new InvalidRequestError(
    `There is no usable column or feature group "${asked}". Columns: ${columns.map(({ name }) => name).join(', ')}. Groups: ${groups}. ` +
      'Correct the name in the dataset configuration.',
    { reason: 'unknown_feature', feature: asked },
  );
}
