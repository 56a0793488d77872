import type { AssumedMissing, EntityColumnPlan, IgnoredColumn } from '../contracts/artifacts.ts';
import type { ColumnConfig, DatasetConfig } from '../contracts/dataset.ts';
import type { EntityColumnType } from '../contracts/recipe.ts';
import type { ColumnProfile } from './column-profile.ts';
import { isIndexName } from './index-name.ts';
import { type ColumnType, type InferredType, inferColumnType } from './infer-column-type.ts';
import { personalKind } from './personal-columns.ts';
import { suspectedMissing } from './suspected-missing.ts';

/** What is inferred of one column of a dataset, from a sample of all its files. */
export interface SampledColumn {
  readonly profile: ColumnProfile;
  readonly inferred: InferredType;
}

const TYPES: Partial<Record<ColumnType, EntityColumnType>> = {
  boolean: 'boolean',
  integer: 'number',
  decimal: 'number',
  date: 'time',
  timestamp: 'time',
  list: 'list',
  category: 'category',
};

/** How a column takes part, or why it does not; with the values that are taken for missing. */
export type ColumnDecision = ({ readonly column: EntityColumnPlan } | { readonly ignored: IgnoredColumn }) & {
  readonly assumedMissing?: readonly AssumedMissing[];
};

/**
 * Decides on a column: as it is configured, else as its values look. Columns that are constant in the sample are read,
 * since a sample cannot tell that they always are.
 */
export function decideColumn({ profile, inferred }: SampledColumn, config: DatasetConfig): ColumnDecision {
  const { name, nRows } = profile;
  const configured: ColumnConfig = config.columns?.[name] ?? {};
  const ignored = (reason: IgnoredColumn['reason'], detail: string) => ({
    ignored: { name, reason, detail },
  });
  if (configured.type === 'ignore' || configured.type === 'text') {
    return ignored('configured', `configured as ${configured.type}`);
  }
  if (config.personal?.columns.includes(name)) return ignored('personal', 'configured as personal');
  const type = configured.type ?? TYPES[inferred.type];
  if (configured.type === undefined) {
    const personal = personalKind(profile, inferred.type);
    if (personal !== null) return ignored('personal', `looks like ${personal.replace('_', ' ')}`);
    if (inferred.type === 'empty') return ignored('empty', `no value in the ${nRows} rows looked at`);
    if (isRowNumber(profile, inferred.type)) return ignored('row_number', 'counts the rows and has no name');
    if (inferred.type === 'id') return ignored('identifier', 'names something else than the entity');
  }
  if (type === undefined) {
    return ignored('free_text', `${profile.sketch.distinct} different texts in the ${nRows} rows looked at`);
  }
  if (type === 'time' && inferred.notes.includes('ambiguous_day_and_month')) {
    return ignored('ambiguous_dates', 'days and months cannot be told apart; write YYYY-MM-DD');
  }
  const suspected = suspectedMissing(profile.sketch.values(), nRows - profile.nMissing).filter(
    ({ reason }) => reason === 'word' || (type === 'number' && configured.missing === undefined),
  );
  const numbers = suspected.filter(({ reason }) => reason === 'sentinel_number');
  const column: EntityColumnPlan = {
    name,
    source: name,
    type,
    unit: configured.unit ?? '',
    missing: configured.missing ?? numbers.map(({ value }) => value),
    separator: type === 'list' ? (configured.separator ?? separatorOf(inferred)) : null,
  };
  return { column, assumedMissing: suspected.map((value) => ({ column: name, ...value })) };
}

/** JSON lists have no separator. */
const separatorOf = ({ notes }: InferredType) => (notes.includes('lists_of_json') ? null : '|');

/** The index that pandas writes: no name, whole numbers from 0 or 1, none twice. */
function isRowNumber(profile: ColumnProfile, type: ColumnType): boolean {
  const { name, numbers, sketch } = profile;
  return isIndexName(name) && type === 'integer' && numbers.plain.min <= 1 && sketch.meanCount === 1;
}

/** Types that hold one another: prices may all be whole in one file, and instants at midnight. */
const WIDER: Partial<Record<ColumnType, ColumnType>> = { integer: 'decimal', date: 'timestamp' };

/**
 * What a column is in all files: what each of them says where they agree, since one may write decimal commas and days
 * first and the next not; else what their values say together.
 */
export function sampledColumn(profile: ColumnProfile, ofFiles: readonly InferredType[]): SampledColumn {
  const together = inferColumnType(profile);
  const told = ofFiles.filter(({ type }) => type !== 'empty');
  const types = new Set(told.map(({ type }) => WIDER[type] ?? type));
  const [type] = types;
  if (type === undefined || types.size > 1) return { profile, inferred: together };
  const clear = told.find(({ notes }) => !notes.includes('ambiguous_day_and_month')) ?? told[0]!;
  return { profile, inferred: { ...clear, type: told.length === 1 ? clear.type : type } };
}
