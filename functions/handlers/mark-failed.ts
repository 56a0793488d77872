import { z } from 'zod';
import type { RunPlan } from '../contracts/artifacts.ts';
import { parseInputKey, runKeys } from '../contracts/keys.ts';
import type { RowCounts, RunRecord, StepProgress } from '../contracts/records.ts';
import { type MarkFailedInput, markFailedInputSchema, type Trigger } from '../contracts/workflow.ts';
import { TessellaError, TransientStoreError } from '../errors.ts';
import { readJson } from '../json-objects.ts';
import type { Ports } from '../ports.ts';
import { readRowCounts } from '../row-counts.ts';
import { identifyRun } from '../run-identity.ts';
import { type StepContext, stepHandler } from '../shell.ts';
import { workflowProblem } from '../workflow-problem.ts';

const inputSchema = markFailedInputSchema.extend({ executionId: z.string().optional() });
type Input = MarkFailedInput & { readonly executionId?: string | undefined };

/** Runs looked through for the one that an execution claimed. */
const RECENT_RUNS = 100;

/**
 * Records on the run why its execution failed. What the dataset serves is never touched. A run that this execution did
 * not claim is left alone; one that is already published has succeeded.
 */
export async function markFailed(
  { trigger, error, executionId }: Input,
  { ports, log }: StepContext,
): Promise<{ readonly marked: boolean }> {
  const record = await claimedRun(trigger, executionId, ports);
  if (record === undefined) {
    log.warn('no run to mark as failed', { error: error.Error });
    return { marked: false };
  }
  const { tenant, dataset, runId, startedAt } = record;
  const current = await ports.runs.dataset(tenant, dataset);
  if (current?.currentRunId === runId) {
    // Publishing may have lost its machine between serving the run and telling so.
    if (record.status === 'running') {
      await ports.runs.update(tenant, runId, { status: 'succeeded', finishedAt: current.publishedAt });
    }
    log.warn('run is published already', { tenant, runId, error: error.Error });
    return { marked: false };
  }

  // Records of an earlier execution, which failed and was taken over, tell nothing about this one.
  const progress = (await ports.runs.progress(tenant, runId)).filter(
    ({ updatedAt }) => updatedAt >= startedAt,
  );
  const problem = workflowProblem(error, progress);
  const rows = await rowCounts(record, progress, ports);
  await ports.runs.update(tenant, runId, {
    status: 'failed',
    finishedAt: ports.clock.now().toISOString(),
    problem,
    ...(rows === undefined ? {} : { rows }),
  });
  log.error('run failed', { tenant, dataset, runId, problem });
  return { marked: true };
}

/** Which rule dropped how many rows often explains the failure; known once every shard was read by this execution. */
async function rowCounts(
  { tenant, dataset, runId, itemsPerStep }: RunRecord,
  progress: readonly StepProgress[],
  { objects }: Ports,
): Promise<RowCounts | undefined> {
  const read = progress.filter(({ step, status }) => step === 'BuildFeatures' && status === 'done');
  if (read.length === 0 || read.length !== itemsPerStep?.BuildFeatures) return undefined;
  const plan = await readJson<RunPlan>(objects, runKeys({ tenant, dataset, runId }).plan);
  return readRowCounts(objects, plan);
}

async function claimedRun(trigger: Trigger, executionId: string | undefined, ports: Ports) {
  const ours = (record: RunRecord | undefined) =>
    record !== undefined && (executionId === undefined || record.executionId === executionId);
  const identified = await identifiedRun(trigger, ports);
  if (ours(identified)) return identified;
  if (executionId === undefined) return undefined;
  // The input may have been replaced since the run was claimed, and names another run now.
  const tenant = trigger.trigger === 'drop' ? parseInputKey(trigger.key)?.tenant : trigger.tenant;
  if (tenant === undefined) return undefined;
  const { items } = await ports.runs.list(tenant, { limit: RECENT_RUNS });
  return items.find((record) => record.executionId === executionId);
}

async function identifiedRun(trigger: Trigger, ports: Ports): Promise<RunRecord | undefined> {
  try {
    const identity = await identifyRun(trigger, ports);
    return identity && (await ports.runs.get(identity.run.tenant, identity.run.runId));
  } catch (error) {
    // What could not be identified was not claimed under that name; only a store that throttled is worth a retry.
    if (error instanceof TessellaError && !(error instanceof TransientStoreError)) return undefined;
    throw error;
  }
}

export const handler = stepHandler('MarkFailed', inputSchema, markFailed);
