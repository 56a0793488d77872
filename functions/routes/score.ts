import { scoreRow } from '../clustering/score-row.ts';
import { datasetPathSchema } from '../contracts/api-datasets.ts';
import { scoreAnswerSchema, scoreBodySchema } from '../contracts/api-score.ts';
import type { RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import { readJson } from '../json-objects.ts';
import { cellsOfRecord } from './planned-record.ts';
import { publishedDataset, publishedRun, segmentOf } from './published-run.ts';
import { defineRoute } from './route.ts';

/** Scores a record that need not be in the data. */
export const scoreRecord = defineRoute({
  method: 'POST',
  path: '/v1/datasets/{dataset}/score',
  scope: 'segments:read',
  summary: 'Segment of one raw record',
  description:
    'Reads the record as the rows of the dataset’s files were read, prepares it by the fitted recipe and takes the nearest center: the label and the distance are those of the batch, bit for bit.',
  params: datasetPathSchema,
  body: scoreBodySchema,
  status: 200,
  answer: scoreAnswerSchema,
  problems: { 404: 'Nothing is published (`Model artifact not found`).' },
  async handle({ tenant, params: { dataset }, body: { record } }, ports) {
    const served = await publishedDataset(ports, tenant, dataset);
    const { currentRunId: runId } = served;
    const [{ model, segments }, plan] = await Promise.all([
      publishedRun(ports, served),
      readJson<RunPlan>(ports.objects, runKeys({ tenant, dataset, runId }).plan),
    ]);
    const { label, distance, confidence } = scoreRow(model, cellsOfRecord(plan, record, '/record'));
    const segmentId = segmentOf(model, label);
    const segment = segments.find(({ segment_id }) => segment_id === segmentId);
    if (!segment) throw new Error(`segment ${segmentId} of a published run is not stored`);
    return {
      body: {
        dataset,
        run_id: runId,
        segment_id: segmentId,
        segment_name: segment.name,
        confidence,
        distance_to_center: distance,
      },
    };
  },
});
