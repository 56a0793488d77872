import type { DistinctiveFeature } from './distinctive-features.ts';
import type { LeadColumns, LeadConcept } from './lead-columns.ts';
import type { Tally } from './segment-tally.ts';

/** What a segment is like, on the wire (source S0-11); averages are null where the dataset has no such column. */
export interface SegmentCharacteristics {
  /** Money, in the dataset's own currency. */
  readonly avg_ltv: number | null;
  readonly avg_behavior_score: number | null;
  readonly avg_engagement_score: number | null;
  readonly avg_intention_level: number | null;
  readonly dominant_countries: readonly string[];
  readonly dominant_states: readonly string[];
  readonly dominant_utm_source: readonly string[];
  /** Columns that set the segment apart most, the furthest first. */
  readonly top_features: readonly string[];
  /** The same with their numbers. */
  readonly distinctive_features: readonly {
    readonly feature: string;
    /** Of a category. */
    readonly value?: string;
    readonly standardised_difference: number;
    /** Share of the column's variance that the segments explain, 0..1. */
    readonly importance: number;
  }[];
  /** By numeric column; `std` is the population form. */
  readonly distributions: Readonly<
    Record<
      string,
      {
        readonly mean: number;
        readonly std: number;
        readonly median: number;
        readonly min: number;
        readonly max: number;
        /** Customers with a value. */
        readonly count: number;
      }
    >
  >;
  /** By category: shares of the most frequent values among those that have one, the most frequent first. */
  readonly categories: Readonly<
    Record<string, readonly { readonly value: string; readonly share: number }[]>
  >;
}

/** Dominant values: at most this many, each of at least this share of the customers with a value. */
export const DOMINANT = { count: 3, share: 0.1 } as const;

/** Features and values told per segment, at most. */
const TOP_FEATURES = 5;
const TOP_VALUES = 10;

/** Describes one segment by its tally. */
export function characteristicsOf(
  tally: Tally,
  columns: LeadColumns,
  distinctive: readonly DistinctiveFeature[],
): SegmentCharacteristics {
  const averageOf = (concept: LeadConcept) => {
    const column = columns[concept];
    return (column === undefined ? undefined : tally.numbers.get(column)?.mean) ?? null;
  };
  const sharesOf = (column: string) => {
    const counts = tally.categories.get(column) ?? [];
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    return counts.map(([value, count]) => ({ value, share: count / total }));
  };
  const dominantOf = (concept: LeadConcept) =>
    sharesOf(columns[concept] ?? '')
      .filter(({ share }) => share >= DOMINANT.share)
      .slice(0, DOMINANT.count)
      .map(({ value }) => value);
  const top = distinctive.slice(0, TOP_FEATURES);
  return {
    avg_ltv: averageOf('money'),
    avg_behavior_score: averageOf('behavior'),
    avg_engagement_score: averageOf('engagement'),
    avg_intention_level: averageOf('intention'),
    dominant_countries: dominantOf('country'),
    dominant_states: dominantOf('state'),
    dominant_utm_source: dominantOf('source'),
    top_features: [...new Set(top.map(({ column }) => column))],
    distinctive_features: top.map(({ column, value, standardisedDifference, importance }) => ({
      feature: column,
      ...(value !== undefined && { value }),
      standardised_difference: standardisedDifference,
      importance,
    })),
    distributions: Object.fromEntries(
      [...tally.numbers].map(([column, { mean, standardDeviation, median, min, max, count }]) => [
        column,
        { mean, std: standardDeviation, median, min, max, count },
      ]),
    ),
    categories: Object.fromEntries(
      [...tally.categories.keys()].map((column) => [column, sharesOf(column).slice(0, TOP_VALUES)]),
    ),
  };
}
