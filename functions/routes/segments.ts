import { segmentsPageSchema, segmentsQuerySchema } from '../contracts/api.ts';
import { InvalidRequestError } from '../errors.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { Ports } from '../ports.ts';
import { publishedDataset } from './published-run.ts';
import { defineRoute } from './route.ts';

const LIST = 'segments';

/** Segments of a dataset's current run. */
export const listSegments = defineRoute({
  method: 'GET',
  path: '/v1/segments',
  scope: 'segments:read',
  summary: 'Segments that a dataset currently serves',
  description:
    'Largest first. Pages of one listing are of one run, even when a newer one is published meanwhile.',
  query: segmentsQuerySchema,
  status: 200,
  answer: segmentsPageSchema,
  problems: { 404: 'Nothing is published.' },
  async handle({ tenant, query: { dataset, limit, cursor } }, ports) {
    const from =
      cursor === undefined ? await firstPage(ports, tenant, dataset) : positionOf(tenant, cursor, dataset);
    const { runId, publishedAt, after } = from;
    const all = await ports.segments.segments(tenant, from.dataset, runId);
    const ranked = all.toSorted((a, b) => b.size - a.size || a.segment_id - b.segment_id);
    const end = after + limit;
    const page = ranked.slice(after, end);
    return {
      body: {
        dataset: from.dataset,
        runId,
        publishedAt,
        segments: page.map(({ tenant: _tenant, dataset: _dataset, run_id: _runId, ...segment }) => segment),
        ...(ranked.length > end && {
          cursor: encodeCursor(tenant, LIST, [from.dataset, runId, publishedAt, String(end)]),
        }),
      },
    };
  },
});

async function firstPage(ports: Ports, tenant: string, name?: string) {
  const { dataset, currentRunId, publishedAt } = await publishedDataset(ports, tenant, name);
  return { dataset, runId: currentRunId, publishedAt, after: 0 };
}

function positionOf(tenant: string, cursor: string, name?: string) {
  const [dataset = '', runId = '', publishedAt = '', after] = decodeCursor(tenant, LIST, cursor);
  if (name !== undefined && name !== dataset) {
    throw new InvalidRequestError(
      `Invalid input: the cursor belongs to dataset ${dataset}, the request names ${name}. Name the same dataset on every page.`,
      { reason: 'invalid_cursor' },
    );
  }
  return { dataset, runId, publishedAt, after: Number(after) };
}
