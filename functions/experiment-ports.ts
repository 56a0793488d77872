import type { TrainingRequest } from './contracts/campaign-jobs.ts';
import type { TRAINING_REQUESTED } from './contracts/env.ts';
import type {
  AssignmentRecord,
  ExperimentRecord,
  Increments,
  RecommendationRecord,
  SegmentCounters,
} from './contracts/experiment.ts';

/** Names an experiment. */
export interface ExperimentRef {
  readonly tenant: string;
  readonly experiment_id: string;
}

/** All of an experiment but its assignments, as one read returns it. */
export interface ExperimentState {
  readonly experiment: ExperimentRecord;
  readonly segments: readonly SegmentCounters[];
  readonly recommendations: readonly RecommendationRecord[];
}

/**
 * Experiments, who sees what in them, and their counters. A counter grows in the same transaction as what it counts is
 * written: a crash, a retry or a race counts nothing twice and loses nothing.
 */
export interface ExperimentStore {
  /** False where the id is taken. */
  create(experiment: ExperimentRecord): Promise<boolean>;
  /** Replaces the revision before the record's own; false where it is another one by now. */
  update(experiment: ExperimentRecord): Promise<boolean>;
  get(ref: ExperimentRef): Promise<ExperimentRecord | undefined>;
  /** Definition, counters and recommendations: one read. */
  state(ref: ExperimentRef): Promise<ExperimentState | undefined>;
  /** Ids of a tenant's experiments, ascending. */
  ids(tenant: string): Promise<string[]>;
  /** Of all tenants, for the clock alone. */
  all(): Promise<ExperimentRef[]>;
  /** A visitor's assignment: one read. */
  assignment(ref: ExperimentRef, user: string): Promise<AssignmentRecord | undefined>;
  /** Up to `limit` assignments, by the hash of the visitor. */
  assignments(ref: ExperimentRef, limit: number): Promise<AssignmentRecord[]>;
  /** Stores and counts; false, and nothing counted, where the visitor has an assignment: one write. */
  assign(ref: ExperimentRef, assignment: AssignmentRecord, increments: Increments): Promise<boolean>;
  /** Counts a visitor's conversion on a goal; false, and nothing counted, where that was counted before: one write. */
  convert(
    ref: ExperimentRef,
    assignment: AssignmentRecord,
    goal: number,
    convertedAt: string,
    increments: Increments,
  ): Promise<boolean>;
  /** Moves a visitor's last visit to another day; false where somebody did. */
  seen(
    ref: ExperimentRef,
    assignment: AssignmentRecord,
    day: string,
    increments: Increments,
  ): Promise<boolean>;
  putRecommendation(ref: ExperimentRef, recommendation: RecommendationRecord): Promise<void>;
  /** Drops counters by name from every segment: days that no window reaches any more. */
  dropCounters(ref: ExperimentRef, names: readonly string[]): Promise<void>;
}

/** Something that happened, for whoever wants to know: an event on the account's bus. */
export interface ExperimentEvent {
  readonly type: 'Experiment Segmentation Activated' | 'Experiment Alert';
  readonly tenant: string;
  readonly experiment_id: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A run was published: what it changed, and where the list of customers who changed segment lies. */
export interface SegmentationEvent {
  readonly type: 'SegmentationCompleted';
  readonly tenant: string;
  readonly dataset: string;
  readonly run_id: string;
  readonly detail: {
    /** False where the dataset serves what was asked for later. */
    readonly served: boolean;
    readonly former_run_id: string | null;
    readonly segments: number;
    readonly entities: number;
    /** Customers in other segments than before, new ones, and those that are gone. */
    readonly moved: number;
    readonly entered: number;
    readonly left: number;
    /** Customers whom the churn budget kept in their segment although another center is nearer. */
    readonly held: number;
    /** What became of the segments; ids are stable. */
    readonly events: readonly {
      readonly kind: string;
      readonly from: readonly number[];
      readonly to: readonly number[];
    }[];
    /** Arrow file in the bucket: customer_id, from_segment, to_segment; −1 is outside of the run. */
    readonly changes_key: string;
  };
}

/** A critical anomaly of an advertising entity: its record, on the account's bus. */
export interface AnomalyEvent {
  readonly type: 'Critical Anomaly';
  readonly tenant: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** One share of the accounts of a tick, for a worker of its own: see `handlers/campaign-jobs.ts`. */
export interface CampaignJobsEvent {
  readonly type: 'Campaign Jobs Due';
  readonly detail: { readonly scheduledAt: string; readonly share: number; readonly shares: number };
}

/** Somebody asked for a training that takes longer than a caller waits. */
export interface TrainingEvent {
  readonly type: typeof TRAINING_REQUESTED;
  readonly tenant: string;
  readonly detail: Omit<TrainingRequest, 'tenant'>;
}

/** Everything that we tell the event bus. */
export type ServiceEvent =
  | ExperimentEvent
  | SegmentationEvent
  | AnomalyEvent
  | CampaignJobsEvent
  | TrainingEvent;

export interface EventPublisher {
  /** At least once. @throws TransientStoreError where the bus did not take an event */
  publish(events: readonly ServiceEvent[]): Promise<void>;
}

/** One e-mail of plain text. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Mailer {
  /** Whether the deployment sends e-mail at all; without an address to send from it does not. */
  readonly enabled: boolean;
  send(mail: Mail): Promise<void>;
}
