import { membersPageSchema, membersQuerySchema, segmentPathSchema } from '../contracts/api-members.ts';
import type { Model, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { SegmentRecord } from '../contracts/records.ts';
import type { RunRef } from '../contracts/workflow.ts';
import { InvalidRequestError, NotFoundError } from '../errors.ts';
import { readJson } from '../json-objects.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { Ports } from '../ports.ts';
import { type LabelPosition, memberBatches } from '../segment-members.ts';
import { readKeptRun } from './kept-run.ts';
import { clusterOf, publishedDataset } from './published-run.ts';
import { defineRoute } from './route.ts';

const LIST = 'members';

/** Customers of one segment of the dataset's current run. */
export const segmentMembers = defineRoute({
  method: 'GET',
  path: '/v1/segments/{segmentId}/members',
  scope: 'segments:read',
  summary: 'Members of a segment',
  description:
    'In an order of their own that no run changes. Pages of one listing are of one run, even when a newer one is published meanwhile.',
  params: segmentPathSchema,
  query: membersQuerySchema,
  status: 200,
  answer: membersPageSchema,
  problems: {
    404: 'Nothing is published, or the run has no such segment.',
    410: 'The run that the cursor belongs to has expired.',
  },
  async handle({ tenant, params: { segmentId }, query }, ports) {
    const from =
      query.cursor === undefined
        ? await firstPage(ports, tenant, query.dataset)
        : positionOf(tenant, segmentId, query.cursor, query.dataset);
    const { dataset, runId } = from;
    const { segment, members, next } = await readKeptRun(ports, tenant, runId, async () => {
      const { segment, plan, cluster } = await segmentOfRun(ports, { tenant, dataset, runId }, segmentId);
      return { segment, ...(await readMembers(ports, plan, cluster, from, query.limit)) };
    });
    return {
      body: {
        dataset,
        run_id: runId,
        segment_id: segmentId,
        segment_name: segment.name,
        size: segment.size,
        members,
        ...(next && {
          cursor: encodeCursor(tenant, LIST, [
            dataset,
            runId,
            String(segmentId),
            String(next.bucket),
            String(next.row),
          ]),
        }),
      },
    };
  },
});

/**
 * A segment of a published run, and the cluster that its members are labelled with.
 * @throws NotFoundError naming the segments that there are
 */
export async function segmentOfRun(
  { objects, segments: store }: Ports,
  run: RunRef,
  segmentId: number,
): Promise<{ segment: SegmentRecord; plan: RunPlan; cluster: number }> {
  const { tenant, dataset, runId } = run;
  const keys = runKeys(run);
  const [segments, plan, model] = await Promise.all([
    store.segments(tenant, dataset, runId),
    readJson<RunPlan>(objects, keys.plan),
    readJson<Model>(objects, keys.artifact('model.json')),
  ]);
  const segment = segments.find(({ segment_id }) => segment_id === segmentId);
  if (!segment) throw noSegment(dataset, runId, segmentId, segments);
  return { segment, plan, cluster: clusterOf(model, segmentId) };
}

async function firstPage(ports: Ports, tenant: string, name?: string) {
  const { dataset, currentRunId: runId } = await publishedDataset(ports, tenant, name);
  return { dataset, runId, bucket: 0, row: 0 };
}

function positionOf(tenant: string, segmentId: number, cursor: string, name?: string) {
  const [dataset = '', runId = '', of, bucket, row] = decodeCursor(tenant, LIST, cursor);
  if (of !== String(segmentId) || (name !== undefined && name !== dataset)) {
    throw new InvalidRequestError(
      `Invalid input: the cursor belongs to segment ${of} of dataset ${dataset}. Name the same segment and dataset on every page.`,
      { reason: 'invalid_cursor' },
    );
  }
  return { dataset, runId, bucket: Number(bucket), row: Number(row) };
}

/** Members from a position on; `next` is where another one stands. */
async function readMembers(
  { objects }: Ports,
  plan: RunPlan,
  cluster: number,
  from: LabelPosition,
  limit: number,
) {
  const members: { customer_id: string; confidence: number; distance_to_center: number }[] = [];
  for await (const { bucket, rows, ids, distances, confidences } of memberBatches(
    objects,
    plan,
    cluster,
    from,
  )) {
    for (const [i, row] of rows.entries()) {
      if (members.length === limit) return { members, next: { bucket, row } };
      members.push({
        customer_id: ids[i]!,
        confidence: confidences[i]!,
        distance_to_center: distances[i]!,
      });
    }
  }
  return { members, next: undefined };
}

function noSegment(
  dataset: string,
  runId: string,
  segmentId: number,
  segments: readonly SegmentRecord[],
): NotFoundError {
  return new NotFoundError(
    `Run ${runId} of dataset ${dataset} has no segment ${segmentId}; its segments are ${segments.map(({ segment_id }) => segment_id).join(', ')}. GET /v1/segments lists them.`,
    { reason: 'no_such_segment', runId },
  );
}
