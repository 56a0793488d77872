import { createHash } from 'node:crypto';
import { z } from 'zod';
import { campaignTimeZone } from '../campaign-day.ts';
import { claimJob, finishJob, periodText } from '../campaign-job-records.ts';
import { JOB_WORK, type JobWork, trainingWork } from '../campaign-job-work.ts';
import type { AccountRef } from '../contracts/campaign-entities.ts';
import {
  ASKED_JOBS,
  CAMPAIGN_JOBS,
  type CampaignJob,
  type TrainingRequest,
  trainingRequestSchema,
} from '../contracts/campaign-jobs.ts';
import { lastDue, parseCron } from '../contracts/cron.ts';
import { FAILED_JOBS_METRIC } from '../contracts/env.ts';
import { HEARTBEATS, type JobHeartbeat, LAST_TICK, NO_TENANT } from '../contracts/health.ts';
import { toProblem } from '../errors.ts';
import { metricFields } from '../observability.ts';
import type { Ports } from '../ports.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const share = z.int().min(0);
const inputSchema = z.union([
  z.object({ scheduledAt: z.iso.datetime() }),
  z.object({ training: trainingRequestSchema }),
  z.object({ detail: z.object({ scheduledAt: z.iso.datetime(), share, shares: z.int().min(1) }) }),
]);
type JobsInput = z.output<typeof inputSchema>;

/** Accounts that one invocation works through: more are handed out in shares of about as many, each to a worker. */
const ACCOUNTS_AT_ONCE = 25;

/** Longest look back for a due time, hours: a job that has been down for longer goes on with its next one. */
const LOOK_BACK_HOURS = 25;

/** Minutes after which no further period is begun: the function has fifteen, and the next tick goes on. */
const BUDGET_MINUTES = 10;

/** What one invocation did. */
export interface CampaignJobsResult {
  /** Accounts that it looked after itself. */
  readonly nAccounts: number;
  readonly nCompleted: number;
  readonly nFailed: number;
  /** Shares of the accounts that it left to others. */
  readonly nShares: number;
}

/**
 * Runs the jobs of all accounts that have come due by `scheduledAt` and are not done. A period is claimed by one
 * conditional write and done once, however often it is delivered; one that was missed or failed is caught up by the
 * next tick. One account's failure keeps no other from its turn. Where there are many accounts, a tick only publishes an
 * event for each share of them, and the event bus invokes this function for each: the shares are worked off side by side,
 * and what a share has no time for is due at the next tick.
 */
export async function campaignJobs(input: JobsInput, context: StepContext): Promise<CampaignJobsResult> {
  if ('training' in input) return train(input.training, context);
  const { ports } = context;
  const accounts = await ports.insights.allAccounts();
  if ('detail' in input) {
    const { scheduledAt, share, shares } = input.detail;
    return runAccounts(
      accounts.filter((account) => shareOf(account, shares) === share),
      scheduledAt,
      context,
    );
  }
  const { scheduledAt } = input;
  if (accounts.length <= ACCOUNTS_AT_ONCE) return runAccounts(accounts, scheduledAt, context);
  const nShares = Math.ceil(accounts.length / ACCOUNTS_AT_ONCE);
  await ports.events.publish(
    Array.from({ length: nShares }, (_, share) => ({
      type: 'Campaign Jobs Due',
      detail: { scheduledAt, share, shares: nShares },
    })),
  );
  return { nAccounts: 0, nCompleted: 0, nFailed: 0, nShares };
}

/** The share that looks after an account: the same for every worker, whatever accounts are added meanwhile. */
function shareOf({ tenant, configId }: AccountRef, shares: number): number {
  return createHash('sha256').update(`${tenant}/${configId}`).digest().readUInt32BE() % shares;
}

async function runAccounts(
  accounts: readonly AccountRef[],
  scheduledAt: string,
  context: StepContext,
): Promise<CampaignJobsResult> {
  const { ports } = context;
  const { clock } = ports;
  const endMs = clock.now().getTime() + BUDGET_MINUTES * 60_000;
  const outcomes: boolean[] = [];
  for (const job of CAMPAIGN_JOBS) {
    const work = JOB_WORK[job.name];
    for (const dueMs of dueTimes(job, Date.parse(scheduledAt))) {
      const ofPeriod: boolean[] = [];
      for (const account of accounts) {
        if (clock.now().getTime() >= endMs) break;
        const done = await runPeriod(context, { account, job: job.name, dueMs, work });
        if (done !== undefined) ofPeriod.push(done);
      }
      if (ofPeriod.length > 0) {
        const isDone = ofPeriod.every(Boolean);
        await beat(ports, job.name, { tick: scheduledAt, period: periodText(dueMs), isDone });
      }
      outcomes.push(...ofPeriod);
    }
  }
  await beat(ports, LAST_TICK, { tick: scheduledAt, period: scheduledAt, isDone: true });
  const nCompleted = outcomes.filter(Boolean).length;
  return { nAccounts: accounts.length, nCompleted, nFailed: outcomes.length - nCompleted, nShares: 0 };
}

/** Does a training that somebody asked for, once however often the event is delivered. */
async function train(request: TrainingRequest, context: StepContext): Promise<CampaignJobsResult> {
  const { tenant, config_id, requested_at, as_of } = request;
  const done = await runPeriod(context, {
    account: { tenant, configId: config_id },
    job: ASKED_JOBS.training,
    dueMs: Date.parse(requested_at),
    work: trainingWork(as_of),
  });
  return { nAccounts: 1, nCompleted: done === true ? 1 : 0, nFailed: done === false ? 1 : 0, nShares: 0 };
}

/** Workers of one tick write one heartbeat: who comes second reads again, as often as there may be others at once. */
const BEAT_ATTEMPTS = 10;

/**
 * Leaves behind for `GET /health/detailed` how a job ended. A later tick, and in one tick a later period, replaces what is
 * there; of one period and tick a failure stays, whichever share of the accounts tells it.
 */
async function beat(
  { campaignDocuments, clock }: Pick<Ports, 'campaignDocuments' | 'clock'>,
  id: string,
  { tick, period, isDone }: { readonly tick: string; readonly period: string; readonly isDone: boolean },
): Promise<void> {
  const status = isDone ? 'COMPLETED' : 'FAILED';
  const value: JobHeartbeat = { tick, period, status, completed_at: clock.now().toISOString() };
  const place = { tenant: NO_TENANT, collection: HEARTBEATS, id };
  for (let attempt = 0; attempt < BEAT_ATTEMPTS; attempt++) {
    const stored = await campaignDocuments.get<JobHeartbeat>(NO_TENANT, HEARTBEATS, id);
    if (stored && !replaces(value, stored.value)) return;
    if (await campaignDocuments.write({ ...place, revision: (stored?.revision ?? 0) + 1, value })) return;
  }
}

function replaces(next: JobHeartbeat, { tick, period, status }: JobHeartbeat): boolean {
  if (next.tick !== tick) return next.tick > tick;
  if (next.period !== period) return next.period > period;
  return next.status === 'FAILED' || status === 'COMPLETED';
}

/** Times that a job was due at, oldest first. */
function dueTimes({ cron, catchUp }: CampaignJob, scheduledMs: number): number[] {
  const parsed = parseCron(cron);
  if (!parsed) return [];
  const from = scheduledMs - LOOK_BACK_HOURS * 3_600_000;
  const times: number[] = [];
  let before = Math.floor(scheduledMs / 60_000) * 60_000 + 60_000;
  while (times.length < catchUp) {
    const due = lastDue(parsed, campaignTimeZone(), from, before);
    if (due === undefined) break;
    times.unshift(due);
    before = due;
  }
  return times;
}

/** Whether it was completed; undefined where there was nothing to do. */
async function runPeriod(
  { ports, log, executionId }: StepContext,
  { account, job, dueMs, work }: { account: AccountRef; job: string; dueMs: number; work: JobWork },
): Promise<boolean | undefined> {
  const { campaignDocuments: store, clock } = ports;
  const claimed = await claimJob(store, { account, job, dueMs }, { now: clock.now(), taskId: executionId });
  if (!claimed) return undefined;
  const { tenant, configId } = account;
  const fields = { job, period: periodText(dueMs), tenant, configId };
  const startMs = clock.now().getTime();
  try {
    const { modelId = null, made } = await work({ ports, account, at: new Date(dueMs) });
    await finishJob(
      store,
      claimed,
      { status: 'COMPLETED', error_message: null, model_id: modelId },
      clock.now(),
    );
    const durationMs = clock.now().getTime() - startMs;
    const metrics = {
      durationMs: { value: durationMs, unit: 'Milliseconds' },
      made: { value: made, unit: 'Count' },
    } as const;
    log.info('job done', { ...fields, ...metricFields(metrics, ['job'], clock.now()) });
    return true;
  } catch (error) {
    const { title, detail } = toProblem(error);
    const end = { status: 'FAILED', error_message: `${title}: ${detail}`.slice(0, 1000) } as const;
    await finishJob(store, claimed, end, clock.now());
    const metrics = { [FAILED_JOBS_METRIC]: { value: 1, unit: 'Count' } } as const;
    log.error('job failed', {
      ...fields,
      error: String(error),
      // Of all jobs together: one alarm watches it, and the line names the job.
      ...metricFields(metrics, [], clock.now()),
    });
    return false;
  }
}

export const handler = stepHandler('CampaignJobs', inputSchema, campaignJobs);
