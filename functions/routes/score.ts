import { scoreRow } from '../clustering/score-row.ts';
import { datasetPathSchema } from '../contracts/api-datasets.ts';
import { scoreAnswerSchema, scoreBodySchema } from '../contracts/api-score.ts';
import type { RunPlan, TablePlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { EntityCell } from '../contracts/recipe.ts';
import { InvalidRequestError } from '../errors.ts';
import { readJson } from '../json-objects.ts';
import { recordCells } from '../tables/record-cells.ts';
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
    const cells = plan.recipe === 'table' ? cellsOf(plan, record) : (record as Record<string, EntityCell>);
    const { label, distance, confidence } = scoreRow(model, cells);
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

/** @throws InvalidRequestError naming every field that no column answers to, or whose value cannot be read */
function cellsOf({ entity, files }: TablePlan, record: Readonly<Record<string, unknown>>) {
  const known = new Set([
    ...entity.columns.map(({ source }) => source),
    ...entity.ignored.map(({ name }) => name),
    ...(entity.idColumn === null ? [] : [entity.idColumn]),
  ]);
  const { cells, unreadable } = recordCells(entity.columns, files[0]!.cells, record);
  const errors = [
    ...Object.keys(record)
      .filter((name) => !known.has(name))
      .map((name) => ({ name, detail: 'unknown column' })),
    ...unreadable.map((name) => ({
      name,
      detail: `is no ${entity.columns.find(({ source }) => source === name)?.type ?? 'value'}`,
    })),
  ].map(({ name, detail }) => ({
    in: 'body',
    pointer: `/record/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    detail,
  }));
  if (errors.length === 0) return cells;
  throw new InvalidRequestError(
    `Invalid input: ${errors.map(({ pointer, detail }) => `body ${pointer}: ${detail}`).join('; ')}. ` +
      `The columns are ${entity.columns.map(({ source }) => source).join(', ')}.`,
    { reason: 'invalid_fields', errors },
  );
}
