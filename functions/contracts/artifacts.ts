import type { RowCounts, Scores } from './records.ts';
import type { DateOrder, DecimalMark, RowRange, TableLayout } from './table-layout.ts';
import type { RunRef, RunRequest } from './workflow.ts';

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

/** How one input file is to be read. */
export interface InputFile {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly layout: TableLayout;
  readonly columns: OrderColumns;
  readonly formats: OrderFormats;
}

/** Whole rows of one file; its header belongs to no shard. A file that cannot be cut, such as gzip, is one shard. */
export interface RowShard extends RowRange {
  readonly shard: number;
  /** Index into `files`. */
  readonly file: number;
}

/** `plan/plan.json`. PlanRun → every step. */
export interface RunPlan {
  readonly run: RunRef;
  readonly request: RunRequest;
  readonly files: readonly InputFile[];
  readonly rowShards: readonly RowShard[];
  /** Entities are split by hash range into this many buckets, in canonical order. */
  readonly nBuckets: number;
}

/** `build-features/{shard}.json`. BuildFeatures → MergeEntities, PublishRun. */
export interface PartialManifest {
  readonly shard: number;
  readonly rows: RowCounts;
  /** First example of each rule: `{rule: line number in the file}` where known, for the report. */
  readonly firstLines: Readonly<Record<string, number>>;
  /** Latest order in this shard, ms since the epoch; null when no row was used. */
  readonly latestOrderMs: number | null;
  /** Byte range [start, end) of each bucket's Arrow stream in the partial object; start = end when empty. */
  readonly buckets: readonly (readonly [start: number, end: number])[];
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

/** `merge-entities/{bucket}.json`. MergeEntities → PrepareFit, FitCandidate. */
export interface EntitiesManifest {
  readonly bucket: number;
  readonly nEntities: number;
  readonly referenceAt: string;
  readonly moments: Readonly<Record<string, PartialMoments>>;
}

/** How one raw feature becomes a kernel column. */
export interface FeatureTransform {
  readonly name: string;
  readonly unit: string;
  /** scaled = (raw − offset) / scale, computed in float64 and rounded to float32 once. */
  readonly transform: 'zscore';
  readonly offset: number;
  /** 1 when the column is constant, so that it scales to 0. */
  readonly scale: number;
  readonly min: number;
  readonly max: number;
}

/** `fit/recipe.json` and artefact `scaler.json`: everything needed to prepare one new customer. */
export interface FittedRecipe {
  readonly recipe: 'rfm';
  readonly version: 1;
  /** Instant that recency is counted from, ISO 8601 UTC. */
  readonly referenceAt: string;
  readonly nSamples: number;
  readonly features: readonly FeatureTransform[];
}

/** An element of `fit/candidates.json`. PrepareFit → FitCandidate. */
export interface Candidate {
  readonly item: number;
  readonly algorithm: 'kmeans';
  readonly nClusters: number;
  readonly seed: number;
  readonly nInit: number;
}

/** `fit/candidate-{n}.json`. FitCandidate → SelectModel. Clusters are numbered by size descending. */
export interface CandidateFit {
  readonly candidate: Candidate;
  /** nClusters × nFeatures, scaled units. */
  readonly centers: readonly (readonly number[])[];
  readonly sizes: readonly number[];
  readonly scores: Scores;
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
}

/** `fit/selection.json`: every candidate with its scores, and why one was chosen. */
export interface SelectionReport {
  readonly candidates: readonly { readonly nClusters: number; readonly scores: Scores }[];
  readonly selected: number;
  readonly reason: string;
}
