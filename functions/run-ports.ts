import type { DatasetRecord, RunRecord, StepProgress } from './contracts/records.ts';
import type { Page, PageRequest } from './ports.ts';

/** What became of an attempt to serve a run: of those not served, some other run was asked for later, or its labels are gone. */
export type Publication = 'served' | 'askedLater' | 'expired';

/** Runs of a dataset by whether they may be served. */
export interface HeldRuns {
  /** Claimed, and neither expired nor about to. */
  readonly live: readonly string[];
  /** Retired: what they have written is being deleted. */
  readonly expiring: readonly string[];
}

/** Runs, their progress, and what datasets serve. Every method throws `TransientStoreError` when the store throttles or times out. */
export interface RunStore {
  /**
   * Creates the run, or takes over one that failed or expired, that the same execution claimed before, or that the
   * execution `ended` left running. Otherwise returns the record that stands in the way. One conditional write: of two
   * claims at once, one wins. Then the run is noted as one that the dataset holds.
   */
  claim(run: RunRecord, ended?: string): Promise<{ claimed: true } | { claimed: false; existing: RunRecord }>;
  get(tenant: string, runId: string): Promise<RunRecord | undefined>;
  /** Newest first. @throws InvalidRequestError for a cursor that is not ours or another tenant's */
  list(tenant: string, page: PageRequest): Promise<Page<RunRecord>>;
  update(
    tenant: string,
    runId: string,
    changes: Partial<Omit<RunRecord, 'tenant' | 'runId' | 'dataset'>>,
  ): Promise<void>;
  reportProgress(progress: StepProgress): Promise<void>;
  progress(tenant: string, runId: string): Promise<StepProgress[]>;
  dataset(tenant: string, dataset: string): Promise<DatasetRecord | undefined>;
  /** All datasets of one tenant, by name. */
  datasets(tenant: string): Promise<DatasetRecord[]>;
  /**
   * Points the dataset at the run: the one write that makes a run visible. No write where the dataset serves a run of a
   * later turn, or where the run or another of its label sources has been retired. One conditional write.
   */
  publish(record: DatasetRecord): Promise<Publication>;
  held(tenant: string, dataset: string): Promise<HeldRuns>;
  /**
   * From here on these live runs can be served no more. False, and no write, unless the dataset still serves what `served`
   * says. One conditional write.
   */
  retire(served: DatasetRecord, runIds: readonly string[]): Promise<boolean>;
  /**
   * Marks a retired run as expiring, by one execution. False, and no write, where it was claimed since, or where another
   * execution has been at it since `staleBefore` or later. One conditional write.
   */
  beginExpiry(
    run: RunRecord,
    by: { executionId: string; now: string; staleBefore: string },
  ): Promise<boolean>;
  /** What is left of a run of which everything else has been deleted: its progress goes, and its record says since when. */
  endExpiry(run: RunRecord, expiredAt: string): Promise<void>;
  /**
   * Takes `count` segment ids of a dataset that were never given before, and returns the first: the others follow it.
   * One atomic write, so that two runs at once never give the same id.
   */
  reserveSegmentIds(tenant: string, dataset: string, count: number): Promise<number>;
}
