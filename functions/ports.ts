import type { DatasetConfig, DatasetConfigRecord } from './contracts/dataset.ts';
import type { DrilldownRecord } from './contracts/drilldown-runs.ts';
import type {
  ApiKeyRecord,
  DatasetRecord,
  LabelRecord,
  RunRecord,
  SegmentRecord,
  StepProgress,
} from './contracts/records.ts';
import type { DrilldownRef, Trigger } from './contracts/workflow.ts';

/**
 * What the shell needs from the world. AWS adapters and one memory twin implement these; one contract test runs
 * against both. Every method of a store throws `TransientStoreError` when the store throttles or times out.
 */

export interface ObjectHead {
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
}

/** Half-open byte range. */
export interface ByteRange {
  readonly start: number;
  /** Exclusive; absent reads to the end. */
  readonly end?: number;
}

export interface ObjectStore {
  head(key: string): Promise<ObjectHead | undefined>;
  /** @throws NotFoundError */
  read(key: string, range?: ByteRange): Promise<Uint8Array>;
  /** Chunks as they arrive. @throws NotFoundError (on the first chunk at the latest) */
  stream(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Atomic: readers see the old object or the whole new one. */
  write(key: string, body: Uint8Array, contentType?: string): Promise<void>;
  /** As `write` for a body of unknown size, in bounded memory. Resolves to its size and lower-case hex SHA-256. */
  writeStream(
    key: string,
    chunks: AsyncIterable<Uint8Array>,
    contentType?: string,
  ): Promise<{ bytes: number; sha256: string }>;
  /** In UTF-8 byte order of the keys. */
  list(prefix: string): AsyncIterable<ObjectHead>;
}

/** A part of a multipart upload that has arrived. */
export interface TransferredPart {
  readonly partNumber: number;
  readonly bytes: number;
  readonly etag: string;
}

/** Lets callers move bytes to and from the object store themselves, by URLs that expire. */
export interface TransferStore {
  /** Begins a multipart upload. Resolves to its id. */
  start(
    key: string,
    about: { readonly contentType: string; readonly contentEncoding?: string | undefined },
  ): Promise<string>;
  /** Where part `partNumber` (from 1) is PUT. */
  partUrl(key: string, multipartId: string, partNumber: number, seconds: number): Promise<string>;
  /** Parts that have arrived, by number; undefined for an upload that is over, aborted or unknown. */
  parts(key: string, multipartId: string): Promise<TransferredPart[] | undefined>;
  /** Makes the object out of the parts. False for an upload that is over, aborted or unknown. */
  complete(key: string, multipartId: string, parts: readonly TransferredPart[]): Promise<boolean>;
  /** Forgets the parts. Does nothing for an upload that is over, aborted or unknown. */
  abort(key: string, multipartId: string): Promise<void>;
  /** Where the object is got, under the given file name. */
  downloadUrl(
    key: string,
    about: { readonly seconds: number; readonly fileName: string; readonly contentType: string },
  ): Promise<string>;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. */
  readonly cursor?: string;
}

/** How many items to return at most, and where to go on. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface RunStore {
  /**
   * Creates the run, or takes over one that failed, that the same execution claimed before, or that the execution
   * `ended` left running. Otherwise returns the record that stands in the way. One conditional write: of two claims
   * at once, one wins.
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
   * Points the dataset at the run: the one write that makes a run visible. False, and no write, where the dataset
   * serves a run of a later turn. One conditional write.
   */
  publish(record: DatasetRecord): Promise<boolean>;
}

export interface SegmentStore {
  putSegments(segments: readonly SegmentRecord[]): Promise<void>;
  /** Ordered by segment id. */
  segments(tenant: string, dataset: string, runId: string): Promise<SegmentRecord[]>;
}

export interface LabelStore {
  /** Idempotent batch write of one run's labels; unprocessed items are retried with backoff. */
  putLabels(
    run: { tenant: string; dataset: string; runId: string },
    labels: Iterable<LabelRecord>,
    /** Seconds since the epoch. */
    expiresAt?: number,
  ): Promise<number>;
  label(tenant: string, dataset: string, runId: string, customerId: string): Promise<LabelRecord | undefined>;
}

/** API keys by tenant and key id; the secret is never stored. */
export interface ApiKeyStore {
  key(tenant: string, keyId: string): Promise<ApiKeyRecord | undefined>;
  /** The key of an `X-Customer-Api-Id`, a lower-case UUID; the record says whose it is. */
  customerApi(customerApiId: string): Promise<ApiKeyRecord | undefined>;
}

/** When a dataset is to be segmented again. */
export interface DatasetSchedule {
  readonly tenant: string;
  readonly dataset: string;
  readonly schedule: NonNullable<DatasetConfig['schedule']>;
}

/** Configurations of datasets, version by version. A version is written once and never changed. */
export interface DatasetConfigStore {
  /** The newest version, a deletion included; undefined where none was ever saved. */
  newest(tenant: string, dataset: string): Promise<DatasetConfigRecord | undefined>;
  version(tenant: string, dataset: string, version: number): Promise<DatasetConfigRecord | undefined>;
  /** Names of all datasets of a tenant that ever had a configuration, ascending. */
  names(tenant: string): Promise<string[]>;
  /** False, and no change, where this version is there already: of two writers at once, one wins. */
  append(record: DatasetConfigRecord): Promise<boolean>;
  /** Of all tenants, for the clock alone. */
  schedules(): Promise<DatasetSchedule[]>;
}

/** Drill-downs of uploads and segments, by tenant and run id. */
export interface DrilldownStore {
  get(tenant: string, runId: string): Promise<DrilldownRecord | undefined>;
  /** Writes the record of a new attempt. False, and no write, where it or a later one is there. */
  begin(record: DrilldownRecord): Promise<boolean>;
  /** Overwrites the record. False, and no write, where the attempt is not the record's: a late worker changes nothing. */
  update(record: DrilldownRecord): Promise<boolean>;
}

export interface WorkflowStarter<Input = Trigger> {
  /** Starts an execution; the same name and input twice is one execution. Returns its id. */
  start(name: string, input: Input): Promise<string>;
  /** Whether an execution still runs; one that nobody remembers does not. */
  isRunning(executionId: string): Promise<boolean>;
}

/** The wall clock of the shell; the domain has none. */
export interface Clock {
  now(): Date;
}

/** Everything the shell is given; a test hands over the memory twin. */
export interface Ports {
  readonly objects: ObjectStore;
  readonly transfers: TransferStore;
  readonly runs: RunStore;
  readonly segments: SegmentStore;
  readonly labels: LabelStore;
  readonly apiKeys: ApiKeyStore;
  readonly configs: DatasetConfigStore;
  readonly workflow: WorkflowStarter;
  readonly drilldowns: DrilldownStore;
  readonly drilldownWorkflow: WorkflowStarter<DrilldownRef>;
  readonly clock: Clock;
}
