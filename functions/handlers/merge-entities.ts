import { readBucketManifests } from '../bucket-manifests.ts';
import type { RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { readJson } from '../json-objects.ts';
import { mergeOrders } from '../merge-orders.ts';
import { mergeTable } from '../merge-table.ts';
import { type StepContext, stepHandler } from '../shell.ts';

/** Merges what all row shards hold of one bucket into one row per entity. */
export async function mergeEntities({ run, item }: ItemInput, context: StepContext): Promise<ItemResult> {
  const { objects } = context.ports;
  const plan = await readJson<RunPlan>(objects, runKeys(run).plan);
  const manifests = await readBucketManifests(objects, plan, item);
  const merge =
    plan.recipe === 'rfm'
      ? mergeOrders(plan, item, manifests, context)
      : mergeTable(plan, item, manifests, context);
  return { item, rows: await merge };
}

export const handler = stepHandler('MergeEntities', itemInputSchema, mergeEntities);
