import type { Problem } from '../errors.ts';
import type { Scope } from './env.ts';
import type { EntityCell } from './recipe.ts';
import type { DrilldownStep, RunRequest, Step } from './workflow.ts';

/** Counts of input rows; `rejected = sum of byRule` and `read = used + rejected`. */
export interface RowCounts {
  readonly read: number;
  readonly used: number;
  readonly rejected: number;
  /** Rows dropped per cleaning rule; a row counts under the first rule that drops it. */
  readonly byRule: Readonly<Record<string, number>>;
}

export interface Scores {
  /** Sum of squared distances to the nearest center, on the scaled features. */
  readonly inertia: number;
  /** Mean silhouette coefficient, −1..1. */
  readonly silhouette: number;
  /** Davies-Bouldin index, ≥ 0, lower is better. */
  readonly daviesBouldin: number;
  readonly iterations: number;
  /** Restarts made. */
  readonly restarts: number;
}

/** running → succeeded | failed → expiring → expired; only the first three have all that the run has written. */
export const RUN_STATUSES = ['running', 'succeeded', 'failed', 'expiring', 'expired'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** One run, as the runs table holds it. Times are ISO 8601 UTC. */
export interface RunRecord {
  readonly tenant: string;
  readonly dataset: string;
  readonly runId: string;
  readonly status: RunStatus;
  readonly trigger: 'drop' | 'schedule' | 'api';
  /** Id of the workflow execution that claimed the run. */
  readonly executionId: string;
  readonly request: RunRequest;
  readonly startedAt: string;
  /** Its place among all that was asked of the dataset; see `turnOf`. */
  readonly turn: string;
  readonly finishedAt?: string;
  readonly rows?: RowCounts;
  readonly nEntities?: number;
  readonly scores?: Scores;
  readonly nSegments?: number;
  readonly problem?: Problem;
  /** Items per step, known after planning; the denominator of progress. */
  readonly itemsPerStep?: Partial<Record<Step, number>>;
  readonly artifacts?: readonly Artifact[];
  /** Where the labels of this run lie: its own first, then those of former runs that it left as they were. */
  readonly labelSources?: readonly LabelSource[];
  readonly labelWrites?: LabelWrites;
  /** When the dataset was last pointed at it; absent where it never was. */
  readonly publishedAt?: string;
  /** Execution that deletes what the run has written, and since when. */
  readonly expiringBy?: string;
  readonly expiringSince?: string;
  /** When everything was deleted that the run had written. */
  readonly expiredAt?: string;
}

/** A published artefact; `sha256` is of its bytes. */
export interface Artifact {
  readonly name: string;
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** How far one item of one step has come; written by its worker, overwritten by its retry. */
export interface StepProgress {
  readonly tenant: string;
  readonly runId: string;
  readonly step: Step | DrilldownStep;
  readonly item: number;
  readonly status: 'running' | 'done' | 'failed';
  /** Rows (or entities) handled so far. */
  readonly rows: number;
  readonly startedAt: string;
  readonly updatedAt: string;
  /** Largest resident memory of the worker so far, MiB. */
  readonly peakMemoryMb: number;
  readonly problem?: Problem;
}

/** What a dataset currently serves. */
export interface DatasetRecord {
  readonly tenant: string;
  readonly dataset: string;
  readonly currentRunId: string;
  readonly publishedAt: string;
  /** `turn` of the current run. */
  readonly turn: string;
  /** The request of the current run: a schedule repeats it. */
  readonly request: RunRequest;
  /** Those of the current run. */
  readonly labelSources: readonly LabelSource[];
  /** Runs served before this one, the last one first; at most `MOST_FORMER_RUNS`. */
  readonly formerRunIds: readonly string[];
}

/** Most former runs that a dataset lists, and most runs that a policy may keep. */
export const MOST_FORMER_RUNS = 100;

/** Fewest runs that a policy may keep: the served one, and the one that readers may still be reading. */
export const FEWEST_KEPT_RUNS = 2;

/** mean, median, min, max of one feature over a segment, in the feature's own unit. */
export interface FeatureStatistics {
  readonly mean: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A named cluster of one run. Field names on the wire are those of the sources (snake_case). */
export interface SegmentRecord {
  readonly tenant: string;
  readonly dataset: string;
  readonly run_id: string;
  /** The same from run to run; in a dataset's first run 0 is the largest. */
  readonly segment_id: number;
  readonly name: string;
  readonly size: number;
  /** size ÷ all entities, 0..1. */
  readonly share: number;
  /** Rule that chose the name, in words. */
  readonly name_rule: string;
  /** By column: `recency_days`, `frequency` and `monetary` of orders, else the numbers of the entity table. */
  readonly statistics: Readonly<Record<string, FeatureStatistics>>;
  /** Center in raw units, by feature name. */
  readonly center: Readonly<Record<string, number>>;
  /** Most frequent texts of each category or list, with the share of the segment's entities; of tables only. */
  readonly categories?: Readonly<
    Record<string, readonly { readonly value: string; readonly share: number }[]>
  >;
  /** Features furthest from the mean of all entities, in standard deviations; of tables only. */
  readonly distinctive?: readonly { readonly feature: string; readonly difference: number }[];
}

/** A value of the entity table that is not missing. */
export type LabelValue = Exclude<EntityCell, null>;

/**
 * One entity's label as a run wrote it: what changes only when the entity itself or its segment does. Later runs that
 * find both unchanged write nothing; distances follow from the model that is served.
 */
export interface LabelRecord {
  readonly customerId: string;
  /** Cluster number in the run that wrote the label. */
  readonly cluster: number;
  /** Values by column of the entity table, as far as there are any; instants in ms since the epoch. */
  readonly features: Readonly<Record<string, LabelValue>>;
  /** Of orders: instant of the latest, from which recency is counted; ms since the epoch. */
  readonly latestMs?: number;
}

/** Written for an entity that the run no longer holds. */
export interface LeftRecord {
  readonly customerId: string;
  readonly left: true;
}

/** A run whose labels count, and the id of the segment that each of its clusters is. */
export interface LabelSource {
  readonly runId: string;
  /** Stable segment id per cluster. */
  readonly segmentIds: readonly number[];
}

/** What publishing a run's labels took. */
export interface LabelWrites {
  /** Labels of entities that are new, moved or have other values. */
  readonly written: number;
  /** Labels of a former run that still hold. */
  readonly unchanged: number;
  /** Entities of the former run that are gone. */
  readonly left: number;
  /** With a churn budget: entities that stayed in their segment although another center is nearer. */
  readonly held?: number;
}

/** An API key as stored: the secret only as a SHA-256 hash. */
export interface ApiKeyRecord {
  readonly tenant: string;
  readonly keyId: string;
  /** Of a key that is sent as `X-Customer-Api-Id` and `X-Secret`: its UUID, lower case. */
  readonly customerApiId?: string;
  /** Lower-case hex SHA-256 of the secret part. */
  readonly secretHash: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: string;
  readonly disabled?: boolean;
}

/** Whose tokens open a tenant's data, as stored beside its API keys: one of `secret` and `jwksUrl`. */
export interface TokenIssuerRecord {
  readonly tenant: string;
  /** `iss` of its tokens; `default` for tokens without one. */
  readonly issuerId: string;
  /** HS256 secret that the issuer signs with, 32 characters or more. */
  readonly secret?: string;
  /** Where its public keys are, `https:`. */
  readonly jwksUrl?: string;
  /** `aud` that its tokens must carry; absent: not looked at. */
  readonly audience?: string;
  /** What its tokens may do; a token's own `scope` can only narrow it. */
  readonly scopes: readonly Scope[];
  readonly createdAt: string;
  readonly disabled?: boolean;
}
