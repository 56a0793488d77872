import { brazilianState } from './brazil-regions.ts';
import type { LeadColumns, LeadConcept } from './lead-columns.ts';
import type { Tally } from './segment-tally.ts';

/** What a segment is judged by: how much it is worth, does, intends, and how fresh it is. */
export const LEVEL_AXES = ['value', 'engagement', 'intention', 'days', 'human'] as const;
export type LevelAxis = (typeof LEVEL_AXES)[number];

/** A segment on one axis, and where that comes from. `days` are days, all others 0..1. */
export interface Level {
  readonly level: number;
  readonly column: string;
  /** `mean`: mean ÷ the scale's maximum; `rank`: share of all customers below the segment's median; `median`: days. */
  readonly by: 'mean' | 'rank' | 'median';
}

/** A segment on the axes that the dataset has columns for. */
export type SegmentLevels = Readonly<Partial<Record<LevelAxis, Level>>>;

/** Position of the classes Low, Medium, High on 0..1. */
const CLASS_LEVELS: ReadonlyMap<string, number> = new Map([
  ['low', 0],
  ['baixo', 0],
  ['bajo', 0],
  ['medium', 0.5],
  ['médio', 0.5],
  ['medio', 0.5],
  ['high', 1],
  ['alto', 1],
]);

/** Largest value of a class written as a number, and of a score. */
const CLASS_MAX = 2;
const SCORE_MAX = 100;

/** Reads a segment's levels off its tally. Scores within 0..100 count by their mean, other amounts by their rank. */
export function segmentLevels(segment: Tally, whole: Tally, columns: LeadColumns): SegmentLevels {
  const scaled = (concepts: readonly LeadConcept[], max: number): Level | undefined => {
    for (const concept of concepts) {
      const column = columns[concept];
      const here = column === undefined ? undefined : segment.numbers.get(column);
      const all = column === undefined ? undefined : whole.numbers.get(column);
      if (column === undefined || here === undefined || all === undefined) continue;
      const isScale = max > 0 && all.min >= 0 && all.max <= max;
      return isScale
        ? { level: here.mean / max, column, by: 'mean' }
        : { level: all.rank(here.median), column, by: 'rank' };
    }
    return undefined;
  };
  const days = columns.daysSince === undefined ? undefined : segment.numbers.get(columns.daysSince);
  const found: Record<LevelAxis, Level | undefined> = {
    value: classLevel(segment, columns) ?? scaled(['valueClass'], CLASS_MAX) ?? scaled(['money'], 0),
    engagement: scaled(['behavior', 'engagement'], SCORE_MAX),
    intention: scaled(['intention'], SCORE_MAX),
    days: days && { level: days.median, column: columns.daysSince!, by: 'median' },
    human: scaled(['bot'], SCORE_MAX),
  };
  return Object.fromEntries(Object.entries(found).filter(([, level]) => level !== undefined));
}

/** Mean position of Low, Medium and High where the class is written in words. */
function classLevel({ categories }: Tally, { valueClass }: LeadColumns): Level | undefined {
  const counts = (valueClass === undefined ? undefined : categories.get(valueClass)) ?? [];
  const known = counts.flatMap(([value, count]) => {
    const level = CLASS_LEVELS.get(value.toLowerCase());
    return level === undefined ? [] : [{ level, count }];
  });
  const total = known.reduce((sum, { count }) => sum + count, 0);
  if (valueClass === undefined || total === 0) return undefined;
  return {
    level: known.reduce((sum, { level, count }) => sum + level * count, 0) / total,
    column: valueClass,
    by: 'mean',
  };
}

/** The most frequent value of a column and its share of those that have one; undefined when nobody has. */
export function dominantValue(
  { categories }: Tally,
  column: string | undefined,
): { readonly value: string; readonly share: number } | undefined {
  const counts = (column === undefined ? undefined : categories.get(column)) ?? [];
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const [first] = counts;
  return first && { value: first[0], share: first[1] / total };
}

/** Share of a segment's customers with a known state by Brazilian region, the largest first. */
export function regionShares(
  { categories }: Tally,
  { state }: LeadColumns,
): [region: string, share: number][] {
  const counts = (state === undefined ? undefined : categories.get(state)) ?? [];
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const shares = new Map<string, number>();
  for (const [value, count] of counts) {
    const region = brazilianState(value)?.region;
    if (region !== undefined) shares.set(region, (shares.get(region) ?? 0) + count / total);
  }
  return [...shares].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
