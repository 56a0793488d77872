import { ENV } from '../contracts/env.ts';
import { type StepInput, stepInputSchema } from '../contracts/workflow.ts';
import { expireRuns as expireRunsOf } from '../expire-runs.ts';
import { type StepContext, stepHandler } from '../shell.ts';

/** Published runs that stay where neither the dataset nor the deployment says. */
const KEEP_RUNS = 10;

/** What an expiry returns. */
export interface ExpireResult {
  readonly nExpired: number;
}

/** Deletes the runs of the dataset that its policy no longer keeps, after another one was published. */
export async function expireRuns(
  { run: { tenant, dataset } }: StepInput,
  { ports, executionId, log }: StepContext,
): Promise<ExpireResult> {
  const keepRuns = Number(process.env[ENV.keepRuns] ?? KEEP_RUNS);
  const expired = await expireRunsOf(ports, { tenant, dataset, keepRuns, executionId }, log);
  return { nExpired: expired.length };
}

export const handler = stepHandler('ExpireRuns', stepInputSchema, expireRuns);
