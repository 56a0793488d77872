import {
  type RunSummary,
  runDetailSchema,
  runPathSchema,
  runsPageSchema,
  runsQuerySchema,
} from '../contracts/api-runs.ts';
import type { RunRecord } from '../contracts/records.ts';
import { NotFoundError } from '../errors.ts';
import { defineRoute } from './route.ts';
import { stepReports } from './step-reports.ts';

/** Runs of the tenant, page by page. */
export const listRuns = defineRoute({
  method: 'GET',
  path: '/v1/runs',
  scope: 'runs:read',
  summary: 'Runs, newest first',
  query: runsQuerySchema,
  status: 200,
  answer: runsPageSchema,
  async handle({ tenant, query }, ports) {
    const { items, cursor } = await ports.runs.list(tenant, query);
    return { body: { runs: items.map(summaryOf), ...(cursor !== undefined && { cursor }) } };
  },
});

/** One run with the progress and timings of its steps. */
export const getRun = defineRoute({
  method: 'GET',
  path: '/v1/runs/{runId}',
  scope: 'runs:read',
  summary: 'One run: progress and timings per step, row counts, scores, or why it failed',
  params: runPathSchema,
  status: 200,
  answer: runDetailSchema,
  problems: { 404: 'There is no such run, or it has not begun yet.' },
  async handle({ tenant, params: { runId } }, ports) {
    const [run, progress] = await Promise.all([
      ports.runs.get(tenant, runId),
      ports.runs.progress(tenant, runId),
    ]);
    if (!run) {
      throw new NotFoundError(
        'Run not found: there is no such run. Check the id; a run that was just started appears once its files are planned.',
        { reason: 'no_such_run', runId },
      );
    }
    const { executionId, request, artifacts } = run;
    const body = { ...summaryOf(run), executionId, request, steps: stepReports(run, progress) };
    return { body: artifacts ? { ...body, artifacts: [...artifacts] } : body };
  },
});

function summaryOf(run: RunRecord): RunSummary {
  const { runId, dataset, status, trigger, startedAt } = run;
  const { finishedAt, rows, nEntities, nSegments, scores, problem, publishedAt, expiredAt } = run;
  const known = { finishedAt, rows, nEntities, nSegments, scores, problem, publishedAt, expiredAt };
  return {
    runId,
    dataset,
    status,
    trigger,
    startedAt,
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
  };
}
