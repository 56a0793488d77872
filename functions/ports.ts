import type { AccountRef, DayRange, EntityType } from './contracts/campaign-entities.ts';
import type { CampaignEntity, Insight, InsightDay } from './contracts/campaign-insights.ts';
import type { DatasetConfig, DatasetConfigRecord } from './contracts/dataset.ts';
import type { DrilldownRecord } from './contracts/drilldown-runs.ts';
import type {
  ApiKeyRecord,
  LabelRecord,
  LeftRecord,
  SegmentRecord,
  TokenIssuerRecord,
} from './contracts/records.ts';
import type { ChildSegment, SegmentDrilldownRecord } from './contracts/segment-drilldown.ts';
import type {
  ClusteringAlgorithm,
  ClusterRecord,
  OutlierRecord,
  SegmentationRef,
} from './contracts/segmentation-records.ts';
import type { DrilldownRef, Trigger } from './contracts/workflow.ts';
import type { EventPublisher, ExperimentStore, Mailer } from './experiment-ports.ts';
import type { RunStore } from './run-ports.ts';
import type { WebhookSender, WebhookStore } from './webhook-ports.ts';

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
  /** Atomic: readers see the old object or the whole new one. The body is the caller's again once it resolves. */
  write(key: string, body: Uint8Array, contentType?: string): Promise<void>;
  /** As `write` for a body of unknown size, in bounded memory. Resolves to its size and lower-case hex SHA-256. */
  writeStream(
    key: string,
    chunks: AsyncIterable<Uint8Array>,
    contentType?: string,
  ): Promise<{ bytes: number; sha256: string }>;
  /** Deletes objects in batches; those that are not there are no error. */
  deleteAll(keys: Iterable<string>): Promise<void>;
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

export interface SegmentStore {
  putSegments(segments: readonly SegmentRecord[]): Promise<void>;
  /** Ordered by segment id. */
  segments(tenant: string, dataset: string, runId: string): Promise<SegmentRecord[]>;
  /** Segments of the analyses of a run; the same again overwrites. */
  putClusters(clusters: readonly ClusterRecord[]): Promise<void>;
  /** Of one algorithm or of all: by algorithm, then by cluster id. */
  clusters(
    tenant: string,
    dataset: string,
    runId: string,
    algorithm?: ClusteringAlgorithm,
  ): Promise<ClusterRecord[]>;
  /** Changes fields of one segment; false where there is none. One conditional write. */
  updateCluster(ref: SegmentationRef, clusterId: number, changes: Partial<ClusterRecord>): Promise<boolean>;
  /** Outliers of one run, the riskiest first; the same again overwrites. */
  putOutliers(outliers: readonly OutlierRecord[]): Promise<void>;
  /** The first `limit` of them, the riskiest first. */
  outliers(tenant: string, dataset: string, runId: string, limit: number): Promise<OutlierRecord[]>;
  /** Deletes all of these of one run, as far as they are there. */
  deleteRun(tenant: string, dataset: string, runId: string): Promise<void>;
}

/** A label, and the run that wrote it. */
export interface StoredLabel {
  readonly runId: string;
  readonly label: LabelRecord;
}

export interface LabelStore {
  /** Idempotent batch write of one run's labels; unprocessed items are retried with backoff. */
  putLabels(
    run: { tenant: string; dataset: string; runId: string },
    labels: Iterable<LabelRecord | LeftRecord>,
    /** Seconds since the epoch. */
    expiresAt?: number,
  ): Promise<number>;
  /**
   * The label by the first of the runs that wrote one for the customer; undefined where none did, or the first to do so
   * wrote that the customer left. One read.
   */
  label(
    tenant: string,
    dataset: string,
    customerId: string,
    runIds: readonly string[],
  ): Promise<StoredLabel | undefined>;
  /** Deletes one run's labels of these customers, as far as they are there. */
  deleteLabels(
    run: { tenant: string; dataset: string; runId: string },
    customerIds: Iterable<string>,
  ): Promise<void>;
}

/** API keys by tenant and key id; the secret is never stored. */
export interface ApiKeyStore {
  key(tenant: string, keyId: string): Promise<ApiKeyRecord | undefined>;
  /** The key of an `X-Customer-Api-Id`, a lower-case UUID; the record says whose it is. */
  customerApi(customerApiId: string): Promise<ApiKeyRecord | undefined>;
  /** Whose tokens the tenant takes. */
  issuer(tenant: string, issuerId: string): Promise<TokenIssuerRecord | undefined>;
}

/** Counts requests, for limits of rate. */
export interface RateCounterStore {
  /** One more request of the key in the window that begins at `startMs`; resolves to how many that makes. */
  count(tenant: string, keyId: string, window: { startMs: number; durationMs: number }): Promise<number>;
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

/** Days of one entity in one calendar month, ascending. */
export interface EntityDays {
  readonly entityId: string;
  readonly days: readonly InsightDay[];
}

/** Daily insights of advertising accounts, by (entity, date), for those who judge them: what was sent in is not theirs to change. */
export interface InsightReader {
  /** Days of all entities of one level, in no order: an entity comes once per calendar month. */
  days(account: AccountRef, entityType: EntityType, range: DayRange): AsyncIterable<EntityDays>;
  /** Days of one entity, ascending. */
  entityDays(
    account: AccountRef,
    entityType: EntityType,
    entityId: string,
    range: DayRange,
  ): Promise<InsightDay[]>;
  entity(account: AccountRef, entityType: EntityType, entityId: string): Promise<CampaignEntity | undefined>;
  /** By id, ascending. @throws InvalidRequestError for a cursor that is not ours or another tenant's */
  entities(account: AccountRef, entityType: EntityType, page: PageRequest): Promise<Page<CampaignEntity>>;
  /** Accounts of one tenant, ascending. */
  accounts(tenant: string): Promise<AccountRef[]>;
  /** Of all tenants, for the clock alone. */
  allAccounts(): Promise<AccountRef[]>;
}

/** The same for those who take insights in. */
export interface InsightStore extends InsightReader {
  /** Overwrites each (entity, date); every other day stays. Later ones of the same day win. Resolves to what was written. */
  put(account: AccountRef, insights: readonly Insight[]): Promise<{ days: number; entities: number }>;
}

/** A record of a collection; collections, ids and labels: `contracts/campaign-collections.ts`. */
export interface CampaignDocument<T> {
  readonly tenant: string;
  readonly collection: string;
  /** Unique in its collection, which is sorted by it. */
  readonly id: string;
  /** Lists may be narrowed to one. */
  readonly label?: string | undefined;
  /** 1 for the first; a write replaces the revision before its own. */
  readonly revision: number;
  /** JSON. */
  readonly value: T;
}

/** Which documents of a collection, in which order. */
export interface DocumentQuery extends PageRequest {
  readonly label?: string | undefined;
  /** Lowest and highest id, both inclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly descending?: boolean | undefined;
}

/** Records of campaigns as documents. Only our own code writes them: values come back as the type they were written with. */
export interface CampaignDocumentStore {
  get<T>(tenant: string, collection: string, id: string): Promise<CampaignDocument<T> | undefined>;
  /** False, and no change, unless the stored revision is the one before this: of two writers at once, one wins. */
  write<T>(document: CampaignDocument<T>): Promise<boolean>;
  /** Overwrites whatever is there, in batches. Ids must differ. */
  writeAll<T>(documents: Iterable<CampaignDocument<T>>): Promise<number>;
  /** Lists by label may lag by some seconds. @throws InvalidRequestError for a cursor that is not of this list */
  list<T>(tenant: string, collection: string, query: DocumentQuery): Promise<Page<CampaignDocument<T>>>;
}

/** Drill-downs of uploads and segments, by tenant and run id. */
export interface DrilldownStore {
  get(tenant: string, runId: string): Promise<DrilldownRecord | undefined>;
  /** Writes the record of a new attempt. False, and no write, where it or a later one is there. */
  begin(record: DrilldownRecord): Promise<boolean>;
  /** Overwrites the record. False, and no write, where the attempt is not the record's: a late worker changes nothing. */
  update(record: DrilldownRecord): Promise<boolean>;
}

/** Parts of published segments: which drill-down of a segment is shown, and its children. */
export interface ChildSegmentStore {
  /** Writes the children, then points the segment at them: until that one write readers see the former ones, whole. */
  publish(record: SegmentDrilldownRecord, children: readonly ChildSegment[]): Promise<void>;
  /** What is shown of a segment of a run, in the order written; undefined where it was never drilled into. */
  shown(
    segment: Pick<SegmentDrilldownRecord, 'tenant' | 'dataset' | 'runId' | 'segmentId'>,
  ): Promise<{ record: SegmentDrilldownRecord; children: ChildSegment[] } | undefined>;
  /** Deletes all that the segments of one run were drilled into, as far as it is there. */
  deleteRun(tenant: string, dataset: string, runId: string): Promise<void>;
}

export interface WorkflowStarter<Input = Trigger> {
  /** Starts an execution; the same name and input twice is one execution. Returns its id. */
  start(name: string, input: Input): Promise<string>;
  /** Whether an execution still runs; one that nobody remembers does not. */
  isRunning(executionId: string): Promise<boolean>;
}

/** One small request to services that are not asked otherwise; each throws what it met. */
export interface Probes {
  storage(): Promise<void>;
  workflow(): Promise<void>;
}

/** A language model that may rephrase names of segments; see `rephraseNames` for what it is told and how it is checked. */
export interface NamePhraser {
  /** Whether the deployment has one at all. */
  readonly enabled: boolean;
  readonly modelId: string;
  /** The model's answer as it is. @throws whatever the service throws, and when `signal` aborts */
  complete(prompt: { readonly system: string; readonly text: string }, signal: AbortSignal): Promise<string>;
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
  readonly insights: InsightStore;
  readonly campaignDocuments: CampaignDocumentStore;
  readonly rateCounters: RateCounterStore;
  readonly experiments: ExperimentStore;
  readonly events: EventPublisher;
  readonly mailer: Mailer;
  readonly namePhraser: NamePhraser;
  readonly workflow: WorkflowStarter;
  readonly webhooks: WebhookStore;
  readonly webhookSender: WebhookSender;
  readonly drilldowns: DrilldownStore;
  readonly childSegments: ChildSegmentStore;
  readonly drilldownWorkflow: WorkflowStarter<DrilldownRef>;
  readonly probes: Probes;
  readonly clock: Clock;
}

/** What answers about campaigns are made with: all ports, of insights the reading half. */
export type AnalysisPorts = Omit<Ports, 'insights'> & { readonly insights: InsightReader };
