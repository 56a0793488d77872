import { datasetPathSchema } from '../contracts/api-datasets.ts';
import { rollbackAnswerSchema, rollbackBodySchema } from '../contracts/api-flow.ts';
import type { RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { RunRecord } from '../contracts/records.ts';
import { ConflictError, NotFoundError } from '../errors.ts';
import { readJson } from '../json-objects.ts';
import { turnOf } from '../run-identity.ts';
import { readKeptRun, runExpired } from './kept-run.ts';
import { publishedDataset } from './published-run.ts';
import { defineRoute } from './route.ts';

/** Serves a former run again. */
export const rollbackDataset = defineRoute({
  method: 'POST',
  path: '/v1/datasets/{dataset}/rollback',
  scope: 'datasets:write',
  summary: 'Serve a former run again',
  description:
    'Readers see the current run or the former one, never a mixture. Runs that were asked for before the rollback and end after it are not served; the next one that is asked for is.',
  params: datasetPathSchema,
  body: rollbackBodySchema,
  status: 200,
  answer: rollbackAnswerSchema,
  problems: {
    404: 'Nothing is published, or there is no such finished run of the dataset.',
    409: 'There is no former run, or another change came first.',
    410: 'The run has expired: the policy of the dataset (`keepRuns`) does not keep it.',
  },
  async handle({ tenant, params: { dataset }, body }, ports) {
    const served = await publishedDataset(ports, tenant, dataset);
    const { currentRunId, formerRunIds } = served;
    const runId = body.runId ?? formerRunIds[0];
    if (runId === undefined) {
      throw new ConflictError(
        `Dataset ${dataset} has served one run only: there is none to roll back to. Name a finished run as "runId".`,
        { reason: 'no_former_run' },
      );
    }
    const { labelSources, asked } = await readKeptRun(ports, tenant, runId, async (run) => {
      const finished = finishedRun(run, dataset, runId);
      const plan = await readJson<RunPlan>(ports.objects, runKeys({ tenant, dataset, runId }).plan);
      return { ...finished, asked: plan.asked };
    });
    const now = ports.clock.now();
    const publishedAt = now.toISOString();
    const publication = await ports.runs.publish({
      tenant,
      dataset,
      currentRunId: runId,
      publishedAt,
      turn: turnOf({ trigger: 'schedule', tenant, dataset }, now),
      request: asked,
      labelSources,
      formerRunIds: formerRunIds.filter((id) => id !== runId),
    });
    if (publication === 'expired') throw runExpired(dataset, runId);
    if (publication === 'askedLater') {
      throw new ConflictError(
        `Dataset ${dataset} has just been given a run that was asked for later. Look at what it serves, and roll back again if need be.`,
        { reason: 'asked_later' },
      );
    }
    await ports.runs.update(tenant, runId, { publishedAt });
    return { body: { dataset, runId, rolledBackFrom: currentRunId, publishedAt } };
  },
});

function finishedRun(run: RunRecord | undefined, dataset: string, runId: string) {
  if (run?.dataset === dataset && run.status === 'succeeded' && run.labelSources) {
    return { labelSources: run.labelSources };
  }
  throw new NotFoundError(
    `Run not found: dataset ${dataset} has no finished run ${runId}. GET /v1/runs lists the runs.`,
    { reason: 'no_such_run', runId },
  );
}
