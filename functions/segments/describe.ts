import { rawCenter } from '../clustering/model.ts';
import type { Model } from '../contracts/artifacts.ts';
import type { SegmentRecord } from '../contracts/records.ts';
import { columnImportance, distinctiveFeatures } from './distinctive-features.ts';
import { COLUMN_ALIASES, findLeadColumns } from './lead-columns.ts';
import { leadNames } from './lead-names.ts';
import type { Locale } from './localized-text.ts';
import { nameSegments, type SegmentName } from './name.ts';
import type { NameRule } from './name-rules.ts';
import { mergeTallies, type PartialTally, type Tally } from './segment-tally.ts';

/** A named segment without the run it belongs to: an element of artefact `segment_profiles.json`. */
export type SegmentDescription = Omit<SegmentRecord, 'tenant' | 'dataset' | 'run_id'>;

/** Values told of a category, at most. */
const TOP_VALUES = 5;

/** How segments are named. */
export interface Naming {
  readonly locale: Locale;
  /** Of RFM segments; default: the published table. */
  readonly rules?: readonly NameRule[];
}

/**
 * Names and describes the segments of a model by tallies of all rows, one per cluster, in order of their ids: RFM segments by
 * the table of RFM names, all others by value, behaviour and place, or by what sets them apart.
 */
export function describeSegments(
  tallies: readonly PartialTally[],
  model: Model,
  { locale, rules }: Naming = { locale: 'en' },
): SegmentDescription[] {
  const whole = mergeTallies(tallies);
  const segments = tallies
    .map((tally, segmentId) => ({ segmentId, tally: mergeTallies([tally]) }))
    .filter(({ tally }) => tally.size > 0);
  const names =
    model.recipe.recipe === 'rfm' ? rfmNames(segments, whole, rules) : tableNames(segments, whole, locale);
  return segments.map(({ segmentId, tally }) => ({
    segment_id: segmentId,
    name: names.get(segmentId)?.name ?? `Segment ${segmentId}`,
    size: tally.size,
    share: tally.size / whole.size,
    name_rule: names.get(segmentId)?.nameRule ?? 'no rule of the table holds',
    statistics: Object.fromEntries(
      inTableOrder(tally, model).map(([name, { mean, median, min, max }]) => [
        name,
        { mean, median, min, max },
      ]),
    ),
    center: rawCenter(model, segmentId),
    ...(tally.categories.size > 0 && { categories: topValues(tally) }),
  }));
}

interface Segment {
  readonly segmentId: number;
  readonly tally: Tally;
}

function rfmNames(
  segments: readonly Segment[],
  whole: Tally,
  rules?: readonly NameRule[],
): ReadonlyMap<number, SegmentName> {
  const medians = segments.map(({ segmentId, tally }) => ({
    segmentId,
    medians: Object.fromEntries([...tally.numbers].map(([name, { median }]) => [name, median])),
  }));
  const population = (feature: string, q: number) => whole.numbers.get(feature)?.quantile(q) ?? Number.NaN;
  return nameSegments(medians, population, rules);
}

function tableNames(
  segments: readonly Segment[],
  whole: Tally,
  locale: Locale,
): ReadonlyMap<number, SegmentName> {
  const importance = columnImportance(
    segments.map(({ tally }) => tally),
    whole,
  );
  const named = segments.map(({ segmentId: id, tally }) => ({
    id,
    tally,
    distinctive: distinctiveFeatures(tally, whole, importance),
  }));
  const columns = findLeadColumns([...whole.numbers.keys(), ...whole.categories.keys()], COLUMN_ALIASES);
  const names = leadNames(named, whole, columns, locale);
  return new Map(
    names.map(({ label, nameRule }, i) => [named[i]!.id, { name: capitalised(label), nameRule }]),
  );
}

/** Numeric columns as the entity table has them, then what the recipe made besides. */
function inTableOrder({ numbers }: Tally, { recipe }: Model) {
  const place = new Map(recipe.columns.map(({ name }, i) => [name, i]));
  const last = recipe.columns.length;
  return [...numbers].sort(([a], [b]) => (place.get(a) ?? last) - (place.get(b) ?? last));
}

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function topValues({ categories }: Tally): NonNullable<SegmentDescription['categories']> {
  return Object.fromEntries(
    [...categories].map(([name, counts]) => {
      const total = counts.reduce((sum, [, count]) => sum + count, 0);
      return [name, counts.slice(0, TOP_VALUES).map(([value, count]) => ({ value, share: count / total }))];
    }),
  );
}
