import { z } from 'zod';
import type { RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { RunRecord } from '../contracts/records.ts';
import { type PlanResult, type Trigger, triggerSchema } from '../contracts/workflow.ts';
import { TransientStoreError } from '../errors.ts';
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
    const { status, labelSources = [] } = claim.existing;
    if (status === 'running') return { outcome: 'alreadyRunning', run };
    if (status !== 'succeeded') throw expiring(run.runId);
    const finished = { ...run, turn, request: askedRequest, labelSources };
    if ((await serveRun(ports, finished, startedAt, context.log)) === 'expired') throw expiring(run.runId);
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

/** A run is made anew once everything of it is gone: the workflow tries again until then. */
function expiring(runId: string): TransientStoreError {
  return new TransientStoreError(
    `Run ${runId} of the same content is being deleted, as the policy of its dataset says. It is made anew once that is done; try again shortly.`,
    { reason: 'run_expiring', runId },
  );
}

const items = (n: number) => Array.from({ length: n }, (_, item) => ({ item }));

export const handler = stepHandler('PlanRun', inputSchema, planRun);
