import {
  itemInputSchema,
  MAPS,
  type PlanResult,
  type PrepareResult,
  type Step,
  TRANSIENT_ERRORS,
  type Trigger,
} from '../../functions/contracts/workflow.ts';
import { handler as assignSegments } from '../../functions/handlers/assign-segments.ts';
import { handler as buildFeatures } from '../../functions/handlers/build-features.ts';
import { handler as expireRuns } from '../../functions/handlers/expire-runs.ts';
import { handler as fitCandidate } from '../../functions/handlers/fit-candidate.ts';
import { handler as markFailed } from '../../functions/handlers/mark-failed.ts';
import { handler as matchSegments } from '../../functions/handlers/match-segments.ts';
import { handler as mergeEntities } from '../../functions/handlers/merge-entities.ts';
import { handler as planRun } from '../../functions/handlers/plan-run.ts';
import { handler as prepareFit } from '../../functions/handlers/prepare-fit.ts';
import { handler as publishRun } from '../../functions/handlers/publish-run.ts';
import { handler as selectModel } from '../../functions/handlers/select-model.ts';
import { handler as writeFeatures } from '../../functions/handlers/write-features.ts';
import { handler as writeLabels } from '../../functions/handlers/write-labels.ts';
import { readJson } from '../../functions/json-objects.ts';
import { createLogger, type Logger } from '../../functions/observability.ts';
import type { Ports } from '../../functions/ports.ts';
import type { StepHandler } from '../../functions/shell.ts';

const HANDLERS: Readonly<Record<Step | 'ExpireRuns' | 'MarkFailed', StepHandler<unknown>>> = {
  PlanRun: planRun,
  BuildFeatures: buildFeatures,
  MergeEntities: mergeEntities,
  PrepareFit: prepareFit,
  WriteFeatures: writeFeatures,
  FitCandidate: fitCandidate,
  SelectModel: selectModel,
  AssignSegments: assignSegments,
  MatchSegments: matchSegments,
  WriteLabels: writeLabels,
  PublishRun: publishRun,
  ExpireRuns: expireRuns,
  MarkFailed: markFailed,
};

const ATTEMPTS = 4;

/** How an execution is driven. */
export interface WorkflowOptions {
  readonly executionId?: string;
  readonly log?: Logger;
  /** Order in which the children of a map run; default: as listed. */
  readonly order?: (items: readonly number[]) => readonly number[];
}

/** What became of an execution. */
export interface WorkflowOutcome {
  readonly plan?: PlanResult;
  /** The error that failed it, after MarkFailed. */
  readonly error?: Error;
}

/**
 * Runs the whole workflow in this process, state by state as the state machine would: events pass through JSON, maps
 * read their items from the object store, transient errors are tried again, any other error goes to MarkFailed.
 */
export async function runWorkflow(
  ports: Ports,
  trigger: Trigger,
  {
    executionId = 'execution-1',
    log = createLogger({ write: () => {} }),
    order = (items) => items,
  }: WorkflowOptions = {},
): Promise<WorkflowOutcome> {
  const invoke = async (step: Step | 'ExpireRuns' | 'MarkFailed', event: object): Promise<unknown> => {
    const handler = HANDLERS[step].with({ ports: () => ports, log });
    for (let attempt = 1; ; attempt++) {
      try {
        return overJson(await handler(overJson({ ...event, executionId })));
      } catch (error) {
        const transient = TRANSIENT_ERRORS.some((name) => name === (error as Error).name);
        if (!transient || attempt === ATTEMPTS) throw error;
      }
    }
  };

  const each = async (map: keyof typeof MAPS, itemsKey: string | undefined, run: PlanResult['run']) => {
    const listed = await readJson<{ item: number }[]>(ports.objects, itemsKey ?? 'no items');
    for (const item of order(listed.map((entry) => entry.item))) {
      await invoke(MAPS[map].step, itemInputSchema.parse({ run, item }));
    }
  };

  let plan: PlanResult | undefined;
  try {
    plan = (await invoke('PlanRun', { trigger })) as PlanResult;
    if (plan.outcome !== 'planned') return { plan };
    const { run, rowShardsKey, bucketsKey } = plan;
    await each('EachRowShard', rowShardsKey, run);
    await each('EachBucket', bucketsKey, run);
    const { candidatesKey } = (await invoke('PrepareFit', { run })) as PrepareResult;
    await each('EachFeatureShard', bucketsKey, run);
    await each('EachCandidate', candidatesKey, run);
    await invoke('SelectModel', { run });
    await each('EachLabelShard', bucketsKey, run);
    await invoke('MatchSegments', { run });
    await each('EachChangeShard', bucketsKey, run);
    await invoke('PublishRun', { run });
  } catch (thrown) {
    const error = thrown as Error;
    const Cause = JSON.stringify({ errorType: error.name, errorMessage: error.message });
    await invoke('MarkFailed', { trigger, error: { Error: error.name, Cause } });
    return plan === undefined ? { error } : { plan, error };
  }
  // Whatever becomes of old runs, this one is published.
  await invoke('ExpireRuns', { run: plan.run }).catch(() => {});
  return { plan };
}

function overJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
