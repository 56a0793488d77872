import { MOST_PARENT_CUSTOMERS, startedDrilldownSchema } from '../contracts/drilldown-runs.ts';
import {
  childrenQuerySchema,
  childrenSchema,
  MOST_SEGMENT_VALUES,
  segmentDrilldownBodySchema,
  segmentPathSchema,
} from '../contracts/segment-drilldown.ts';
import { InsufficientDataError, NotFoundError } from '../errors.ts';
import { startDrilldown } from '../start-drilldown.ts';
import { accepted } from './drilldown-runs.ts';
import { publishedDataset, publishedRun, segmentOf } from './published-run.ts';
import { defineRoute } from './route.ts';

/** Splits a published segment further. */
export const drillSegment = defineRoute({
  method: 'POST',
  path: '/v1/segments/{segmentId}/drilldown',
  scope: 'drilldown',
  summary: 'Split a published segment into parts, and these again',
  description:
    'Works on the features of the run that is served, level by level down to `max_depth`. The parts are kept under ids that name their parents; GET the same path when `Location` says that it is done. An empty object takes the defaults.',
  params: segmentPathSchema,
  body: segmentDrilldownBodySchema,
  bodyOptional: true,
  status: 202,
  answer: startedDrilldownSchema,
  problems: {
    404: 'Nothing is published, or there is no such segment.',
    422: 'The segment is too large to be split at once.',
  },
  async handle({ tenant, params: { segmentId }, body: { dataset: name, ...options } }, ports) {
    const record = await publishedDataset(ports, tenant, name);
    const { dataset, currentRunId: sourceRunId } = record;
    const { model, segments } = await publishedRun(ports, record);
    const segment = segments.find(({ segment_id }) => segment_id === segmentId);
    if (!segment) throw noSuchSegment(dataset, segmentId);
    const { size } = segment;
    if (size > MOST_PARENT_CUSTOMERS || size * model.recipe.features.length > MOST_SEGMENT_VALUES) {
      throw new InsufficientDataError(
        `Segment ${segmentId} has ${size} members of ${model.recipe.features.length} features; at most ${MOST_PARENT_CUSTOMERS} members and ${MOST_SEGMENT_VALUES} values are split at once. Run the dataset with more clusters first.`,
        { reason: 'segment_too_large', found: size, limit: MOST_PARENT_CUSTOMERS },
      );
    }
    const cluster = model.centers.findIndex((_, number) => segmentOf(model, number) === segmentId);
    const nEntities = segments.reduce((sum, one) => sum + one.size, 0);
    const started = await startDrilldown(ports, tenant, {
      kind: 'segment',
      dataset,
      sourceRunId,
      segmentId,
      cluster,
      size,
      nEntities,
      options,
    });
    return accepted(started);
  },
});

/** The parts of a published segment. */
export const segmentChildren = defineRoute({
  method: 'GET',
  path: '/v1/segments/{segmentId}/drilldown',
  scope: 'segments:read',
  summary: 'Parts of a published segment, as it was drilled into last',
  params: segmentPathSchema,
  query: childrenQuerySchema,
  status: 200,
  answer: childrenSchema,
  problems: { 404: 'Nothing is published, or the segment was not drilled into since its run was published.' },
  async handle({ tenant, params: { segmentId }, query: { dataset: name } }, ports) {
    const { dataset, currentRunId: runId } = await publishedDataset(ports, tenant, name);
    const shown = await ports.childSegments.shown({ tenant, dataset, runId, segmentId });
    if (!shown) {
      throw new NotFoundError(
        `Segment ${segmentId} of dataset ${dataset} was not drilled into since run ${runId} was published. POST to this path first.`,
        { reason: 'not_drilled', runId },
      );
    }
    const { drilldownId, drilledAt } = shown.record;
    return {
      body: { dataset, runId, segment_id: segmentId, drilldownId, drilledAt, segments: shown.children },
    };
  },
});

function noSuchSegment(dataset: string, segmentId: number): NotFoundError {
  return new NotFoundError(
    `Dataset ${dataset} serves no segment ${segmentId}. GET /v1/segments lists those that it serves.`,
    { reason: 'no_such_segment', segmentId },
  );
}
