import type { RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { readJson } from '../json-objects.ts';
import { labelBucket } from '../label-bucket.ts';
import { type StepContext, stepHandler } from '../shell.ts';

/** Assigns every entity of one bucket to its nearest center. */
export async function assignSegments(
  { run, item: bucket }: ItemInput,
  { ports: { objects }, progress }: StepContext,
): Promise<ItemResult> {
  const plan = await readJson<RunPlan>(objects, runKeys(run).plan);
  const rows = await labelBucket(objects, plan, bucket);
  progress(rows);
  return { item: bucket, rows };
}

export const handler = stepHandler('AssignSegments', itemInputSchema, assignSegments);
