import { buildEntities } from '../build-entities.ts';
import { buildOrders } from '../build-orders.ts';
import type { RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { type ItemInput, type ItemResult, itemInputSchema } from '../contracts/workflow.ts';
import { readJson } from '../json-objects.ts';
import { type StepContext, stepHandler } from '../shell.ts';

/** Reads the rows of one shard and writes what they tell of each entity, by entity bucket. */
export async function buildFeatures({ run, item }: ItemInput, context: StepContext): Promise<ItemResult> {
  const plan = await readJson<RunPlan>(context.ports.objects, runKeys(run).plan);
  const build = plan.recipe === 'rfm' ? buildOrders(plan, item, context) : buildEntities(plan, item, context);
  return { item, rows: await build };
}

export const handler = stepHandler('BuildFeatures', itemInputSchema, buildFeatures);
