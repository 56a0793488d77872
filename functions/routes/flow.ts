import { runFlowSchema } from '../contracts/api-flow.ts';
import { runPathSchema } from '../contracts/api-runs.ts';
import { runKeys } from '../contracts/keys.ts';
import { NotFoundError } from '../errors.ts';
import { readJsonIfThere } from '../json-objects.ts';
import type { RunFlow } from '../write-flow.ts';
import { readKeptRun } from './kept-run.ts';
import { defineRoute } from './route.ts';

/** What became of the segments and customers of the run that was served before. */
export const runFlow = defineRoute({
  method: 'GET',
  path: '/v1/runs/{runId}/flow',
  scope: 'runs:read',
  summary: 'Who moved from which segment to which since the run that was served before, and why',
  params: runPathSchema,
  status: 200,
  answer: runFlowSchema,
  problems: { 410: 'The run has expired.', 404: 'There is no such run, or it has not been published yet.' },
  async handle({ tenant, params: { runId } }, { runs, objects }) {
    const { flow, labelWrites } = await readKeptRun({ runs }, tenant, runId, async (run) => ({
      flow: run && (await readJsonIfThere<RunFlow>(objects, runKeys(run).flow)),
      labelWrites: run?.labelWrites,
    }));
    if (!flow || !labelWrites) {
      throw new NotFoundError(
        'Flow not found: there is no such run, or it has not been published. Check the id, or wait until the run has succeeded.',
        { reason: 'no_flow', runId },
      );
    }
    const { causes, ...matched } = flow;
    const { moved, data, centers, count, unknown, byCause } = causes;
    return {
      body: {
        runId,
        ...matched,
        events: [...matched.events],
        causes: { moved, data, centers, count, unknown, byCause: { ...byCause } },
        labelWrites,
      },
    };
  },
});
