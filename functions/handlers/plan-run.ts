import { z } from 'zod';
import type { RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { RunRecord } from '../contracts/records.ts';
import { type PlanResult, type Trigger, triggerSchema } from '../contracts/workflow.ts';
import { writeJson } from '../json-objects.ts';
import { planInput } from '../plan-input.ts';
import { identifyRun, turnOf } from '../run-identity.ts';
import { serveRun } from '../serve-run.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const inputSchema = z.object({ trigger: triggerSchema, executionId: z.string().optional() });

/**
 * Works out which run the trigger means, claims it, and cuts its input into shards of whole rows. A run that another
 * execution has under way, or that is served already, ends this one without a change.
 */
export async function planRun({ trigger }: { trigger: Trigger }, context: StepContext): Promise<PlanResult> {
  const { ports, executionId } = context;
  const { objects, runs, workflow, clock } = ports;
  const identity = await identifyRun(trigger, ports);
  if (identity === undefined) return { outcome: 'nothingToDo' };
  const { run, asked: askedRequest, request, config } = identity;
  const now = clock.now();
  const startedAt = now.toISOString();
  const turn = turnOf(trigger, now);
  const asked = { ...run, trigger: trigger.trigger, executionId, request, startedAt, turn };
  const record: RunRecord = { ...asked, status: 'running' };
  let claim = await runs.claim(record);
  // An execution that was aborted or timed out, or whose machine lost power, ends without marking its run as failed.
  if (!claim.claimed && claim.existing.status === 'running') {
    const { executionId: holder } = claim.existing;
    if (!(await workflow.isRunning(holder))) claim = await runs.claim(record, holder);
  }
  if (!claim.claimed) {
    if (claim.existing.status !== 'succeeded') return { outcome: 'alreadyRunning', run };
    const { labelSources = [] } = claim.existing;
    await serveRun(ports, { ...run, turn, request: askedRequest, labelSources }, startedAt, context.log);
    return { outcome: 'alreadyPublished', run };
  }
  await context.claimed(run);

  // A file that the request reaches twice, by its key and by a prefix, is read once.
  const heads = [...new Map(identity.files.map((head) => [head.key, head])).values()];
  const planned = await planInput(objects, heads, request, config);
  const { rowShards, nBuckets } = planned;

  const keys = runKeys(run);
  const plan: RunPlan = { run, asked: askedRequest, request, config, ...planned };
  await writeJson(objects, keys.plan, plan);
  await writeJson(objects, keys.rowShards, items(rowShards.length));
  await writeJson(objects, keys.buckets, items(nBuckets));
  await runs.update(run.tenant, run.runId, {
    itemsPerStep: {
      PlanRun: 1,
      BuildFeatures: rowShards.length,
      MergeEntities: nBuckets,
      PrepareFit: 1,
      WriteFeatures: nBuckets,
      SelectModel: 1,
      AssignSegments: nBuckets,
      MatchSegments: 1,
      WriteLabels: nBuckets,
      PublishRun: 1,
    },
  });
  return { outcome: 'planned', run, rowShardsKey: keys.rowShards, bucketsKey: keys.buckets };
}

const items = (n: number) => Array.from({ length: n }, (_, item) => ({ item }));

export const handler = stepHandler('PlanRun', inputSchema, planRun);
