import { COLLECTION, documentId, documentRef } from './contracts/campaign-collections.ts';
import type { AccountRef } from './contracts/campaign-entities.ts';
import { ASKED_JOBS } from './contracts/campaign-jobs.ts';
import type { JobRecord } from './contracts/campaign-records.ts';
import type { CampaignDocument, Ports } from './ports.ts';

type JobDocument = CampaignDocument<JobRecord>;

/** Longest time a function runs, minutes: whoever claimed a job longer ago does not work on it any more. */
const LEASE_MINUTES = 15;

/** Attempts at one period; the next period is tried whatever became of this one. */
export const JOB_ATTEMPTS = 3;

/** One period of one job for one account. */
export interface JobPeriod {
  readonly account: AccountRef;
  readonly job: string;
  /** When it was due, ms since the epoch. */
  readonly dueMs: number;
}

/** `2026-03-02T09:00Z`: sorts by time. */
export function periodText(dueMs: number): string {
  return `${new Date(dueMs).toISOString().slice(0, 16)}Z`;
}

/**
 * Claims a period: undefined where it is done, is being worked on, or was tried three times. One conditional write: of
 * two claims at once, one wins. A claim whose holder died is free again after a quarter of an hour.
 */
export async function claimJob(
  store: Ports['campaignDocuments'],
  { account, job, dueMs }: JobPeriod,
  { now, taskId }: { now: Date; taskId: string },
): Promise<JobDocument | undefined> {
  const { tenant, configId } = account;
  const period = periodText(dueMs);
  const id = documentId(period, job, String(configId));
  const former = await store.get<JobRecord>(tenant, COLLECTION.jobs, id);
  if (former && !isFree(former, now)) return undefined;
  const value: JobRecord = {
    ...newRecord(id, { account, job, dueMs }, now),
    task_id: taskId,
    status: 'RUNNING',
    created_at: former?.value.created_at ?? now.toISOString(),
    started_at: now.toISOString(),
  };
  const revision = (former?.revision ?? 0) + 1;
  const document = { tenant, collection: COLLECTION.jobs, id, label: job, revision, value };
  return (await store.write(document)) ? document : undefined;
}

/** Records that a job is to be done; the record that is there already where it was asked for before. */
export async function requestJob(
  store: Ports['campaignDocuments'],
  period: JobPeriod,
  now: Date,
): Promise<JobRecord> {
  const { tenant, configId } = period.account;
  const id = documentId(periodText(period.dueMs), period.job, String(configId));
  const value = newRecord(id, period, now);
  const document = { tenant, collection: COLLECTION.jobs, id, label: period.job, revision: 1, value };
  if (await store.write(document)) return value;
  return (await store.get<JobRecord>(tenant, COLLECTION.jobs, id))?.value ?? value;
}

function newRecord(id: string, { account, job, dueMs }: JobPeriod, now: Date): JobRecord {
  const isTraining = job === 'daily-model-retraining' || job === ASKED_JOBS.training;
  return {
    id: documentRef(id),
    job,
    period: periodText(dueMs),
    model_type: isTraining ? 'CAMPAIGN_CLASSIFIER' : null,
    config_id: account.configId,
    task_id: null,
    status: 'PENDING',
    progress: 0,
    model_id: null,
    error_message: null,
    created_at: now.toISOString(),
    started_at: null,
    completed_at: null,
  };
}

/** Records how a claimed period ended. False where somebody took it over meanwhile: then theirs is what holds. */
export function finishJob(
  store: Ports['campaignDocuments'],
  document: JobDocument,
  end: Pick<JobRecord, 'status' | 'error_message'> & Partial<Pick<JobRecord, 'model_id'>>,
  now: Date,
): Promise<boolean> {
  const progress = end.status === 'COMPLETED' ? 1 : document.value.progress;
  const value = { ...document.value, progress, ...end, completed_at: now.toISOString() };
  return store.write({ ...document, revision: document.revision + 1, value });
}

function isFree({ revision, value }: JobDocument, now: Date): boolean {
  // Each attempt is a claim and an end: two revisions, or one where its holder died.
  if (Math.ceil(revision / 2) >= JOB_ATTEMPTS && value.status !== 'RUNNING') return false;
  if (value.status === 'FAILED' || value.status === 'PENDING') return true;
  const sinceMs = now.getTime() - Date.parse(value.started_at ?? value.created_at);
  return value.status === 'RUNNING' && revision < 2 * JOB_ATTEMPTS && sinceMs > LEASE_MINUTES * 60_000;
}
