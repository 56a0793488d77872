import { z } from 'zod';
import { drilldownRefSchema } from '../contracts/workflow.ts';
import { type StepContext, stepHandler } from '../shell.ts';
import { workflowProblem } from '../workflow-problem.ts';

const inputSchema = z.object({
  run: drilldownRefSchema,
  error: z.object({ Error: z.string(), Cause: z.string().optional() }),
});

/** Records on the drill-down why its execution failed, unless a later attempt has taken it over. */
export async function markDrilldownFailed(
  { run, error }: z.output<typeof inputSchema>,
  { ports: { drilldowns, runs, clock }, log }: StepContext,
): Promise<{ readonly marked: boolean }> {
  const { tenant, runId, attempt } = run;
  const record = await drilldowns.get(tenant, runId);
  if (record?.attempt !== attempt || record.status === 'succeeded') return { marked: false };
  const { startedAt = record.createdAt } = record;
  const progress = (await runs.progress(tenant, runId)).filter(({ updatedAt }) => updatedAt >= startedAt);
  const problem = workflowProblem(error, progress);
  const marked = await drilldowns.update({
    ...record,
    status: 'failed',
    finishedAt: clock.now().toISOString(),
    problem,
  });
  log.error('drill-down failed', { tenant, runId, problem });
  return { marked };
}

export const handler = stepHandler('MarkDrilldownFailed', inputSchema, markDrilldownFailed);
