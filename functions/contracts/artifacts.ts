import type { DatasetConfig, DatasetKind } from './dataset.ts';
import type { EntityColumn, FittedRecipe, PartialEntities, RecipeSpec } from './recipe.ts';
import type { LabelSource, RowCounts, Scores } from './records.ts';
import type { DateOrder, DecimalMark, RowRange, TableLayout } from './table-layout.ts';
import type { ResolvedRequest, RunRef, RunRequest } from './workflow.ts';

/** JSON documents that the steps of a run hand to each other through S3. Writer and readers are named per type. */

/** Header names of the five columns an order line must have. */
export interface OrderColumns {
  readonly customerId: string;
  readonly orderId: string;
  readonly orderedAt: string;
  readonly quantity: string;
  readonly unitPrice: string;
}

/** How the values of order lines are written, decided once per file. */
export interface OrderFormats {
  readonly quantity: DecimalMark;
  readonly unitPrice: DecimalMark;
  readonly orderedAt: DateOrder;
}

/** What is known of every input file. */
export interface PlannedFile {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly layout: TableLayout;
}

/** How a file of order lines is to be read. */
export interface OrderFile extends PlannedFile {
  readonly columns: OrderColumns;
  readonly formats: OrderFormats;
}

/** How the cells of one column are written in one file; decided per file, since exports of two systems may differ. */
export interface CellFormat {
  readonly decimal: DecimalMark;
  readonly order: DateOrder;
}

/** How a file with one row per entity is to be read. */
export interface EntityFile extends PlannedFile {
  /** In the order of `EntityPlan.columns`; its columns are found in the header by their name. */
  readonly cells: readonly CellFormat[];
}

/** An input file of either kind of dataset. */
export type InputFile = OrderFile | EntityFile;

/** Why a column of the input takes no part. */
export type IgnoredReason =
  | 'empty'
  | 'row_number'
  | 'identifier'
  | 'free_text'
  | 'personal'
  | 'ambiguous_dates'
  | 'configured';

/** A column that is not read. */
export interface IgnoredColumn {
  readonly name: string;
  readonly reason: IgnoredReason;
  /** In words, with what decided. */
  readonly detail: string;
}

/** How one column of the input becomes one of the entity table; `source` is its header name. */
export interface EntityColumnPlan extends EntityColumn {
  /** Texts that stand for no value, besides empty cells and the usual words: configured, else numbers that look so. */
  readonly missing: readonly string[];
  /** Only for lists: what parts the entries; null is a JSON array. */
  readonly separator: string | null;
}

/**
 * A value that is read as missing because it looks like "no value": a word (`Select`), or a number that comes often and
 * lies far beyond all others (`999`). Numbers are read as they stand where the configuration names `missing` for the column.
 */
export interface AssumedMissing {
  readonly column: string;
  readonly value: string;
  /** Rows of the sample that hold it. */
  readonly count: number;
  readonly reason: 'word' | 'sentinel_number';
}

/** How the rows of a `table` dataset become entities: what was configured, else inferred from samples of the files. */
export interface EntityPlan {
  /** Column that names the entity; null: rows are numbered. */
  readonly idColumn: string | null;
  /** Column that windows, recency and duplicates go by; it is one of `columns` too. */
  readonly timeColumn: string | null;
  /** Rows whose time lies more than this many calendar months before the reference are left out. */
  readonly maxDataAgeMonths: number | null;
  /** In the order of the first file's header. */
  readonly columns: readonly EntityColumnPlan[];
  readonly ignored: readonly IgnoredColumn[];
  readonly assumedMissing: readonly AssumedMissing[];
}

/** Whole rows of one file; its header belongs to no shard. A file that cannot be cut, such as gzip, is one shard. */
export interface RowShard extends RowRange {
  readonly shard: number;
  /** Index into `files`. */
  readonly file: number;
  /** 1-based line (or row) of the file that the shard begins with, where rows are numbered; else absent. */
  readonly firstPlace?: number;
}

/** What the plans of all datasets hold. */
interface PlannedRun {
  readonly run: RunRef;
  /** What was asked, and the same with everything decided. */
  readonly asked: RunRequest;
  readonly request: ResolvedRequest;
  readonly config: DatasetConfig;
  /** What the rows are. */
  readonly kind: DatasetKind;
  readonly rowShards: readonly RowShard[];
  /** Entities are split by hash range into this many buckets, in canonical order. */
  readonly nBuckets: number;
  /** Columns of the entity table. */
  readonly columns: readonly EntityColumn[];
  /** How the columns become features, to be fitted. */
  readonly spec: RecipeSpec;
}

/** The plan of a dataset of order lines, which are summed per customer. */
export interface OrdersPlan extends PlannedRun {
  readonly recipe: 'rfm';
  readonly files: readonly OrderFile[];
}

/** The plan of a dataset with one row per entity. */
export interface TablePlan extends PlannedRun {
  readonly recipe: 'table';
  readonly files: readonly EntityFile[];
  readonly entity: EntityPlan;
}

/** `plan/plan.json`. PlanRun → every step. */
export type RunPlan = OrdersPlan | TablePlan;

/** Cells of one column that could not be read as its type, and are missing. */
export interface UnreadableCells {
  readonly count: number;
  /** Cells that hold a value, readable or not. */
  readonly values: number;
  /** Line or row of the first one, in line breaks (or rows) behind the beginning of the shard; null when none. */
  readonly first: number | null;
}

/** `build-features/{shard}.json`. BuildFeatures → MergeEntities, PublishRun. */
export interface PartialManifest {
  readonly shard: number;
  readonly rows: RowCounts;
  /** First row that each rule dropped, in lines (or rows) behind the beginning of the shard. */
  readonly firstLines: Readonly<Record<string, number>>;
  /** Latest time of a used row in this shard, ms since the epoch; null when there is none. */
  readonly latestMs: number | null;
  /** Byte range [start, end) of each bucket's Arrow stream in the partial object; start = end when empty. */
  readonly buckets: readonly (readonly [start: number, end: number])[];
  /** Lines (of a text) or rows that the shard covers: laid end to end they tell the places of the next shard. */
  readonly places: number;
  /** Objects that hold the rows of the shard that were not used. */
  readonly rejectedParts: number;
  /** By column. Only `table`. */
  readonly unreadable?: Readonly<Record<string, UnreadableCells>>;
}

/**
 * Sums that no sharding can change: `sum` and `sumOfSquares` are exact expansions (see `stats/exact-sum.ts`),
 * merged without rounding and rounded once.
 */
export interface PartialMoments {
  readonly count: number;
  readonly sum: readonly number[];
  readonly sumOfSquares: readonly number[];
  readonly min: number;
  readonly max: number;
}

/** `merge-entities/{bucket}.json`. MergeEntities → PrepareFit, FitCandidate, PublishRun. */
export interface EntitiesManifest {
  readonly bucket: number;
  readonly nEntities: number;
  readonly referenceAt: string;
  /** Rows that shards had counted as used and that are left out here, by rule: `duplicate_id`, `outside_window`. */
  readonly dropped?: Readonly<Record<string, number>>;
  /** What the recipe is fitted on. */
  readonly partials: PartialEntities;
}

/** A fit of k-means. */
export interface Candidate {
  readonly item: number;
  readonly algorithm: 'kmeans';
  readonly nClusters: number;
  readonly seed: number;
  readonly nInit: number;
}

/** A clustering beside the model: what it finds is told, new customers are not scored by it. */
export type AnalysisCandidate = { readonly item: number; readonly seed: number } & (
  | {
      readonly algorithm: 'dbscan';
      readonly epsilon: number | 'auto';
      readonly minSamples: number;
    }
  | {
      readonly algorithm: 'hierarchical';
      readonly maxDepth: number;
      readonly minPoints?: number;
      readonly minSilhouette: number;
    }
  /** Whether there are clusters at all. */
  | { readonly algorithm: 'structure' }
);

/** An element of `fit/candidates.json`. PrepareFit → FitCandidate. */
export type FitTask = Candidate | AnalysisCandidate;

/** What a feature does for a clustering. */
export interface FeatureImportance {
  /** Share of the feature's variance that lies between the clusters (correlation ratio η²), 0..1. */
  readonly explained: number;
  /** Its share of all variance between clusters, 0..1; the shares of all features sum to 1. */
  readonly share: number;
}

/** `fit/candidate-{n}.json`. FitCandidate → SelectModel. Clusters are numbered by size descending. */
export interface CandidateFit {
  readonly candidate: Candidate;
  /** nClusters × nFeatures, scaled units. */
  readonly centers: readonly (readonly number[])[];
  readonly sizes: readonly number[];
  readonly scores: Scores;
  /** Of each feature, in the order of the recipe. */
  readonly importance: readonly FeatureImportance[];
  /** Rows the silhouette was computed on: all, or a seeded sample when there are too many for the exact one. */
  readonly silhouetteSamples: number;
}

/** `fit/model.json` and artefact `model.json`. SelectModel → AssignSegments, PublishRun, HTTP scoring. */
export interface Model {
  readonly version: 1;
  readonly recipe: FittedRecipe;
  readonly algorithm: 'kmeans';
  readonly nClusters: number;
  readonly seed: number;
  readonly centers: readonly (readonly number[])[];
  readonly sizes: readonly number[];
  readonly scores: Scores;
  /** Of each feature of the recipe, in its order. */
  readonly importance: readonly FeatureImportance[];
  /** Of the artefact alone: the segment that each cluster is. */
  readonly segmentIds?: readonly number[];
}

/** `fit/former.json`. SelectModel → AssignSegments, MatchSegments, WriteLabels, PublishRun. */
export interface FormerRun {
  /** Null where the dataset serves nothing yet. */
  readonly served: { readonly runId: string; readonly labelSources: readonly LabelSource[] } | null;
}

/** `fit/selection.json`: every candidate with its scores, and why one was chosen. */
export interface SelectionReport {
  readonly candidates: readonly { readonly nClusters: number; readonly scores: Scores }[];
  readonly selected: number;
  readonly reason: string;
}
