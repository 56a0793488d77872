import { decodeArrow } from '../arrow/ipc.ts';
import { membersPageSchema, membersQuerySchema, segmentPathSchema } from '../contracts/api-members.ts';
import type { Model, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { SegmentRecord } from '../contracts/records.ts';
import { InvalidRequestError, NotFoundError } from '../errors.ts';
import { readJson } from '../json-objects.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { Ports } from '../ports.ts';
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
  problems: { 404: 'Nothing is published, or the run has no such segment.' },
  async handle({ tenant, params: { segmentId }, query }, ports) {
    const from =
      query.cursor === undefined
        ? await firstPage(ports, tenant, query.dataset)
        : positionOf(tenant, segmentId, query.cursor, query.dataset);
    const { dataset, runId } = from;
    const keys = runKeys({ tenant, dataset, runId });
    const [segments, plan, model] = await Promise.all([
      ports.segments.segments(tenant, dataset, runId),
      readJson<RunPlan>(ports.objects, keys.plan),
      readJson<Model>(ports.objects, keys.artifact('model.json')),
    ]);
    const segment = segments.find(({ segment_id }) => segment_id === segmentId);
    if (!segment) throw noSegment(dataset, runId, segmentId, segments);
    const cluster = clusterOf(model, segmentId);
    const { members, next } = await readMembers(ports, plan, cluster, from, query.limit);
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

/** A row of the labels of one bucket. */
interface Position {
  readonly bucket: number;
  readonly row: number;
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

/** Members from a position on, one bucket's labels in memory at a time; `next` is where another member stands. */
async function readMembers(
  { objects }: Ports,
  { run, nBuckets }: RunPlan,
  cluster: number,
  from: Position,
  limit: number,
) {
  const members: { customer_id: string; confidence: number; distance_to_center: number }[] = [];
  for (let { bucket, row } = from; bucket < nBuckets; bucket++, row = 0) {
    const labels = decodeArrow(await objects.read(runKeys(run).labels(bucket)));
    const clusters = labels.int32('cluster');
    const first = clusters.indexOf(cluster, row);
    if (first < 0) continue;
    const [ids, distances, confidences] = [
      labels.strings('customer_id'),
      labels.float64('distance'),
      labels.float64('confidence'),
    ];
    for (let at = first; at >= 0; at = clusters.indexOf(cluster, at + 1)) {
      if (members.length === limit) return { members, next: { bucket, row: at } };
      members.push({
        customer_id: ids[at]!,
        confidence: confidences[at]!,
        distance_to_center: distances[at]!,
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
