import { z } from 'zod';

/**
 * A recipe says how the columns of an entity table (one row per customer, lead, …) become kernel features. It is data:
 * `RecipeSpec` is what is asked for, `FittedRecipe` the same with every parameter fitted, and the fitted one is all that
 * is needed to prepare a batch shard or one new customer, to the same bits.
 */

/** What a column of the entity table holds: float64 (NaN = missing), 0/1, UTF-8 text, ms since the epoch, list of texts. */
export const ENTITY_COLUMN_TYPES = ['number', 'boolean', 'category', 'time', 'list'] as const;
export type EntityColumnType = (typeof ENTITY_COLUMN_TYPES)[number];

/** Ways of scaling; all are (x − offset) ÷ scale. `robust`: median and interquartile range. */
export const SCALINGS = ['zscore', 'minmax', 'robust', 'none'] as const;
export type Scaling = (typeof SCALINGS)[number];

/** Calendar features of an instant in a time zone; `day_of_week` 0 = Monday, `is_business_hours` 9 ≤ hour ≤ 18. */
export const CALENDAR_PARTS = [
  'hour_of_day',
  'day_of_week',
  'day_of_month',
  'month',
  'is_weekend',
  'is_business_hours',
] as const;
export type CalendarPart = (typeof CALENDAR_PARTS)[number];

const scaling = z.enum(SCALINGS);
/** What stands in for a missing number; `median` and `mean` are fitted on the values present. */
const impute = z.union([z.enum(['median', 'mean', 'zero']), z.number()]);
const column = z.string().min(1).max(256);

/**
 * How one column becomes features. Steps run in the order: invert → impute → winsorise → log1p → scale. Where a field is
 * left out the recipe's default holds; `impute` defaults to `median`.
 */
export const featureSpecSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('numeric'),
    column,
    /** Sense inverted: `invert − x`, for scores where low is good (`bot_score`: 100). */
    invert: z.number().optional(),
    impute: impute.optional(),
    /** Adds `{column}_missing`, 0/1. Only where values are missing; default: true where any are. */
    indicator: z.boolean().optional(),
    /** Clips to these quantiles of the values present. */
    winsorise: z
      .strictObject({ lower: z.number().min(0).max(0.5), upper: z.number().min(0.5).max(1) })
      .optional(),
    /** ln(1 + x); values below 0 are refused when the recipe is fitted. */
    log1p: z.boolean().optional(),
    scaling: scaling.optional(),
  }),
  /** One 0/1 feature per frequent value, `{column}={value}`, and `{column}=other` for the rest and whatever is unseen. */
  z.strictObject({
    kind: z.literal('onehot'),
    column,
    maxCategories: z.int().min(1).max(200).optional(),
    scaling: scaling.optional(),
  }),
  /** Position in the list, from 0 (`ltv_class`: Low, Medium, High); values that are not in it are missing. */
  z.strictObject({
    kind: z.literal('ordinal'),
    column,
    order: z.array(z.string()).min(2).max(100),
    impute: impute.optional(),
    indicator: z.boolean().optional(),
    scaling: scaling.optional(),
  }),
  z.strictObject({
    kind: z.literal('boolean'),
    column,
    impute: impute.optional(),
    indicator: z.boolean().optional(),
    scaling: scaling.optional(),
  }),
  /** `{column}_{part}`, or `…_sin` and `…_cos` of the part's cycle where `cyclic` (is_… parts are never cyclic). */
  z.strictObject({
    kind: z.literal('calendar'),
    column,
    parts: z.array(z.enum(CALENDAR_PARTS)).min(1),
    cyclic: z.boolean().optional(),
    scaling: scaling.optional(),
  }),
  /** Whole days from the instant to the reference, `{column}_days_since` or `name`. */
  z.strictObject({
    kind: z.literal('recency'),
    column,
    name: z.string().min(1).max(256).optional(),
    impute: impute.optional(),
    indicator: z.boolean().optional(),
    scaling: scaling.optional(),
  }),
  /** `{column}_count` and a 0/1 feature for each of the `top` most frequent entries, `{column}~{entry}`. */
  z.strictObject({
    kind: z.literal('list'),
    column,
    top: z.int().min(0).max(200).optional(),
    scaling: scaling.optional(),
  }),
]);
export type FeatureSpec = z.output<typeof featureSpecSchema>;

/** Which features are left out of the clustering although the recipe makes them. */
export const selectionSpecSchema = z.strictObject({
  /** Left out when one value holds at least this share of the rows; 1 leaves out only constants. */
  nearConstantShare: z.number().min(0.5).max(1).default(0.995),
  /** Left out when |Pearson correlation| with an earlier feature is above this; duplicates correlate by 1. */
  maxCorrelation: z.number().min(0.5).max(1).default(0.98),
});
export type SelectionSpec = z.output<typeof selectionSpecSchema>;

/** A recipe to be fitted. */
export interface RecipeSpec {
  /** Feature scaling where a spec names none. */
  readonly scaling: Scaling;
  readonly timeZone: string;
  readonly specs: readonly FeatureSpec[];
  /** undefined: only constant features are left out. */
  readonly selection: SelectionSpec | undefined;
}

/** One step from a cell to a kernel value. The first turns a cell into a number (NaN = missing), the others number to number. */
export type FeatureStep =
  /** The number (or 0/1, or ms) of the cell. */
  | { readonly step: 'value' }
  | { readonly step: 'ordinal'; readonly order: readonly string[] }
  | { readonly step: 'equals'; readonly value: string }
  /** 1 for a value that is none of these; a missing cell is 0. */
  | { readonly step: 'other'; readonly known: readonly string[] }
  /** 1 where there is no value; may also come after steps that may not find one. */
  | { readonly step: 'isMissing' }
  | { readonly step: 'length' }
  | { readonly step: 'member'; readonly value: string }
  | { readonly step: 'calendar'; readonly part: CalendarPart; readonly timeZone: string }
  /** Whole days to the reference, floor((reference − x) ÷ 86,400,000). */
  | { readonly step: 'recency'; readonly referenceAt: string }
  | { readonly step: 'invert'; readonly from: number }
  | { readonly step: 'impute'; readonly value: number }
  | { readonly step: 'clip'; readonly lower: number; readonly upper: number }
  | { readonly step: 'log1p' }
  | { readonly step: 'cycle'; readonly wave: 'sin' | 'cos'; readonly period: number };

/** How one kernel feature is made of one column of the entity table. */
export interface FittedFeature {
  readonly name: string;
  /** Of the value before scaling. */
  readonly unit: string;
  /** Column of the entity table. */
  readonly source: string;
  readonly steps: readonly FeatureStep[];
  /** How it is scaled last: kernel value = fround((x − offset) ÷ scale). A constant feature keeps scale 1. */
  readonly transform: Scaling;
  readonly offset: number;
  readonly scale: number;
  /** Of the value before scaling. */
  readonly min: number;
  readonly max: number;
}

/** A feature that the recipe could make and that takes no part in the clustering. */
export interface LeftOutFeature {
  readonly name: string;
  readonly source: string;
  readonly reason: 'constant' | 'near_constant' | 'duplicate' | 'correlated' | 'high_cardinality';
  /** In words, with the number that decided. */
  readonly detail: string;
}

/** A column of the entity table. */
export interface EntityColumn {
  /** Name in the entity table. */
  readonly name: string;
  readonly type: EntityColumnType;
  readonly unit: string;
  /** Header of the input column(s) it comes from. */
  readonly source: string;
}

/** `fit/recipe.json` and artefact `scaler.json`: everything needed to prepare one new customer. */
export interface FittedRecipe {
  /** How rows become entities: orders summed per customer, or one row per entity. */
  readonly recipe: 'rfm' | 'table';
  readonly version: 2;
  /** Instant that recency is counted from, ISO 8601 UTC. */
  readonly referenceAt: string;
  readonly nSamples: number;
  /** Columns of the entity table, in its order. */
  readonly columns: readonly EntityColumn[];
  /** In the order of the kernel matrix. */
  readonly features: readonly FittedFeature[];
  readonly leftOut: readonly LeftOutFeature[];
}

/** A cell of the entity table for one customer; null = missing. */
export type EntityCell = number | string | readonly string[] | null;

/** A quantile digest as JSON (`stats/quantiles.ts`). */
interface DigestDocument {
  readonly exact: boolean;
  readonly keys: readonly number[];
  readonly counts: readonly number[];
}

/** Sums that no sharding can change: exact expansions (`stats/exact-sum.ts`). */
interface MomentsDocument {
  readonly count: number;
  readonly sum: readonly number[];
  readonly sumOfSquares: readonly number[];
  readonly min: number;
  readonly max: number;
}

/** How often each text occurs: texts ascending, or null where there are too many different ones. */
export interface EncodedVocabulary {
  readonly texts: readonly string[] | null;
  readonly counts: readonly number[];
}

/** What is known of one number per row over some rows. */
export interface PartialFeature {
  readonly missing: number;
  /** Of the values present. */
  readonly moments: MomentsDocument;
  /** Of ln(1 + x); only where the spec asks for it and no value lies below 0. */
  readonly logMoments: MomentsDocument | null;
  readonly quantiles: DigestDocument;
}

/** What is known of one spec over some rows. */
export interface PartialSpec {
  readonly features: readonly PartialFeature[];
  /** Of one-hot columns and lists: rows per text, and rows without any. */
  readonly vocabulary: EncodedVocabulary | null;
  readonly missing: number;
}

/** What a bucket of entities tells about the parameters of a recipe: merges with others in any order, without rounding. */
export interface PartialEntities {
  readonly nRows: number;
  /** In the order of the recipe's specs. */
  readonly specs: readonly PartialSpec[];
}
