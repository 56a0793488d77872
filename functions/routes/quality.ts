import { runPathSchema } from '../contracts/api-runs.ts';
import { runKeys } from '../contracts/keys.ts';
import { type DriftReport, type QualityReport, qualityAnswerSchema } from '../contracts/quality.ts';
import { NotFoundError } from '../errors.ts';
import { readJsonIfThere } from '../json-objects.ts';
import { readKeptRun } from './kept-run.ts';
import { defineRoute } from './route.ts';

/** What was read for a run, what was done to it, and how it moved since the run before. */
export const runQuality = defineRoute({
  method: 'GET',
  path: '/v1/runs/{runId}/quality',
  scope: 'runs:read',
  summary: 'Data quality of a run, and its drift since the run that was served before',
  params: runPathSchema,
  status: 200,
  answer: qualityAnswerSchema,
  problems: { 410: 'The run has expired.', 404: 'There is no such run, or it has not been published yet.' },
  async handle({ tenant, params: { runId } }, { runs, objects }) {
    const [report, drift] = await readKeptRun({ runs }, tenant, runId, async (run) => {
      if (!run) return [];
      const keys = runKeys(run);
      return Promise.all([
        readJsonIfThere<QualityReport>(objects, keys.artifact('quality_report.json')),
        readJsonIfThere<DriftReport>(objects, keys.drift),
      ]);
    });
    if (!report) {
      throw new NotFoundError(
        'Report not found: there is no such run, or it has not been published. Check the id, or wait until the run has succeeded.',
        { reason: 'no_report', runId },
      );
    }
    return { body: { runId, report, ...(drift && { drift }) } };
  },
});
